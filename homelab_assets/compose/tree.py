"""The values of a compose file while they are merged: dicts and lists that remember where each entry was written."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from homelab_assets.compose.problems import at
from homelab_assets.compose.yaml_nodes import Node
from homelab_assets.errors import BaselineError

Action = TypeVar("Action")
Change = Callable[[Any], Any]


class Map(dict[str, Any]):
    """A mapping. `places[key]` is the node that gave `self[key]` its present value; missing for what Compose added."""

    __slots__ = ("places",)

    def __init__(
        self, items: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), places: dict[str, Node] | None = None
    ) -> None:
        super().__init__(items)
        self.places: dict[str, Node] = {} if places is None else places

    def adopt(self, key: str, other: "Map", key_there: str | None = None) -> None:
        """Take an entry and its place from another map."""
        there = key if key_there is None else key_there
        self[key] = other[there]
        if there in other.places:
            self.places[key] = other.places[there]

    def drop(self, key: str) -> None:
        """Remove an entry and its place."""
        del self[key]
        self.places.pop(key, None)


class Seq(list[Any]):
    """A list. `places[i]` is the node that wrote item i, or None for what Compose added."""

    __slots__ = ("places",)

    def __init__(self, items: Iterable[Any] = (), places: Iterable[Node | None] | None = None) -> None:
        super().__init__(items)
        self.places: list[Node | None] = [None] * len(self) if places is None else list(places)

    def add(self, item: Any, place: Node | None) -> None:
        """Append an item with its place."""
        self.append(item)
        self.places.append(place)

    def join(self, other: "Seq") -> "Seq":
        """Return a new list: the items of this one, then those of the other."""
        return Seq([*self, *other], [*self.places, *other.places])


def copy(value: Any) -> Any:
    """Copy containers deeply; scalars and places are shared."""
    if type(value) is Map:
        return Map(
            {key: copy(item) if type(item) in _CONTAINERS else item for key, item in value.items()}, value.places.copy()
        )
    if type(value) is Seq:
        return Seq([copy(item) if type(item) in _CONTAINERS else item for item in value], value.places)
    return value


_CONTAINERS = (Map, Seq)


class Rules(Generic[Action]):
    """Actions for places in the tree: dotted patterns, `*` for any key or list item. A node of a prefix tree.

    Walks follow only the branches that the patterns name, so that a rule for one key costs nothing elsewhere.
    """

    __slots__ = ("action", "any", "keys")

    def __init__(self, patterns: Mapping[str, Action] | None = None) -> None:
        self.action: Action | None = None
        self.keys: dict[str, Rules[Action]] = {}
        self.any: Rules[Action] | None = None
        for pattern, action in (patterns or {}).items():
            self._add(pattern.split("."), action)

    def _add(self, parts: list[str], action: Action) -> None:
        if not parts:
            self.action = action
            return
        if parts[0] == "*":
            self.any = self.any or Rules()
            self.any._add(parts[1:], action)
        else:
            self.keys.setdefault(parts[0], Rules())._add(parts[1:], action)

    def below(self, key: str) -> "Rules[Action] | None":
        """The rules for an entry, None where there are none."""
        return self.keys.get(key) or self.any


def apply(value: Any, rules: Rules[Callable[..., Any]], *owner: Any) -> Any:
    """Replace, in place, every value that a rule names by what its action makes of it.

    An action gets the value and returns the new one; below it the walk goes on where there are further rules.

    Args:
        owner: whose methods the actions are, if they are methods.
    """
    if rules.action is not None:
        value = rules.action(*owner, value)
    if type(value) is Map:
        keys = rules.keys
        for key in list(value) if rules.any is not None else [key for key in value if key in keys]:
            below = keys.get(key) or rules.any
            if below is not None:
                try:
                    value[key] = apply(value[key], below, *owner)
                except BaselineError as error:
                    raise at(error, value.places.get(key)) from None
    elif type(value) is Seq and rules.any is not None:
        for index, item in enumerate(value):
            try:
                value[index] = apply(item, rules.any, *owner)
            except BaselineError as error:
                raise at(error, value.places[index]) from None
    return value
