"""Which rows a container has to be compared by: not those of which both sides are as silent as on its neighbours.

Git says nothing about most keys of most services, and of those most are decided by a few fields of the container alone
(`Row.still`), in which the containers of a host hardly differ. What is found out about one such set of values counts
for all containers that have it. Others (`Row.inherited`) are most often as the image has them: what is found out about
one container that has all of them from its image counts for all that have.
"""

import marshal
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from msgspec import Struct

from homelab_assets.drift.fields import TABLE
from homelab_assets.drift.leaf import Row, differences
from homelab_assets.drift.view import Declared, Observed

Rows = tuple[tuple[Row, bool], ...]
"""Rows, each with whether git says something of it."""

_FIELDS = {
    part: tuple(dict.fromkeys(f.partition(".")[2] for row in TABLE for f in row.still or () if f.startswith(part)))
    for part in ("HostConfig.", "Config.")
}


class _Group(Struct, frozen=True, eq=False):
    """Rows that are settled together, for all containers that are alike in something."""

    rows: Sequence[Row]

    @property
    def unsettled(self) -> Rows:
        return tuple((row, False) for row in self.rows)


class _Plan(Struct, frozen=True, eq=False):
    """How services with one set of keys are compared: rows that are `still`, or `inherited` if all `fields` of the
    container are, may be settled at once, the `others` never."""

    still: _Group
    inherited: _Group
    fields: Sequence[str]
    others: Rows


@lru_cache(maxsize=4096)
def _plan(keys: frozenset[str]) -> _Plan:
    rows = [(row, row.speaks(keys)) for row in TABLE]
    still = [row for row, speaks in rows if not speaks and row.still is not None]
    inherited = [row for row, speaks in rows if not speaks and row.inherited]
    return _Plan(
        still=_Group(still),
        inherited=_Group(inherited),
        fields=list(dict.fromkeys(field for row in inherited for field in row.inherited)),
        others=tuple((row, speaks) for row, speaks in rows if row not in still and row not in inherited),
    )


def rows_to_compare(declared: Declared, observed: Observed) -> tuple[Rows, int]:
    """Return the rows that may hold a difference, and the number of leaves that agree in all other rows."""
    plan = _plan(frozenset(key for key, value in declared.service.items() if value is not None))
    # Podman's fields say less than they seem to, and to publish all ports says nothing of which these are.
    if observed.host.podman or observed.host_config.get("PublishAllPorts"):
        return (*plan.others, *plan.still.unsettled, *plan.inherited.unsettled), 0
    loud, agreeing = _settled(plan.still, _values(observed.container), declared, observed)
    if observed.image is None or not _has_all_from_its_image(observed, plan.fields):
        return (*plan.others, *loud, *plan.inherited.unsettled), agreeing
    more, agreeing_too = _settled(plan.inherited, id(observed.image), declared, observed)
    return (*plan.others, *loud, *more), agreeing + agreeing_too


def _values(container: Mapping[str, Any]) -> bytes:
    """The values of all fields that decide over still rows, as one text."""
    values = [list(map((container.get(part[:-1]) or {}).get, fields)) for part, fields in _FIELDS.items()]
    return marshal.dumps(values, 2)


def _has_all_from_its_image(observed: Observed, fields: Sequence[str]) -> bool:
    # An empty value and none mean the same, and which of them there is depends on the engine's version.
    mine, images = observed.config.get, observed.image_config.get
    return all((mine(field) or None) == (images(field) or None) for field in fields)


def _settled(group: _Group, alike: Any, declared: Declared, observed: Observed) -> tuple[Rows, int]:
    """Return the rows that can't be settled for all containers that are alike in this, and how many leaves agree in the
    others."""
    known: dict[Any, Any] = observed.host.facts
    if (group, alike) not in known:
        for row in group.rows:
            # Of what git says none of these looks at anything but its own keys, whatever else a service has.
            if (row.key, alike) not in known:
                known[row.key, alike] = _agreeing(row, declared, observed)
        counts = [(row, known[row.key, alike]) for row in group.rows]
        loud = tuple((row, False) for row, count in counts if count is None)
        known[group, alike] = loud, sum(count or 0 for _, count in counts)
    settled: tuple[Rows, int] = known[group, alike]
    return settled


def _agreeing(row: Row, declared: Declared, observed: Observed) -> int | None:
    """How many leaves agree where git says nothing of a row; None where one may not agree on all such containers."""
    found = row.observed(observed, declared)
    count, told = differences(row, {}, found, partial(row.given, observed, declared))
    usual = observed.host.habits.prevails
    open_ended = row.daemon and not all(usual(path, leaf.value) for path, leaf in found.items())
    return None if told or open_ended else count
