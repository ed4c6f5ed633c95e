"""How this room says that a compose file is wrong: `BaselineError` with the place where it is written."""

from typing import NoReturn, Protocol

from homelab_assets.errors import BaselineError, Needs


class Place(Protocol):
    """Something written in a file: a YAML node, or anything else that knows its file and line."""

    @property
    def file(self) -> str: ...

    @property
    def line(self) -> int: ...


def refuse(what: str, place: Place | None = None, *, hint: str | None = None, needs: Needs | None = None) -> NoReturn:
    """Raise a `BaselineError`; without a place the nearest container that has one adds it (`at`)."""
    raise BaselineError(what, where=_where(place), hint=hint, needs=needs)


def at(error: BaselineError, place: Place | None) -> BaselineError:
    """Return the error with a place, unless it has one already."""
    if error.where is not None or place is None:
        return error
    return BaselineError(error.what, where=_where(place), hint=error.hint, needs=error.needs)


def _where(place: Place | None) -> str | None:
    return None if place is None else f"{place.file}:{place.line}"
