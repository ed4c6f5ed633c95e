"""The building blocks of `shapes`: a section with its attributes, lists and named entries of equal things."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from homelab_assets.compose.problems import at, refuse
from homelab_assets.compose.tree import Map, Seq
from homelab_assets.compose.values import OMIT, Decode
from homelab_assets.errors import BaselineError


class Section:
    """A section: attributes in order. `always`: attributes that are printed when they are missing, with their value.

    As a decoder it turns a tree into a plain dict.
    """

    __slots__ = ("_position", "always", "attributes", "in_order")

    def __init__(self, attributes: dict[str, Decode], always: dict[str, Callable[[], Any]] | None = None) -> None:
        self.attributes = attributes
        self.always = always or {}
        self._position = {name: position for position, name in enumerate(attributes)}.__getitem__
        self.in_order = lru_cache(maxsize=1024)(self._in_order)

    def _in_order(self, names: frozenset[str]) -> tuple[str, ...]:
        """Those of these names that are attributes, in the order in which they are printed."""
        return tuple(sorted(names & self.attributes.keys(), key=self._position))

    def __call__(self, value: Any) -> Any:
        if type(value) is not Map:
            refuse("must be a mapping")
        result: dict[str, Any] = {}
        always, attributes = self.always, self.attributes
        # Of some ninety attributes that a service can have it has ten, and other services have the same.
        for name in self.in_order(frozenset((*value, *always))):
            item = value.get(name)
            if item is not None:
                try:
                    decoded = attributes[name](item)
                except BaselineError as error:
                    raise at(error.reworded(f"{name}: {error.what}"), value.places.get(name)) from None
                if decoded is not OMIT:
                    result[name] = decoded
                    continue
            if name in always:
                result[name] = always[name]()
        return result


class Items:
    """A list of equal things, omitted when empty."""

    __slots__ = ("item",)

    def __init__(self, item: Decode) -> None:
        self.item = item

    def __call__(self, value: Any) -> Any:
        if type(value) is not Seq:
            refuse("must be a list")
        result = []
        for each, place in zip(value, value.places, strict=True):
            try:
                result.append(self.item(each))
            except BaselineError as error:
                raise at(error, place) from None
        return result or OMIT


class Entries:
    """A mapping of names to equal things, sorted by name. `nullable`: null stays null."""

    __slots__ = ("item", "nullable")

    def __init__(self, item: Decode, *, nullable: bool = False) -> None:
        self.item = item
        self.nullable = nullable

    def __call__(self, value: Any) -> Any:
        result = {}
        for name in sorted(value):
            each = value[name]
            try:
                result[name] = None if each is None and self.nullable else self.item(Map() if each is None else each)
            except BaselineError as error:
                raise at(error.reworded(f"{name}: {error.what}"), value.places.get(name)) from None
        return result or OMIT
