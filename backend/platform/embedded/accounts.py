"""Which account of the operating system the servers run under: PostgreSQL refuses to run as root."""

import os
import pwd
from pathlib import Path
from typing import NamedTuple

_NOBODY_UNLESS_LISTED = 65534


class Account(NamedTuple):
    """User and group to change to; both None when the servers run as whoever we are."""

    user: int | None
    group: int | None


def account_for(cluster: Path) -> Account:
    """Ourselves; or, when we are root, the owner of the existing `cluster` folder, and `nobody` for a new one."""
    if os.geteuid() != 0:
        return Account(None, None)
    if cluster.exists():
        owner = cluster.stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(_NOBODY_UNLESS_LISTED, _NOBODY_UNLESS_LISTED)
    return Account(nobody.pw_uid, nobody.pw_gid)


def give(path: Path, account: Account) -> None:
    """Makes `account` the owner of `path`; of a link itself, never of what it points to."""
    if account.user is not None and account.group is not None:
        os.chown(path, account.user, account.group, follow_symlinks=False)
