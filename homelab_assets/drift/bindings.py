"""Unification: what the variables of a project must be, if its containers are what git declares.

Every text of git with an open variable in it is matched against the running value; each match is an observation. One
project folder has one `.env`, so a variable has one value: the one that most observations allow.
"""

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from homelab_assets.compose.interpolation import unscoped
from homelab_assets.drift.observations import Observation, agreed, allows, observe, votes
from homelab_assets.drift.rows.mount import below_a_home
from homelab_assets.drift.sealed_variables import SealedVariables
from homelab_assets.drift.sealing import explains
from homelab_assets.drift.sharing import Explanation, Sharing, share_out
from homelab_assets.drift.sights import KEY_END, Sight, pairs_of
from homelab_assets.drift.templates import (
    UNSET,
    Alternative,
    Piece,
    Reference,
    pieces,
    splits_one_way,
    unknown_names,
)
from homelab_assets.drift.view import clean
from homelab_assets.secrecy import Vault, has_token

_NOTHING: Mapping[str, Alternative] = {}


class Bindings(Struct, frozen=True, kw_only=True):
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
        return any(other.service != service and not allows(other, value, vault) for other in seen)


def bind(
    sights: Sequence[Sight],
    references: Sequence[Reference],
    known: Mapping[str, Alternative],
    sealed: SealedVariables,
    passed_on: Iterable[Observation] = (),
    left_out: Collection[str] = (),
    in_clear: Callable[[], Collection[str]] = frozenset,
) -> Bindings:
    """Find the values of the open variables.

    Args:
        known: variables whose value is settled (a `.env`); they are taken as they are.
        passed_on: what is known of them without matching texts.
        left_out: variables with a default that the `.env` does not set: they have it, unless two services agree that
            somebody's shell knew better.
        in_clear: gives those that an engine shows in clear somewhere: a token stands for no port and no path.
    """
    binder = _Binder(references, known, sealed, passed_on, left_out, in_clear)
    pending, contested = list[_Pair](), list[list[_Pair]]()
    seen = [[_Pair(sight, *pair) for pair in pairs_of(sight)] for sight in sights]
    if sealed.tokens or any(map(has_token, (text for pairs in seen for pair in pairs for text in pair.texts))):
        sealed.recognise(((pair.template, pair.texts) for pairs in seen for pair in pairs), references)
    for pairs in seen:
        open_keys = [pair for pair in pairs if KEY_END in pair.template]
        running = {text.partition(KEY_END)[0] for pair in open_keys for text in pair.texts}
        if len(open_keys) > 1 or len(running) > 1:
            contested.append(open_keys)
            pairs = [pair for pair in pairs if KEY_END not in pair.template]
        pending += pairs
    for fit in (_single, _unambiguous):
        pending = binder.look(pending, fit)
    binder.share_out(contested)
    for fit in (_any, _any):
        pending = binder.look(pending, fit)
    opaque = (not sealed.vault.revealable(text) for pairs in seen for pair in pairs for text in pair.texts)
    told_elsewhere = any("$" in reference.word or reference.operator == "+" for reference in references)
    if binder.denied or told_elsewhere or any(opaque):
        binder.reconsider([pair for pairs in seen for pair in pairs if KEY_END not in pair.template])
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
        sealed: SealedVariables,
        passed_on: Iterable[Observation],
        left_out: Collection[str],
        in_clear: Callable[[], Collection[str]],
    ) -> None:
        self._references, self._known, self._vault, self._left_out = references, known, sealed.vault, left_out
        self._sealed, self._in_clear = sealed, in_clear
        names = (*known, *(one.name for one in references))
        self._of_includes = {unscoped(name) for name in names if unscoped(name) != name}
        self._observations = list(passed_on)
        self._passed_on = tuple(self._observations)
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
            if not self._sealed.allow(parts, texts, environment):
                continue
            seen = observe(sight, parts, texts, environment, vault)
            # One variable alone has this value; among several it's a guess which has which part.
            self._observations += seen if _single(parts, texts) else self._possible(seen)
            voted = votes(sight, template, texts, references, self._known, self._bound, vault)
            self._observations += self._possible(voted)
        self._choices = {name: choice for name, choice in self._ranked().items() if name not in self._known}
        self._bound |= {name: self._plain(name, choice[0]) for name, choice in self._choices.items()}
        return left

    def _plain(self, name: str, value: Alternative) -> Alternative:
        return self._vault.reveal(value) if value and has_token(value) and name in self._in_clear() else value

    def _possible(self, observations: Iterable[Observation]) -> Iterator[Observation]:
        """Leave out values that a variable can't have, as its token tells."""
        for one in observations:
            values = tuple(value for value in one.alternatives if self._sealed.may_be(one.name, value))
            if values:
                yield one if values == one.alternatives else replace(one, alternatives=values)

    def _ranked(self) -> dict[str, tuple[Alternative, ...]]:
        """Values by variable, best first."""
        by_name: dict[str, list[Observation]] = {}
        for observation in self._observations:
            by_name.setdefault(observation.name, []).append(observation)
        chosen = {name: self._by_rank(name, mine) for name, mine in by_name.items()}
        return chosen | {name: (UNSET,) for name in self._left_out if not agreed(by_name.get(name, ()), self._vault)}

    def _by_rank(self, name: str, observations: Sequence[Observation]) -> tuple[Alternative, ...]:
        """Values of a variable: first what has its token, then what most observations allow, then the older containers,
        then the default where not all agree; none at all rather than an empty one (or any, in an `include`): it would
        hide what the `env_file` there says."""
        candidates = dict.fromkeys(value for one in observations for value in one.alternatives)
        if len(candidates) == 1:
            return tuple(candidates)
        times, vault = sorted({one.created for one in observations}), self._vault

        def rank(value: Alternative) -> tuple[bool, int, list[int], bool, bool]:
            denied = [one.created for one in observations if not allows(one, value, vault)]
            hides = value is not UNSET if name in self._of_includes else value == ""
            by_age = [denied.count(time) for time in times]
            other = bool(denied) and value is not UNSET
            return not self._sealed.is_value(name, value), len(denied), by_age, hides, other

        return tuple(sorted(candidates, key=rank))

    def reconsider(self, pairs: Sequence[_Pair]) -> None:
        """Give a variable another one of its values if that explains more of what runs: a variable in the default of
        others is told by their texts as well, and what is sealed can be compared at least, as can paths."""

        vault = self._vault

        def explained(pair: _Pair, known: Mapping[str, Alternative]) -> bool:
            parts = pieces(pair.template, self._references, known)
            if any(explains(parts, text, known, vault) is not None for text in pair.texts):
                return True
            whole = "".join(vault.reveal(part.literal) for part in parts)
            path = clean(posixpath.join(pair.sight.directory, whole))

            def alike(text: str) -> bool:
                if not text.startswith("/"):
                    return vault.is_token_of(text, whole)
                return path == text or (whole[:1] == "~" and below_a_home(whole[1:], text))

            return not unknown_names(parts) and any(map(alike, pair.texts))

        def unexplained(values: Mapping[str, Alternative]) -> int:
            known = {**self._known, **values}
            templates = sum(not explained(pair, known) for pair in pairs)
            return templates + sum(not allows(one, known.get(one.name), vault) for one in self._passed_on)

        least = unexplained(self._bound)
        for name, choices in self._choices.items():
            for value in choices[1:] if least else ():
                others = {**self._bound, name: self._plain(name, value)}
                if (count := unexplained(others)) < least:
                    self._bound, least = others, count

    def share_out(self, contested: list[list[_Pair]]) -> None:
        """Observe what keys with variables tell, each list of them those of one row: the least open first."""
        while contested:
            pairs, ways = self._take_least_open(contested)
            self.look(self._narrowed(pairs, ways), _any)

    def _take_least_open(self, contested: list[list[_Pair]]) -> tuple[list[_Pair], list[Sharing]]:
        """Take the pairs that can be shared out in the fewest ways; first the way that leaves the others most keys."""
        options = []
        for index, pairs in enumerate(contested):
            options.append((index, self._ways(pairs)))
            if len(options[-1][1]) == 1:
                break
        index, ways = min(options, key=lambda option: len(option[1]))
        taken = contested.pop(index)
        if len(ways) > 1:
            names = self._names(taken)
            others = [pairs for pairs in contested if not names.isdisjoint(self._names(pairs))]
            ways.sort(key=lambda way: -sum(len(self._ways(pairs, way.values)[0].paths) for pairs in others))
        return taken, ways

    def _names(self, pairs: Sequence[_Pair]) -> set[str]:
        """Names of the variables that aren't bound yet."""
        environment = {**self._known, **self._bound}
        return set().union(*(unknown_names(pieces(pair.template, self._references, environment)) for pair in pairs))

    def _ways(self, pairs: Sequence[_Pair], supposed: Mapping[str, Alternative] = _NOTHING) -> list[Sharing]:
        """How the running keys of a row can be shared out among its open keys, if variables had these values."""

        def explain(template: str, text: str, known: Mapping[str, Alternative]) -> Explanation:
            return explains(pieces(template, self._references, known), text, known, self._vault)

        running: dict[str, list[str]] = {}
        for text in dict.fromkeys(text for pair in pairs for text in pair.texts):
            running.setdefault(text.partition(KEY_END)[0], []).append(text)
        templates = [pair.template for pair in pairs]
        return share_out(templates, running, {**self._known, **self._bound, **supposed}, explain)

    def _narrowed(self, pairs: Sequence[_Pair], ways: Sequence[Sharing]) -> list[_Pair]:
        """Give each open key a running key of its own, in the first way; one that gets none may be any that is left."""
        (paths, _), *others = ways
        self._together += [other.values for other in others]
        taken = set(paths.values())
        found = []
        for pair in pairs:
            mine = paths.get(pair.template)
            keys = [(text, text.partition(KEY_END)[0]) for text in pair.texts]
            texts = tuple(text for text, key in keys if (key == mine if mine else key not in taken))
            found.append(pair._replace(texts=texts))
        return found

    @property
    def denied(self) -> set[str]:
        """Names of the variables of which some text shows another value."""
        bound, vault = self._bound, self._vault
        return {one.name for one in self._observations if one.name in bound and not allows(one, bound[one.name], vault)}

    def result(self) -> Bindings:
        """What was found out."""
        bound, vault, denied = self._bound, self._vault, self.denied
        # Of two values, not of none: somebody has to show the one that counts.
        names = {one.name for one in self._observations if one.name in denied and allows(one, bound[one.name], vault)}
        conflicts = {name: tuple(one for one in self._observations if one.name == name) for name in names}
        return Bindings(values=bound, conflicts=conflicts, choices=self._choices, together=self._together)


def _single(parts: Sequence[Piece], texts: Sequence[str]) -> bool:
    return len(unknown_names(parts)) <= 1


def _unambiguous(parts: Sequence[Piece], texts: Sequence[str]) -> bool:
    return all(splits_one_way(parts, text) for text in texts)


def _any(parts: Sequence[Piece], texts: Sequence[str]) -> bool:
    return True
