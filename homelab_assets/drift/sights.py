"""Git's texts with variables in them, each with the ways to write what runs in its place."""

from collections.abc import Iterator, Sequence
from itertools import combinations, islice
from typing import Any

from msgspec import Struct

from homelab_assets.compose.interpolation import MARKER
from homelab_assets.compose.shellwords import Words
from homelab_assets.drift.leaf import Given, Leaf, Leaves, Row, Uncompared, is_among
from homelab_assets.drift.project_view import may_be
from homelab_assets.drift.rows.ports import is_range, is_single, runs
from homelab_assets.drift.rows.shapes import has_marker
from homelab_assets.drift.view import clean
from homelab_assets.late import late

KEY_END = "\0"
"""Stands between a key with a variable and its value."""

_MOST_WAYS = 50
_WORD = late(rf" (?={MARKER.pattern}(?: |$))")


class Sight(Struct, frozen=True, kw_only=True):
    """The leaves of one row on one container: git's, with markers, and the running ones.

    Attributes:
        given: values that would be there if git said nothing.
        directory: the project's folder on the host.
        created: orders containers: the later one is the odd one out where two disagree.
    """

    service: str
    created: str
    row: Row
    wanted: Leaves
    found: Leaves
    given: Given
    directory: str = "/"


def pairs_of(sight: Sight) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Git's texts with markers, each with the ways to write its running value."""
    for template, texts in _pairs_of(sight):
        # Where nothing tells what runs, a row may take git's own word for it: that says nothing of a variable.
        if told := tuple(text for text in texts if not has_marker(text)):
            yield template, told


def _pairs_of(sight: Sight) -> Iterator[tuple[str, tuple[str, ...]]]:
    row, found = sight.row, sight.found
    rest = _unclaimed(sight) if any(map(has_marker, sight.wanted)) else {}
    for path, leaf in sight.wanted.items():
        if isinstance(leaf.value, Uncompared):
            continue
        if has_marker(path):
            emptied = next((text for other in rest for text in _emptied(path, other)), None)
            yield from [(path, (emptied,))] if emptied else at_open_path(row, path, leaf, rest)
        elif has_marker(leaf) and not (row.seal == "arguments" and other_words(leaf, found.get(path))):
            for template, texts in texts_of(row, leaf, found.get(path)):
                yield template, ("", *texts) if _may_be_empty(sight, path) else texts


def _unclaimed(sight: Sight) -> Leaves:
    """Running leaves that git has none of the same path for: rather those that are there by git's doing, what the image
    declares needs no variable to explain it."""
    rest = {path: leaf for path, leaf in sight.found.items() if path not in sight.wanted}
    return {path: leaf for path, leaf in rest.items() if not is_among(leaf.value, sight.given.get(path, ()))} or rest


def _may_be_empty(sight: Sight, path: str) -> bool:
    """Whether the running value would be the same if git's came to nothing, which means the key is absent."""
    row, wanted, found = sight.row, sight.wanted[path].value, sight.found.get(path)
    # An empty entrypoint is none at all, an empty command the image's.
    whole = row.kind == "scalar" or (row.key == "command" and isinstance(wanted, tuple) and len(wanted) == 1)
    return whole and found is not None and is_among(found.value, sight.given.get(path, ()))


def other_words(wanted: Leaf, found: Leaf | None) -> bool:
    """Whether a command differs in words that no variable is part of: such a one tells nothing about variables."""
    if found is None or not isinstance(wanted.value, tuple) or not isinstance(found.value, tuple):
        return False
    if len(wanted.value) != len(found.value):
        return not isinstance(wanted.written, Words)
    return any(
        isinstance(word, str) and isinstance(other, str) and word != other
        and not has_marker(word) and "<secret#" not in word + other
        for word, other in zip(wanted.value, found.value, strict=True)
    )  # fmt: skip


def texts_of(row: Row, wanted: Leaf, found: Leaf | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Git's texts with markers in one leaf, each with the ways to write the running value."""
    if found is None:
        # A container's variable without a value is there all the same.
        if row.nothing and isinstance(wanted.shown, str) and row.key != "environment":
            yield wanted.shown, _absent_forms(row)
        elif row.seal == "arguments" and isinstance(wanted.value, tuple):
            yield _WORD.sub("", " ".join(wanted.value)), ("",)
        return
    if isinstance(found.value, Uncompared):
        return
    shown = wanted.shown
    if row.seal == "arguments" and isinstance(wanted.value, tuple) and len(wanted.value) != len(found.value):
        # An empty variable leaves no word behind.
        if without := _without_empty(wanted.value, found.value):
            kept, left_out = without
            yield " ".join(kept), _forms(row, found)
            yield from ((word, ("",)) for word in left_out)
            return
        blank = "" if len(found.value) < len(wanted.value) else " "
        yield _WORD.sub(blank, " ".join(wanted.value)), _forms(row, found)
    elif row.forms and isinstance(shown, str) and has_marker(shown):
        own = (found.value,) if isinstance(found.value, str) else ()
        yield shown, tuple(dict.fromkeys((*own, *_forms(row, found))))
    else:
        pairs = list(_walk(row, wanted.value, found.value, found))
        if not pairs and isinstance(shown, str) and has_marker(shown):
            pairs = [(shown, _forms(row, found))]
        yield from pairs


def _without_empty(wanted: Sequence[str], found: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Git's words that run, and as many as it has more, each but a variable: rather the last ones."""
    open_words = [index for index, word in enumerate(wanted) if MARKER.fullmatch(word)]
    more = len(wanted) - len(found)
    for left_out in islice(combinations(reversed(open_words), more), _MOST_WAYS) if more > 0 else ():
        kept = [word for index, word in enumerate(wanted) if index not in left_out]
        if all(
            word == other or "<secret#" in word + other or may_be(word, other)
            for word, other in zip(kept, found, strict=True)
        ):
            return kept, [wanted[index] for index in sorted(left_out)]
    return None


def _absent_forms(row: Row) -> tuple[str, ...]:
    """The ways to write that a key is absent: nothing, or its default. A number can't be nothing."""
    defaults = [value[0] if isinstance(value, tuple) and value else value for value in row.nothing]
    numbers = [f"{value:g}" for value in defaults if type(value) in (int, float)]
    return (*numbers, "", *(_plain(value) for value in defaults))


def _walk(row: Row, wanted: Any, found: Any, leaf: Leaf) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Texts with markers inside two values of the same structure."""
    if isinstance(wanted, str):
        if has_marker(wanted):
            own = (found, *_emptied(wanted, found)) if isinstance(found, str) else ()
            forms = _forms(row, leaf) if found is leaf.value else () if own else (_plain(found),)
            yield wanted, tuple(dict.fromkeys((*own, *forms)))
    elif isinstance(wanted, tuple) and isinstance(found, tuple) and len(wanted) == len(found):
        for one, other in zip(wanted, found, strict=True):
            yield from _walk(row, one, other, leaf)
    elif isinstance(wanted, frozenset) and isinstance(found, frozenset):
        open_ones = [one for one in wanted if has_marker(one)]
        closed = {one for one in wanted if not has_marker(one)}
        others = [other for other in found if other not in closed]
        if len(open_ones) == len(others) == 1:
            yield from _walk(row, open_ones[0], others[0], leaf)


def _emptied(template: str, path: str) -> Iterator[str]:
    """The way to write a running path if git's variable in it came to nothing."""
    emptied = MARKER.sub("", template)
    if "/" in path and emptied != path and clean(emptied) == path:
        yield emptied


def at_open_path(row: Row, path: str, wanted: Leaf, rest: Leaves) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A leaf whose very name holds a variable: every unclaimed running leaf may be it."""
    if not isinstance(wanted.shown, str):
        return
    if _is_one_text(row, wanted.shown) and len(rest) == 1:
        yield wanted.shown, _forms(row, next(iter(rest.values())))
        return
    if is_range(path):
        rest = runs(rest)
    elif row.key == "ports":
        # One variable may name a range, outside and inside.
        rest = {**rest, **{other: leaf for other, leaf in runs(rest).items() if not is_single(other)}}
    yield (
        f"{path}{KEY_END}{wanted.shown}",
        tuple(f"{other}{KEY_END}{form}" for other, leaf in rest.items() for form in _forms(row, leaf)),
    )


def as_one_text(row: Row, path: str, wanted: Leaf, rest: Leaves) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The same without telling name and value apart, where a variable is both."""
    if isinstance(wanted.shown, str) and _is_one_text(row, wanted.shown):
        yield wanted.shown, tuple(form for leaf in rest.values() for form in _forms(row, leaf))
    else:
        yield from at_open_path(row, path, wanted, rest)


def _is_one_text(row: Row, shown: str) -> bool:
    """Whether a variable may be name and value at once, as of a port in which nothing but it can tell the host's."""
    return MARKER.fullmatch(shown) is not None or (row.key == "ports" and ":" not in MARKER.sub("", shown))


def _forms(row: Row, leaf: Leaf) -> tuple[str, ...]:
    """The ways to write a running value."""
    if isinstance(leaf.value, Uncompared):
        return ()
    forms = row.forms(leaf) if row.forms else ()
    written = leaf.shown
    texts = dict.fromkeys([*forms, *([_plain(written)] if not isinstance(written, list | dict | tuple) else [])])
    if _nothing(leaf.value, row):
        texts[""] = None
    return tuple(texts)


def _nothing(value: Any, row: Row) -> bool:
    return any(value == other for other in row.nothing)


def _plain(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
