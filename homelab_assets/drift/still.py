"""Which rows a container has to be compared by: not those of which both sides are as silent as on its neighbours.

Git says nothing about most keys of most services, and of those most are decided by a few fields of the container alone
(`Row.still`), in which the containers of a host hardly differ. What is found out about one such set of values counts
for all containers that have it.
"""

import marshal
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from msgspec import Struct

from homelab_assets.drift.fields import TABLE
from homelab_assets.drift.leaf import Row, differences
from homelab_assets.drift.view import Declared, Observed

Rows = Sequence[tuple[Row, bool]]
"""Rows, each with whether git says something of it."""

_FIELDS = {
    part: tuple(dict.fromkeys(f.partition(".")[2] for row in TABLE for f in row.still or () if f.startswith(part)))
    for part in ("HostConfig.", "Config.")
}


class _Plan(Struct, frozen=True, eq=False):
    """How services with one set of keys are compared: `still` rows may be settled at once, the `others` never."""

    still: Sequence[Row]
    others: Rows


@lru_cache(maxsize=4096)
def _plan(keys: frozenset[str]) -> _Plan:
    rows = [(row, row.speaks(keys)) for row in TABLE]
    still = tuple(row for row, speaks in rows if not speaks and row.still is not None)
    return _Plan(still, tuple((row, speaks) for row, speaks in rows if speaks or row.still is None))


def rows_to_compare(declared: Declared, observed: Observed) -> tuple[Rows, int]:
    """Return the rows that may hold a difference, and the number of leaves that agree in all other rows."""
    plan = _plan(frozenset(key for key, value in declared.service.items() if value is not None))
    if observed.host.podman:  # whose fields say less than they seem to
        return [*plan.others, *((row, False) for row in plan.still)], 0
    settled: dict[Any, tuple[Rows, int]] = observed.host.facts
    key = (plan, _values(observed.container))
    if key not in settled:
        settled[key] = _settle(plan, declared, observed)
    return settled[key]


def _values(container: Mapping[str, Any]) -> bytes:
    """The values of all fields that decide over still rows, as one text."""
    values = [list(map((container.get(part[:-1]) or {}).get, fields)) for part, fields in _FIELDS.items()]
    return marshal.dumps(values, 2)


def _settle(plan: _Plan, declared: Declared, observed: Observed) -> tuple[Rows, int]:
    agreeing = 0
    loud = []
    for row in plan.still:
        found = row.observed(observed, declared)
        agree, told = differences(row, {}, found, partial(row.given, observed, declared))
        if told:
            loud.append((row, False))
        else:
            agreeing += agree
    return (*plan.others, *loud), agreeing
