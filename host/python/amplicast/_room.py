"""The folder in which arrays lie while the program reads them."""

from __future__ import annotations

import os
from typing import IO, Optional

#: A folder in memory, if the system has one.
MEMORY = "/dev/shm"
#: Bytes that are left free there.
MARGIN = 256 << 20
PREFIX = "amplicast-"
LOCK = "lock"


class Room:
    """A temporary folder, in memory if there is room for so many bytes; gone at the end of the ``with`` block.

    What a process left that was killed is removed by the next one: a folder in use is locked.
    """

    def __init__(self, needed: int) -> None:
        import tempfile

        parent = MEMORY if _free(MEMORY) > needed + MARGIN else tempfile.gettempdir()
        for entry in os.listdir(parent):
            if entry.startswith(PREFIX):
                _remove_if_left(os.path.join(parent, entry))
        self.path = tempfile.mkdtemp(prefix=PREFIX, dir=parent)
        self._lock: Optional[IO[bytes]] = open(os.path.join(self.path, LOCK), "wb")
        _locked(self._lock)

    def __enter__(self) -> "Room":
        return self

    def __exit__(self, *_: object) -> None:
        import shutil

        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def file(self, name: str) -> str:
        """The path of a file in it."""
        return os.path.join(self.path, name)


def _free(folder: str) -> int:
    try:
        found = os.statvfs(folder)
        return found.f_bavail * found.f_frsize if os.access(folder, os.W_OK | os.X_OK) else -1
    except OSError:
        return -1


def _locked(file: "IO[bytes]") -> bool:
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False


def _remove_if_left(folder: str) -> None:
    """Removes a folder of this user whose process is gone."""
    import shutil

    try:
        if os.lstat(folder).st_uid != os.getuid():
            return
        with open(os.path.join(folder, LOCK), "rb") as lock:
            if _locked(lock):
                shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        # No lock: it is being made, or is none of these folders.
        return
