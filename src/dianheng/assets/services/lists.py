"""Lists of devices on their way: large or small, how far, the stored file ready for COPY."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from dianheng.common.files import Head, Prepared, Unreadable, best_table, find_head, prepare
from dianheng.documents.services import file_path

Tell = Callable[[int, int, str], None]
AT_ONCE = 2000  # rows; more are the work of a job
BYTES_AT_ONCE = {"csv": 256 << 10, "xlsx": 96 << 10}  # while the rows are not counted yet
MEDIA_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def nobody(done: int, total: int, text: str = "") -> None:
    """Progress for nobody."""


def list_is_large(kind: str, size: int, rows: int | None) -> bool:
    """Whether checking and taking a list is the work of a job."""
    return rows > AT_ONCE if rows is not None else size > BYTES_AT_ONCE[kind]


@dataclass
class Steps:
    """Progress over the steps of the whole, in per mille."""

    tell: Tell
    at: int = 0

    def part(self, upto: int, text: object) -> Callable[[float], None]:
        """A step that ends at `upto`; the function takes how much of it is done, 0 to 1."""
        start, self.at = self.at, upto
        self.tell(start, 1000, str(text))
        return lambda share: self.tell(
            start + int((upto - start) * min(share, 1.0)), 1000, str(text)
        )


class PreparedList:
    """A stored file, its structure checked, ready for COPY; scratch is removed afterwards.

    Args:
        digest: of the stored file.
        heads: names of its columns when it was received.
        recognise: what a head stands for.
        expected: about how many rows it has.
        tell: gets how much of it is read, 0 to 1.
    """

    def __init__(
        self,
        digest: str,
        heads: Sequence[str],
        recognise: Callable[[str], str],
        expected: int,
        tell: Callable[[float], None],
    ):
        self.digest, self.heads, self.recognise = digest, list(heads), recognise
        self.expected, self.tell = max(1, expected), tell

    def __enter__(self) -> tuple[Prepared, Head]:
        folder = Path(settings.DATA) / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=folder, prefix="list-", suffix=".csv", delete=False
        ) as file:
            self.scratch = Path(file.name)
        try:
            table = best_table(file_path(self.digest), self.recognise)
            head = find_head(table, self.recognise)
            if self.heads != list(head.names):
                raise Unreadable(
                    "broken", _("The file on the disk is not the one that was received.")
                )
            prepared = prepare(
                table, head, self.scratch, lambda rows: self.tell(rows / self.expected)
            )
        except BaseException:
            self.scratch.unlink(missing_ok=True)
            raise
        return prepared, head

    def __exit__(self, *_error: object) -> None:
        self.scratch.unlink(missing_ok=True)
