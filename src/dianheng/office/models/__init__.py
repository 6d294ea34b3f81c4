"""Records of the office."""

from .archives import (
    ArchiveDoor,
    ArchivePiece,
    ArchiveSearch,
    ArchiveSeries,
    ArchiveVolume,
    Fonds,
    PieceFile,
)
from .attachments import ProcessFile

__all__ = [
    "ArchiveDoor",
    "ArchivePiece",
    "ArchiveSearch",
    "ArchiveSeries",
    "ArchiveVolume",
    "Fonds",
    "PieceFile",
    "ProcessFile",
]
