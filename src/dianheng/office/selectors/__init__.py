"""Reads of the office."""

from .attachments import file_digests, files_of

__all__ = ["file_digests", "files_of"]
