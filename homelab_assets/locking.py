"""One writer at a time: a lock that the kernel releases, also when its holder is killed."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from homelab_assets.errors import UserError


@contextmanager
def exclusive(file: Path, *, doing: str, wait: float = 60.0) -> Iterator[None]:
    """Hold the lock `file` while the body runs; waits for another holder.

    Args:
        doing: what the body does, for the message that others see.
        wait: seconds to wait at most.

    Raises:
        UserError: another process holds it for longer, or the file can't be opened.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UserError(
            f"can't be locked: {error.strerror}", where=str(file), hint="free space or make the folder writable"
        ) from None
    try:
        _acquire(descriptor, file, time.monotonic() + wait)
        # Words for those who wait; on a full disk there are none, and the lock holds all the same.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{doing} (process {os.getpid()})".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, file: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace") or "another process"
                raise UserError(
                    f"is held by another run: {holder}", where=str(file), hint="wait until it has ended, then try again"
                ) from None
            time.sleep(0.05)
