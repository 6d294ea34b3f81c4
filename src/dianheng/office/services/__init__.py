"""Writes of the office."""

from .archives import piece_correct, piece_file, piece_version
from .attachments import files_add
from .destruction import destruction_apply, destruction_carry
from .doors import piece_open, piece_take
from .from_process import process_archive
from .regulations import control_end, control_tie, edition_enter, regulation_enter
from .volumes import fonds_set, volume_check, volume_close, volume_open

__all__ = [
    "control_end",
    "control_tie",
    "destruction_apply",
    "destruction_carry",
    "edition_enter",
    "files_add",
    "fonds_set",
    "piece_correct",
    "piece_file",
    "piece_open",
    "piece_take",
    "piece_version",
    "process_archive",
    "regulation_enter",
    "volume_check",
    "volume_close",
    "volume_open",
]
