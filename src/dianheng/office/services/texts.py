"""What pieces of the archive are found by: their entries and the text of their files."""

from pathlib import Path
from time import monotonic

from dianheng.documents.services import file_path

from ..models import ArchivePiece, ArchiveSearch
from ..reading import SECONDS, Unreadable, text_in_file
from ..rules import pairs_of, searchable
from ..selectors import current_files

ALL_SECONDS = 40.0  # for the text of all files of one request
MARK_WITHIN = 400  # signs from the top of a paper, where its secrecy mark stands
LONGEST = 1_000_000  # signs by which one piece is found


class Texts:
    """Texts of files, within the time of one request."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.unread: list[str] = []
        self.ends_at = monotonic() + ALL_SECONDS

    @property
    def heads(self) -> list[str]:
        """The top of each paper."""
        return [searchable(text[:MARK_WITHIN]) for text in self.found]

    def take(self, name: str, path: Path, media_type: str) -> None:
        """Read a file; one whose text cannot be had is named."""
        seconds = min(float(SECONDS), self.ends_at - monotonic())
        try:
            if seconds <= 0:
                raise Unreadable
            self.found.append(text_in_file(path, media_type, seconds))
        except Unreadable:
            self.unread.append(name)


def texts_of(piece: ArchivePiece) -> Texts:
    """Texts of the newest files of a piece."""
    texts = Texts()
    for one in current_files(piece):
        texts.take(one.name, file_path(one.file.digest), one.media_type)
    return texts


def index_renew(piece: ArchivePiece, words: str, texts: Texts) -> None:
    """Make anew what a piece is found by."""
    text = "\n".join(searchable(each) for each in (*words.splitlines(), *texts.found))[:LONGEST]
    row = {"text": text, "pairs": pairs_of(text), "unread": texts.unread}
    ArchiveSearch.objects.update_or_create(piece=piece, defaults=row)
