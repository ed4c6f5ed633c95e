"""A small schema language: checks that say what is wrong and at which path.

A check is a function of a value; it raises `Violation`. Alternatives are told apart by type, as all alternatives of the
Compose specification can be.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from homelab_assets.compose.interpolation import OPEN
from homelab_assets.compose.scalars import go_text
from homelab_assets.compose.tree import Map, Seq
from homelab_assets.late import late

Check = Callable[[Any], None]
_INTEGER = late(r"[-+]?[0-9]{1,20}")
_FEW = 20  # items; of longer lists Compose compares those with the same hash, and a text has another than its number

_KINDS: dict[type, str] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
    Map: "mapping",
    Seq: "list",
}


class Violation(Exception):
    """A value that the schema does not allow; `path` grows while it travels up. `key`: the entry that is wrong."""

    def __init__(self, what: str, key: str | None = None) -> None:
        self.what = what
        self.key = key
        self.path: list[str | int] = []
        super().__init__(what)


def one_of(*checks: tuple[str, Check]) -> Check:
    """Choose a check by the type of the value."""
    by_type: dict[type, Check] = {}
    for kind, check in checks:
        for python_type, name in _KINDS.items():
            if name == kind:
                by_type[python_type] = check
    wanted = " or ".join(kind for kind, _ in checks)

    def run(value: Any) -> None:
        check = by_type.get(type(value))
        if check is None:
            raise Violation(f"must be a {wanted}, not a {_KINDS.get(type(value), 'timestamp')}")
        check(value)

    return run


def kinds(*names: str) -> Check:
    """Allow values by type alone: string, number, integer, boolean, null."""
    allowed = {python_type for python_type, name in _KINDS.items() if name in names}
    integer = "integer" in names
    if integer:
        allowed.add(int)
    wanted = " or ".join(names)

    def run(value: Any) -> None:
        if type(value) not in allowed and not (integer and type(value) is float and value.is_integer()):
            raise Violation(f"must be a {wanted}, not a {_KINDS.get(type(value), 'timestamp')}")

    return run


def anything(value: Any) -> None:
    """Allow every JSON value (a timestamp is none)."""
    if type(value) not in _KINDS:
        raise Violation("must not be a timestamp")


def within(low: int, high: int | None = None) -> Check:
    """An integer in a range."""
    is_integer = kinds("integer")

    def run(value: Any) -> None:
        is_integer(value)
        if value < low:
            raise Violation(f"must be greater than or equal to {low}")
        if high is not None and value > high:
            raise Violation(f"must be less than or equal to {high}")

    return run


def text(*, among: Iterable[str] = (), matching: str | None = None) -> Check:
    """A string out of a set, or one that contains a match of a pattern. A marker fits everywhere."""
    allowed = frozenset(among)
    pattern = re.compile(matching) if matching else None
    is_string = kinds("string")

    def run(value: Any) -> None:
        is_string(value)
        if OPEN in value:
            return
        if allowed and value not in allowed:
            raise Violation(f"must be one of {', '.join(sorted(allowed))}, not {value!r}")
        if pattern is not None and not pattern.search(value):
            raise Violation(f"{value!r} does not match {matching}")

    return run


def array(item: Check, *, unique: bool = False) -> Check:
    """A list of items; `unique`: none twice."""

    def run(value: Any) -> None:
        if type(value) is not Seq:
            raise Violation(f"must be a list, not a {_KINDS.get(type(value), 'timestamp')}")
        for index, each in enumerate(value):
            try:
                item(each)
            except Violation as violation:
                violation.path.append(index)
                raise
        if unique:
            _check_unique(value)

    return run


def _check_unique(value: Seq) -> None:
    known: dict[Any, list[int]] = {}
    for index, each in enumerate(value):
        alike = known.setdefault(_identity(each, len(value) <= _FEW), [])
        for other in alike:
            if _equal(each, value[other]):
                raise Violation(f"items {other} and {index} are equal: {go_text(each)}")
        alike.append(index)


def _equal(later: Any, earlier: Any) -> bool:
    """Compare as Compose's validator does: a number equals the text of it that stands before, not one that follows."""
    kinds = _KINDS.get(type(later)), _KINDS.get(type(earlier))
    if kinds == ("number", "string"):
        return bool(later == _identity(earlier, True))
    if kinds[0] != kinds[1]:
        return False
    if type(later) is Map:
        return later.keys() == earlier.keys() and all(_equal(item, earlier[key]) for key, item in later.items())
    if type(later) is Seq:
        return len(later) == len(earlier) and all(map(_equal, later, earlier))
    return bool(later == earlier)


def _identity(value: Any, as_number: bool) -> Any:
    """What equal values have in common. `as_number`: a text of digits may equal a number."""
    if type(value) is Map:
        return frozenset((key, _identity(item, as_number)) for key, item in value.items())
    if type(value) is Seq:
        return tuple(_identity(item, as_number) for item in value)
    return int(value) if as_number and type(value) is str and _INTEGER.fullmatch(value) else value


def mapping(
    keys: Mapping[str, Check] | None = None,
    *,
    required: Iterable[str] = (),
    others: Check | None = None,
    pattern: str | None = None,
    extensions: bool = False,
    open_: bool = False,
) -> Check:
    """A mapping.

    Args:
        keys: checks of known keys. required: keys that must be there.
        others: check of further keys, all of them or those that match `pattern` entirely, as a marker may.
        extensions: allow `x-` keys. open_: allow keys that nothing above covers.
    """
    known = dict(keys or {})
    needed = tuple(required)
    fits = re.compile(pattern).fullmatch if pattern else None

    def run(value: Any) -> None:
        if type(value) is not Map:
            raise Violation(f"must be a mapping, not a {_KINDS.get(type(value), 'timestamp')}")
        for key, item in value.items():
            check = known.get(key)
            if check is None:
                if others is not None and (fits is None or OPEN in key or fits(key)):
                    check = others
                elif open_ or (extensions and key.startswith("x-")):
                    continue
                else:
                    raise Violation(f"additional properties {key!r} not allowed", key)
            try:
                check(item)
            except Violation as violation:
                violation.path.append(key)
                raise
        for key in needed:
            if key not in value:
                raise Violation(f"missing property {key!r}")

    return run
