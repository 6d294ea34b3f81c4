"""Packs that come with the program."""

from pathlib import Path

import dianheng


def shipped_folders() -> list[Path]:
    """Their folders, by name."""
    root = Path(dianheng.__file__).parent / "processes"
    return sorted(path.parent for path in root.glob("*/pack.toml"))
