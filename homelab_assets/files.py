"""Files of this tool's own: written whole or not at all, and read although somebody may have damaged them."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from homelab_assets.errors import UserError


def write_whole(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write a file atomically: readers see the old content or the new one, also after a crash or on a full disk.

    A device or a pipe, such as `/dev/null` or `/dev/stdout`, is written to; it is never replaced by a file.

    Args:
        private: only the owner may read it (mode 0600).

    Raises:
        UserError: the file can't be written; the former content is untouched.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    temporary = path.parent / f".{path.name}.{os.urandom(4).hex()}"
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(data)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        # The umask is applied by the kernel: to ask for it is to change it, and other threads write files, too.
        mode = 0o600 if private else 0o666
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        raise UserError(
            f"can't be written: {error.strerror}",
            where=str(path),
            hint="free space or mend the permissions; nothing was lost",
        ) from None


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        ValueError: it is damaged: cut off, no UTF-8, nested absurdly deep.
        OSError: it can't be read.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
