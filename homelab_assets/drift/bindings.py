"""Unification: what the variables of a project must be, if its containers are what git declares.

Every text of git with an open variable in it is matched against the running value; each match is an observation. One
project folder has one `.env`, so a variable has one value: the one that most observations allow.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from homelab_assets.drift.leaf import Given, Leaf, Leaves, Row, Uncompared, is_among
from homelab_assets.drift.rows.shapes import MARKER, has_marker
from homelab_assets.drift.sharing import share_out
from homelab_assets.drift.templates import (
    UNSET,
    Alternative,
    Piece,
    Reference,
    match_pieces,
    pieces,
    splits_one_way,
    unknown_names,
)
from homelab_assets.secrecy import TOKEN, Vault

_OPEN = "\0"
"""Stands between a key with a variable and its value."""

_Explanation = Mapping[str, tuple[Alternative, ...]] | None
_WORD = re.compile(" (?=\ue000\\d+\ue001(?: |$))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The leaves of one row on one container: git's, with markers, and the running ones.

    Attributes:
        given: values that would be there if git said nothing.
        created: orders containers: the later one is the odd one out where two disagree.
    """

    service: str
    created: str
    row: Row
    wanted: Leaves
    found: Leaves
    given: Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One running value allows a variable to be one of these."""

    name: str
    alternatives: tuple[Alternative, ...]
    service: str
    created: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """What was found out.

    Attributes:
        values: value of each bound variable; None: it's not set.
        conflicts: variables for which no single value explains all running values, with all that was observed of them.
        choices: further values that each variable's observations allow, most likely first.
        together: further values of several variables that go together, most likely first.
    """

    values: Mapping[str, Alternative] = field(default_factory=dict)
    conflicts: Mapping[str, tuple[Observation, ...]] = field(default_factory=dict)
    choices: Mapping[str, tuple[Alternative, ...]] = field(default_factory=dict)
    together: Sequence[Mapping[str, Alternative]] = ()

    def denied_elsewhere(self, name: str, value: Alternative, service: str, vault: Vault) -> bool:
        """Whether another service shows that a variable of two values hasn't this one there."""
        seen = self.conflicts.get(name, ())
        return any(other.service != service and not _allows(other, value, vault) for other in seen)


def bind(
    sights: Sequence[Sight],
    references: Sequence[Reference],
    known: Mapping[str, Alternative],
    vault: Vault,
    passed_on: Iterable[Observation] = (),
    left_out: Collection[str] = (),
) -> Bindings:
    """Find the values of the open variables.

    Args:
        known: variables whose value is settled (a `.env`); they are taken as they are.
        passed_on: what is known of them without matching texts.
        left_out: variables with a default that the `.env` does not set: they have it, unless two services agree that
            somebody's shell knew better.
    """
    binder = _Binder(references, known, vault, passed_on, left_out)
    pending: list[_Pair] = []
    contested: list[list[_Pair]] = []
    for sight in sights:
        pairs = [_Pair(sight, *pair) for pair in pairs_of(sight)]
        at_open = [pair for pair in pairs if _OPEN in pair.template]
        several = len(at_open) > 1
        contested += [at_open] if several else []
        pending += [pair for pair in pairs if not (several and _OPEN in pair.template)]
    for fit in (_single, _unambiguous):
        pending = binder.look(pending, fit)
    for pairs in contested:
        binder.look(binder.shared_out(pairs), _any)
    for fit in (_any, _any):
        pending = binder.look(pending, fit)
    return binder.result()


class _Pair(NamedTuple):
    """A text of git's with markers, and the ways to write its running value."""

    sight: Sight
    template: str
    texts: tuple[str, ...]


class _Binder:
    """Collects observations; after each look the variables have the values that most of them allow."""

    def __init__(
        self,
        references: Sequence[Reference],
        known: Mapping[str, Alternative],
        vault: Vault,
        passed_on: Iterable[Observation],
        left_out: Collection[str],
    ) -> None:
        self._references, self._known, self._vault, self._left_out = references, known, vault, left_out
        self._observations = list(passed_on)
        self._bound: dict[str, Alternative] = {}
        self._choices: dict[str, tuple[Alternative, ...]] = {}
        self._together: list[Mapping[str, Alternative]] = []

    def look(self, pairs: Iterable[_Pair], fit: Callable[[Sequence[Piece], Sequence[str]], bool]) -> list[_Pair]:
        """Observe what these pairs tell, and return those that have to wait: they don't fit."""
        references, vault = self._references, self._vault
        environment = {**self._known, **self._bound}
        left = []
        for pair in pairs:
            sight, template, texts = pair
            parts = pieces(template, references, environment)
            if not fit(parts, texts):
                left.append(pair)
                continue
            self._observations += _observe(sight, parts, texts, environment, vault)
            self._observations += _votes(sight, template, texts, references, self._known, self._bound, vault)
        found = _choices(self._observations, self._left_out, vault)
        self._choices = {name: choice for name, choice in found.items() if name not in self._known}
        self._bound |= {name: choice[0] for name, choice in self._choices.items()}
        return left

    def shared_out(self, pairs: Sequence[_Pair]) -> list[_Pair]:
        """Give each of one row's open keys a running key of its own; one that gets none may be any that is left."""

        def explain(template: str, text: str, known: Mapping[str, Alternative]) -> _Explanation:
            return explains(pieces(template, self._references, known), text, known, self._vault)

        running: dict[str, list[str]] = {}
        for text in dict.fromkeys(text for pair in pairs for text in pair.texts):
            running.setdefault(text.partition(_OPEN)[0], []).append(text)
        environment = {**self._known, **self._bound}
        best, *others = share_out([pair.template for pair in pairs], running, environment, explain)
        self._together += [other.values for other in others]
        free = running.keys() - set(best.paths.values())
        narrowed = []
        for pair in pairs:
            mine = {best.paths[pair.template]} if pair.template in best.paths else free
            texts = tuple(text for text in pair.texts if text.partition(_OPEN)[0] in mine)
            narrowed.append(pair._replace(texts=texts))
        return narrowed

    def result(self) -> Bindings:
        """What was found out."""
        bound, vault = self._bound, self._vault
        denied = {
            one.name for one in self._observations if one.name in bound and not _allows(one, bound[one.name], vault)
        }
        # Of two values, not of none: somebody has to show the one that counts.
        names = {one.name for one in self._observations if one.name in denied and _allows(one, bound[one.name], vault)}
        conflicts = {name: tuple(one for one in self._observations if one.name == name) for name in names}
        return Bindings(values=bound, conflicts=conflicts, choices=self._choices, together=self._together)


def _single(parts: Sequence[Piece], texts: Sequence[str]) -> bool:
    return len(unknown_names(parts)) <= 1


def _unambiguous(parts: Sequence[Piece], texts: Sequence[str]) -> bool:
    return all(splits_one_way(parts, text) for text in texts)


def _any(parts: Sequence[Piece], texts: Sequence[str]) -> bool:
    return True


def _observe(
    sight: Sight, parts: Sequence[Piece], texts: Sequence[str], known: Mapping[str, Alternative], vault: Vault
) -> Iterator[Observation]:
    """What one template says, from all the ways to write the running value."""
    allowed: dict[str, dict[Alternative, None]] = {}
    for text in texts:
        for name, alternatives in (explains(parts, text, known, vault) or {}).items():
            allowed.setdefault(name, {}).update(dict.fromkeys(alternatives))
    for name, found in allowed.items():
        yield Observation(name=name, alternatives=tuple(found), service=sight.service, created=sight.created)


def _votes(
    sight: Sight,
    template: str,
    texts: Sequence[str],
    references: Sequence[Reference],
    known: Mapping[str, Alternative],
    bound: Mapping[str, Alternative],
    vault: Vault,
) -> Iterator[Observation]:
    """What a text with several variables says of those that other texts have bound already: the same, or otherwise."""
    names = unknown_names(pieces(template, references, known)) & bound.keys()
    if not names:
        return
    environment = {**known, **bound}
    parts = pieces(template, references, environment)
    fits = any(explains(parts, text, environment, vault) is not None for text in texts)
    for name in names:
        if fits:
            yield Observation(name=name, alternatives=(bound[name],), service=sight.service, created=sight.created)
            continue
        others = {other: value for other, value in environment.items() if other != name}
        found = _observe(sight, pieces(template, references, others), texts, others, vault)
        yield from (observation for observation in found if observation.name == name)


def explains(
    parts: Sequence[Piece], text: str, known: Mapping[str, Alternative], vault: Vault
) -> Mapping[str, tuple[Alternative, ...]] | None:
    """Match a text, and if it was sealed as a whole, what it says in clear: git may hold a part of such a secret.

    Returns:
        What each variable may be, by name; None where the text can't come of these parts.
    """
    found = match_pieces(parts, text, known)
    if (
        found is None
        and vault.revealable(text)
        and any("<secret#" in sealed for sealed in (text, *(part.literal for part in parts)))
    ):
        clear = [Piece(vault.reveal(part.literal), part.reference) for part in parts]
        found = match_pieces(clear, vault.reveal(text), known)
    return found


def _choices(
    observations: Iterable[Observation], left_out: Collection[str], vault: Vault
) -> dict[str, tuple[Alternative, ...]]:
    """Values by variable, best first: allowed by most observations, then by the older containers, then as set."""
    by_name: dict[str, list[Observation]] = {}
    for observation in observations:
        by_name.setdefault(observation.name, []).append(observation)
    chosen: dict[str, tuple[Alternative, ...]] = {}
    for name, mine in by_name.items():
        candidates = list(dict.fromkeys(value for one in mine for value in one.alternatives))
        if len(candidates) == 1:
            chosen[name] = (candidates[0],)
            continue
        ordered = sorted(mine, key=lambda one: one.created)

        def rank(value: Alternative, ordered: list[Observation] = ordered) -> tuple[int, list[bool]]:
            allowed = [_allows(observation, value, vault) for observation in ordered]
            return -sum(allowed), [not one for one in allowed]

        chosen[name] = tuple(sorted(candidates, key=rank))
    return chosen | {name: (UNSET,) for name in left_out if name in chosen and not _agreed(by_name[name], vault)}


def _agreed(observations: Sequence[Observation], vault: Vault) -> bool:
    """Whether two services show one value, and none that the variable may not be set."""
    (first, *others) = observations
    return not any(UNSET in one.alternatives for one in observations) and any(
        one.service != first.service and any(_allows(one, value, vault) for value in first.alternatives)
        for one in others
    )


def _allows(observation: Observation, value: Alternative, vault: Vault) -> bool:
    if value in observation.alternatives:
        return True
    if value is UNSET:
        return False
    sealed = value if TOKEN.fullmatch(value) else vault.token(value) if value else value
    return any(
        (TOKEN.fullmatch(other) is not None and other == sealed)
        or (TOKEN.fullmatch(value) is not None and vault.token(other) == value)
        for other in observation.alternatives
        if other
    )


def pairs_of(sight: Sight) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Git's texts with markers, each with the ways to write its running value."""
    row, found = sight.row, sight.found
    rest = {path: leaf for path, leaf in found.items() if path not in sight.wanted}
    for path, leaf in sight.wanted.items():
        if isinstance(leaf.value, Uncompared):
            continue
        if has_marker(path):
            yield from _at_open_path(row, path, leaf, rest)
        elif (has_marker(leaf.value) or has_marker(leaf.written)) and not (
            row.seal == "arguments" and other_words(leaf, found.get(path))
        ):
            for template, texts in texts_of(row, leaf, found.get(path)):
                yield template, ("", *texts) if _may_be_empty(sight, path) else texts


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
    return len(wanted.value) == len(found.value) and any(
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


def _absent_forms(row: Row) -> tuple[str, ...]:
    """The ways to write that a key is absent: nothing, or its default."""
    defaults = (value[0] if isinstance(value, tuple) and value else value for value in row.nothing)
    return ("", *(_plain(value) for value in defaults))


def _walk(row: Row, wanted: Any, found: Any, leaf: Leaf) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Texts with markers inside two values of the same structure."""
    if isinstance(wanted, str):
        if has_marker(wanted):
            own = (found,) if isinstance(found, str) else ()
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


def _at_open_path(row: Row, path: str, wanted: Leaf, rest: Leaves) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A leaf whose very name holds a variable: every unclaimed running leaf may be it."""
    if not isinstance(wanted.shown, str):
        return
    if MARKER.fullmatch(wanted.shown) and len(rest) == 1:
        yield wanted.shown, _forms(row, next(iter(rest.values())))
        return
    yield (
        f"{path}{_OPEN}{wanted.shown}",
        tuple(f"{other}{_OPEN}{form}" for other, leaf in rest.items() for form in _forms(row, leaf)),
    )


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
