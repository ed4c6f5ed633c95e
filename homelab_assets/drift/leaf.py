"""The vocabulary of the field table: leaves, rows, and how two leaves are told apart.

A *leaf* is the smallest thing that a person would change in a compose file: one variable, one port, one limit. A row
of the table says how the service in git and the inspect document yield the same leaves; `differences` does the rest.
"""

from collections.abc import Callable, Container, Mapping
from typing import Any, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import force_setattr

from homelab_assets.drift.document import Change
from homelab_assets.drift.view import Declared, Observed

Kind = Literal["scalar", "keyed", "set", "ordered"]
Seal = Literal["name", "arguments", "reference", "text"]


class Leaf(Struct, frozen=True):
    """One value: as it is compared, and as a person would write it in a compose file (None: the same).

    A value that is an `Uncompared` says that nothing can be known here.
    """

    value: Any
    written: Any = None

    @property
    def shown(self) -> Any:
        """The value as it would stand in a compose file."""
        return self.value if self.written is None else self.written


class Uncompared(NamedTuple):
    """Why a leaf can't be compared."""

    reason: str


class Anything:
    """Accepts every value: what image, engine or Compose contribute isn't known here or doesn't matter."""

    def __contains__(self, value: object) -> bool:
        return True


ANYTHING = Anything()
UNKNOWN = Anything()
"""As `ANYTHING` where git says nothing; where it does, another value is as likely set by hand."""

Leaves = Mapping[str, Leaf]
Given = Mapping[str, Any]
"""Path → container of the values that image, engine or Compose put there without git's doing."""

_NOTHING: dict[str, Any] = {}


def equal(expected: Any, observed: Any) -> bool:
    """The plainest comparison."""
    return bool(expected == observed)


class Row(Struct, frozen=True, kw_only=True):
    """One compose key.

    Attributes:
        key: as compose spells it; `paths` of its leaves start with it unless a service declares it elsewhere.
        kind: how values are compared. where: the field of the inspect document (for people).
        expected, observed: the leaves of the service in git, and of the container.
        given: values which image, engine or Compose contribute where git says nothing.
        nothing: values that mean the same as an absent key, if the image has no value of its own.
        explicit_default: the default is a value that a person would write: losing the declared one is a change.
        same: compares two values. live: can be changed without a new container. seal: how secrets are sealed in it.
        image, engine: what they contribute (for people). With an `image`, `given` is asked of values in `nothing`, too.
        daemon: the daemon has configurable defaults of its own, see `Habits`.
        forms: text forms of an observed value, to find the variables in git's value; the first is the usual one.
        keys: of the service, that `expected` looks at: without any of them git says nothing. By default its own.
        implied: git says something even without any key (the default network).
        still: fields of the inspect document that alone decide, where git says nothing, whether there is a difference,
            but for the habits of the daemon if it has some; None where more than fields of the container takes part.
        inherited: fields of `Config`; where git says nothing, and a container has them as its image has them, there is
            no difference.
        sight: what of the container tells the variables in git's value, where that is not what is compared.
        at_once: a first look, where there is a quick one: the number of leaves if all agree word for word, else None.
        shared: it tells of a network or volume as a whole, whichever container has it.
        beyond: what a hand did to a living container that git has no words for; None where it has.
    """

    key: str
    kind: Kind
    where: str
    expected: Callable[[Declared], Leaves]
    observed: Callable[[Observed, Declared], Leaves]
    given: Callable[[Observed, Declared], Given] = lambda observed, declared: _NOTHING
    nothing: Any = ()
    explicit_default: bool = False
    same: Callable[[Any, Any], bool] = equal
    live: bool = False
    seal: Seal = "text"
    image: str = ""
    engine: str = ""
    daemon: bool = False
    forms: Callable[[Leaf], tuple[str, ...]] | None = None
    keys: tuple[str, ...] = ()
    implied: bool = False
    still: tuple[str, ...] | None = None
    inherited: tuple[str, ...] = ()
    sight: Callable[[Observed, Declared], Leaves] | None = None
    at_once: Callable[[Observed, Declared], int | None] | None = None
    shared: bool = False
    beyond: Callable[["Difference", Observed], str | None] = lambda difference, container: None

    def __post_init__(self) -> None:
        if not self.keys:
            force_setattr(self, "keys", (self.key.partition(".")[0],))

    def speaks(self, declared: Container[str]) -> bool:
        """Whether git says something, by the keys that a service has."""
        return self.implied or any(key in declared for key in self.keys)


class Difference(Struct, frozen=True):
    """Git and the container disagree on one leaf."""

    row: Row
    path: str
    change: Change
    expected: Leaf | None
    observed: Leaf | None
    from_given: bool = False


class Silence(Struct, frozen=True):
    """One leaf that could not be compared."""

    path: str
    reason: str


Compare = Callable[[Row, str, Leaf, Leaf], bool | None]
"""(row, path, expected, observed) → the same, different, or None: can't be known."""


def plain_compare(row: Row, path: str, expected: Leaf, observed: Leaf) -> bool | None:
    """Compare without secrets or open variables in play."""
    return row.same(expected.value, observed.value)


Told = Difference | Silence


def differences(
    row: Row,
    wanted: Leaves,
    found: Leaves,
    given: Callable[[], Given],
    compare: Compare = plain_compare,
) -> tuple[int, list[Told]]:
    """Compare the leaves of one row.

    Args:
        given: asked only if it matters.

    Returns:
        How many leaves agree, and what is to be told of the others.
    """
    told: list[Told] = []
    known: Given | None = None
    plainly = row.same is equal
    for path, expected in wanted.items():
        observed = found.get(path)
        if (
            plainly
            and observed is not None
            and observed.value == expected.value
            and type(expected.value) is not Uncompared
        ):
            continue
        known = given() if known is None else known
        if verdict := _declared(row, path, expected, observed, known, compare):
            told.append(verdict)
    for path, observed in found.items():
        if path in wanted or (not row.image and is_among(observed.value, row.nothing)):
            continue
        known = given() if known is None else known
        if verdict := _undeclared(row, path, observed, known):
            told.append(verdict)
    return len(wanted.keys() | found.keys()) - len(told), told


def _declared(
    row: Row, path: str, expected: Leaf, observed: Leaf | None, given: Given, compare: Compare
) -> Told | None:
    for leaf in (expected, observed):
        if leaf is not None and isinstance(leaf.value, Uncompared):
            return Silence(path, leaf.value.reason)
    if observed is None:
        return None if is_among(expected.value, row.nothing) else Difference(row, path, "removed", expected, None)
    same = compare(row, path, expected, observed)
    if same is None:
        return Silence(path, "part of it is a secret, or a variable, that can't be known here")
    if same or (is_among(expected.value, row.nothing) and is_among(observed.value, row.nothing)):
        return None
    others = given.get(path, ())
    lost = is_among(observed.value, row.nothing) or (others is not UNKNOWN and is_among(observed.value, others))
    if lost and not (row.explicit_default and observed.value):
        return Difference(row, path, "removed", expected, observed, True)
    return Difference(row, path, "changed", expected, observed)


def _undeclared(row: Row, path: str, observed: Leaf, given: Given) -> Told | None:
    if isinstance(observed.value, Uncompared):
        return Silence(path, observed.value.reason)
    others = given.get(path, ())
    # What means the same as an absent key is a change where the image has another value for that.
    if is_among(observed.value, others) or (not others and is_among(observed.value, row.nothing)):
        return None
    return Difference(row, path, "added", None, observed)


def is_among(value: Any, values: Any) -> bool:
    """Membership that tells True from 1 and never hashes."""
    if values is ANYTHING or values is UNKNOWN:
        return True
    for other in values:  # noqa: SIM110 - asked for every leaf of a fleet: any() takes twice as long
        if value == other and isinstance(value, bool) == isinstance(other, bool):
            return True
    return False
