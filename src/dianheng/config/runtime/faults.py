"""Faults a person can mend. Every text says what is wrong and what to do now.

Fault
├── AlreadyRuns       another process holds the data folder
├── FolderFault       the data folder cannot be used
├── PostgresFault     the private PostgreSQL does not start
├── DatabaseFault     a served database does not fit
└── PortTaken
"""


class Fault(Exception):  # noqa: N818  (a fault of the place, not an error of the program)
    """Shown as it is, without a traceback."""


class AlreadyRuns(Fault):
    """`pid` and `role` ("serve" or the command's name) of the process that holds the lock."""

    def __init__(self, text: str, pid: int, role: str):
        super().__init__(text)
        self.pid = pid
        self.role = role


class FolderFault(Fault):
    pass


class PostgresFault(Fault):
    pass


class DatabaseFault(Fault):
    pass


class PortTaken(Fault):
    pass
