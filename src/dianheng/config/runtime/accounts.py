"""PostgreSQL refuses to run as root. Then it runs as a system user that is already there."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .faults import PostgresFault
from .words import _


@dataclass(frozen=True)
class Account:
    """Who PostgreSQL runs as; `switch` is what subprocess needs to become that user."""

    name: str
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        return self.uid != os.geteuid()

    @property
    def switch(self) -> dict[str, Any]:
        if not self.is_other:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def take(self, path: Path) -> None:
        """Give a file that we just made to the account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Whether the account may pass every folder on the way; the kernel is asked."""
        if not self.is_other:
            return os.access(folder, os.X_OK)
        probe = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]
        return not subprocess.run(
            probe, cwd="/", stderr=subprocess.DEVNULL, check=False, **self.switch
        ).returncode


def account_for(cluster: Path) -> Account:
    """The user for a cluster: its owner, ourselves, or, as root, `postgres` or `nobody`."""
    me = os.geteuid()
    if (cluster / "PG_VERSION").exists() or cluster.exists():
        owner = cluster.stat().st_uid
        if owner != me and me != 0:
            raise PostgresFault(
                _("The database in {folder} belongs to {owner}. Start as that user.").format(
                    folder=cluster, owner=user_name(owner)
                )
            )
        if owner != 0:
            return account(owner)
    if me != 0:
        return account(me)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise PostgresFault(
        _(
            "PostgreSQL does not run as root, and this machine has neither a user postgres nor "
            "nobody. Start Dianheng as an ordinary user."
        )
    )


def account(uid: int) -> Account:
    try:
        return Account(user_name(uid), uid, pwd.getpwuid(uid).pw_gid)
    except KeyError:  # a container's user without a name
        return Account(str(uid), uid, os.getegid())


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
