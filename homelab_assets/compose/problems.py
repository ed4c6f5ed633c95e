"""How this room says that a compose file is wrong: `BaselineError` with the place where it is written."""

import json
from typing import Any, NoReturn, Protocol

from msgspec import Struct

from homelab_assets.errors import BaselineError, Needs
from homelab_assets.model import Span


class Place(Protocol):
    """Something written in a file: a YAML node, or anything else that knows its file and line."""

    @property
    def file(self) -> str: ...

    @property
    def line(self) -> int: ...


class Line(Struct, frozen=True):
    """A line of a file as a place; the first one where the whole file is meant."""

    file: str
    line: int = 1

    def span(self) -> Span:
        """The place as a span; it names the line only."""
        return Span(file=self.file, line=self.line, column=1, start=0, end=0)


def refuse(what: str, place: Place | None = None, *, hint: str | None = None, needs: Needs | None = None) -> NoReturn:
    """Raise a `BaselineError`; without a place the nearest container that has one adds it (`at`)."""
    raise BaselineError(what, where=_where(place), hint=hint, needs=needs)


def refuse_item(item: Any, place: Place | None = None) -> NoReturn:
    """Refuse what should be a text in a list. Of `- PASSWORD: value`, which people write, the value is not told."""
    if isinstance(item, dict | list):
        refuse("an item must be a string, not a mapping or a list", place, hint="write NAME=value, or no dashes")
    refuse(f"{json.dumps(item, default=str)} must be a string", place)


def at(error: BaselineError, place: Place | None) -> BaselineError:
    """Return the error with a place, unless it has one already."""
    if error.where is not None or place is None:
        return error
    return error.reworded(error.what, where=_where(place))


def _where(place: Place | None) -> str | None:
    return None if place is None else f"{place.file}:{place.line}"
