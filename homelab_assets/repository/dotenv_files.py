"""Names and values of `.env` files on git's side."""

import io
from collections.abc import Mapping

from dotenv import dotenv_values

from homelab_assets.errors import BaselineError
from homelab_assets.model import FileTree


def read_variables(file: str, data: bytes, known: Mapping[str, str]) -> dict[str, str]:
    """Read the variables of an env file. `known` are those of earlier files, which it may refer to.

    Raises:
        BaselineError: the file is no text.
    """
    return {
        name: value
        for name, value in dotenv_values(stream=io.StringIO(_text(file, data)), interpolate=False).items()
        if value is not None
    }


def names_of(tree: FileTree, sample: str | None) -> tuple[str, ...]:
    """Return the names of the variables in a `.env.sample`, in its order. Its values are placeholders: never read."""
    data = tree.read(sample) if sample else None
    if data is None or sample is None:
        return ()
    return tuple(dotenv_values(stream=io.StringIO(_text(sample, data)), interpolate=False))


def _text(file: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BaselineError("is not UTF-8 text", where=f"{file}:{line}", hint="save it as UTF-8") from None
