"""Writes of the office."""

from .attachments import files_add

__all__ = ["files_add"]
