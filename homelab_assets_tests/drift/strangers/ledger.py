"""What came of all the trials: counts for the terminal, and a line of JSON for each case that a person has to judge."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas

from homelab_assets.drift.document import DriftDocument, ServiceDrift
from homelab_assets_tests.drift.strangers.leaves import Wanted, agree
from homelab_assets_tests.drift.strangers.openness import root_of

EXACT, ALIKE, OPEN, UNCOMPARED, OTHER = "exact", "one like it", "open variable", "uncompared", "not exact"
_AT_REST = ("clean", "stopped")


class Ledger:
    """Counts outcomes by step, and writes down those that are not as they must be."""

    def __init__(self, file: Path) -> None:
        self.counts: dict[str, Counter[str]] = {}
        self._file = file
        file.write_text("")

    def note(self, stack: str, step: str, outcome: str, **evidence: Any) -> None:
        """Count an outcome; with evidence, write it down."""
        self.counts.setdefault(step, Counter())[outcome] += 1
        if evidence:
            line = json.dumps({"stack": stack, "step": step, "outcome": outcome, **evidence}, default=str)
            with self._file.open("a") as file:
                file.write(line + "\n")

    def judge(
        self,
        stack: str,
        step: str,
        document: DriftDocument,
        wanted: Sequence[Wanted],
        *,
        missing: Collection[str] = (),
        apart: Collection[str] = (),
        alike: Collection[tuple[str, str]] = (),
        is_open: Callable[[Wanted], bool] = lambda item: False,
        **changed: Any,
    ) -> None:
        """Judge an audit by the items that must have come.

        Args:
            missing: services that have no container. apart: services of which nothing can be said.
            alike: services and keys of which one leaf may be told for another.
            is_open: tells whether an unknown variable may explain an item away.
        """
        services = [one for one in document.services if one.service not in apart]
        outcome = outcome_of(services, wanted, missing, alike) if not document.problems else OTHER
        if outcome == OTHER and not document.problems:
            certain = [one for one in wanted if not is_open(one)]
            outcome = OPEN if outcome_of(services, certain, missing, alike) == EXACT else OTHER
        evidence = {**changed, **_evidence(services, wanted, document)} if outcome != EXACT else {}
        self.note(stack, step, outcome, **evidence)

    def table(self) -> str:
        """The counts: a line for each step, a column for each outcome."""
        counts = pandas.DataFrame(self.counts).T
        return str(counts.to_string(na_rep="", float_format="{:.0f}".format))


def found_in(services: Sequence[ServiceDrift]) -> list[Wanted]:
    """The items of an audit."""
    return [Wanted(service=one.service, path=item.path, change=item.change) for one in services for item in one.items]


def outcome_of(
    services: Sequence[ServiceDrift],
    wanted: Sequence[Wanted],
    missing: Collection[str] = (),
    alike: Collection[tuple[str, str]] = (),
) -> str:
    """Whether exactly these items came; or one that may be told for another; or the audit says that it could not
    compare those that did not come."""
    if not all(_status_fits(one, wanted, missing) for one in services):
        return OTHER
    found = found_in(services)
    if agree(wanted, found):
        return EXACT
    if agree(_loosely(wanted, alike), _loosely(found, alike)):
        return ALIKE
    uncompared = {(one.service, path) for one in services for path in one.uncompared}
    left = [one for one in wanted if (one.service, one.path) not in uncompared or one in found]
    return UNCOMPARED if agree(left, found) else OTHER


def _loosely(items: Sequence[Wanted], alike: Collection[tuple[str, str]]) -> list[Wanted]:
    return [
        replace(item, path=root_of(item.path)) if (item.service, root_of(item.path)) in alike else item
        for item in items
    ]


def _status_fits(one: ServiceDrift, wanted: Sequence[Wanted], missing: Collection[str]) -> bool:
    if one.service in missing:
        return one.status == "missing"
    return one.status in _AT_REST or (one.status == "drifted" and any(each.service == one.service for each in wanted))


def _evidence(services: Sequence[ServiceDrift], wanted: Sequence[Wanted], document: DriftDocument) -> dict[str, Any]:
    odd = [one for one in services if one.items or one.status not in _AT_REST]
    concerned = {one.service for one in odd} | {one.service for one in wanted}
    return {
        "expected": [f"{one.service}: {one.path} {one.change}" for one in wanted],
        "found": [
            {
                "service": one.service,
                "path": item.path,
                "change": item.change,
                "git": item.baseline,
                "running": item.running,
                "spelled": item.spelled,
                "note": item.note,
            }
            for one in odd
            for item in one.items
        ],
        "status": {f"{one.stack}/{one.service}": f"{one.status} {one.note or ''}".strip() for one in odd},
        "uncompared": {one.service: dict(one.uncompared) for one in services if one.service in concerned},
        "problems": list(document.problems),
    }
