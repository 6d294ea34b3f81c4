"""Records of the office."""

from .archives import (
    ArchiveCount,
    ArchiveDoor,
    ArchivePiece,
    ArchiveSearch,
    ArchiveSeries,
    ArchiveVolume,
    Fonds,
    PieceFile,
)
from .attachments import ProcessFile
from .regulations import Clause, ClauseControl, Regulation, RegulationEdition

__all__ = [
    "ArchiveCount",
    "ArchiveDoor",
    "ArchivePiece",
    "ArchiveSearch",
    "ArchiveSeries",
    "ArchiveVolume",
    "Clause",
    "ClauseControl",
    "Fonds",
    "PieceFile",
    "ProcessFile",
    "Regulation",
    "RegulationEdition",
]
