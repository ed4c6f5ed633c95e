"""The installation's fingerprint key: a file of 32 random bytes that only the owner can read."""

import os
from contextlib import suppress
from pathlib import Path

from homelab_assets.errors import ConfigurationError

_NAME = "fingerprint.key"
_LENGTH = 32


def load_key(state: Path, *, create: bool = True) -> bytes:
    """Return the key in `state`, made on first use.

    Args:
        create: False leaves the disk alone; without a file the key is then good for this process only.

    Raises:
        ConfigurationError: the file is unreadable or is no key.
    """
    file = state / _NAME
    with suppress(FileNotFoundError):
        return _read(file)
    key = os.urandom(_LENGTH)
    if not create:
        return key
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Linked into place whole: of two first runs at once one wins, and both use its key.
        temporary = state / f".{_NAME}.{os.urandom(4).hex()}"
        try:
            temporary.touch(mode=0o600)
            temporary.write_bytes(key)
            with suppress(FileExistsError):
                os.link(temporary, file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the fingerprint key can't be written: {error.strerror}",
            where=str(file),
            hint="free space or make the folder writable, or set HOMELAB_STATE to one that is",
        ) from None
    return _read(file)


def _read(file: Path) -> bytes:
    try:
        key = file.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigurationError(f"can't be read: {error.strerror}", where=str(file)) from None
    if len(key) != _LENGTH:
        raise ConfigurationError(
            "is not a fingerprint key",
            where=str(file),
            hint="delete it: a new one is made, and recorded captures must be recorded again",
        )
    return key
