"""Several of git's keys with variables in them (ports `${A}:${B}` and `${C}:${D}`), several running: which is which.

Each running one can be but one of git's. Where there are several ways to share them out, defaults come first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from homelab_assets.drift.rows.ports import is_range
from homelab_assets.drift.templates import UNSET, Alternative

Texts = Mapping[str, Sequence[str]]
"""Running keys: by path, the ways to write each."""

Explanation = Mapping[str, tuple[Alternative, ...]] | None
"""What each variable of a template may be, if it gave a text; None: it can't have."""

Explain = Callable[[str, str, Mapping[str, Alternative]], Explanation]
"""Explains a text by a template, under known variables."""

_MAX_WAYS = 12
_MAX_LOOKS = 10_000


class Sharing(NamedTuple):
    """One way: the running path of each template that has one, and the values of the variables that follow."""

    paths: dict[str, str]
    values: dict[str, Alternative]


def share_out(
    templates: Iterable[str], running: Texts, known: Mapping[str, Alternative], explain: Explain
) -> list[Sharing]:
    """Share running keys out among templates, as many as possible.

    Returns:
        Ways to do it, the likeliest first; at least one.
    """
    search = _Search(running, explain)
    paths = tuple(sorted(running))
    # Who can be fewest of them chooses first.
    choices = {template: len(search.candidates(template, paths, known)) for template in templates}
    ordered = sorted((template for template, count in choices.items() if count), key=lambda template: choices[template])
    for without in range(max(0, len(ordered) - len(paths)), len(ordered) + 1):
        if without == len(ordered):
            # Where the search gave up, each takes in turn what is left: that everyone may go without always works out.
            search.looks = _MAX_LOOKS
        if found := list(islice(search.ways(ordered, paths, known, without), _MAX_WAYS)):
            return found
    return [Sharing({}, {})]


class _Search:
    """A depth-first search that gives up, rather than try all orders of many keys that look alike.

    Attributes:
        looks: how many more comparisons of a template with a running key it may take.
    """

    def __init__(self, running: Texts, explain: Explain) -> None:
        self._running, self._explain = running, explain
        self.looks = _MAX_LOOKS

    def candidates(
        self, template: str, free: Sequence[str], known: Mapping[str, Alternative]
    ) -> list[tuple[str, dict[str, Alternative]]]:
        """The paths that a template can be, with the values of its variables there; those at their defaults first, and
        rather a range of ports than one of them."""
        found = []
        for path in free:
            ways = (self._explain(template, text, known) for text in self._running[path])
            if (options := next((way for way in ways if way is not None), None)) is not None:
                at_default = sum(UNSET in alternatives for alternatives in options.values())
                values = {name: alternatives[0] for name, alternatives in options.items() if alternatives}
                found.append((at_default, path, values))
        found.sort(key=lambda one: (-one[0], not is_range(one[1])))
        return [(path, values) for _, path, values in found]

    def ways(
        self, templates: Sequence[str], free: Sequence[str], known: Mapping[str, Alternative], without: int
    ) -> Iterator[Sharing]:
        """Give the ways in which at most so many templates go without."""
        if not templates:
            yield Sharing({}, {})
        elif len(templates) <= len(free) + without and self.looks > 0:
            template, *others = templates
            self.looks -= len(free)
            for path, values in self.candidates(template, free, known):
                left = [other for other in free if other != path]
                for rest in self.ways(others, left, {**known, **values}, without):
                    yield Sharing({template: path, **rest.paths}, {**values, **rest.values})
            if without:
                yield from self.ways(others, free, known, without - 1)
