"""Reads of the office."""

from .archives import (
    current_files,
    earlier_files,
    fonds_of,
    may_read,
    not_secret_for,
    piece_by_number,
    piece_of_process,
    pieces_seen,
    running_out,
    search_pieces,
    volume_by_number,
    volumes_seen,
)
from .attachments import file_digests, files_of
from .regulations import (
    clauses_with_controls,
    controls_to_settle,
    edition_changes,
    edition_on,
    regulation_by_slug,
)

__all__ = [
    "clauses_with_controls",
    "controls_to_settle",
    "current_files",
    "earlier_files",
    "edition_changes",
    "edition_on",
    "file_digests",
    "files_of",
    "fonds_of",
    "may_read",
    "not_secret_for",
    "piece_by_number",
    "piece_of_process",
    "pieces_seen",
    "regulation_by_slug",
    "running_out",
    "search_pieces",
    "volume_by_number",
    "volumes_seen",
]
