"""What a run of the pipeline check found, as values and as JSON (`schema: 1`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from homelab_assets.media.probes import LINKS, Link, Probe
from homelab_assets.media.verdicts import STATUSES, Fail, Status, Verdict, status_of, verdict_json

_WORST: tuple[Status, ...] = ("fail", "unknown", "blocked", "pass", "skipped")


class Check(Struct, frozen=True, kw_only=True):
    """A probe with its verdict. `seconds` is how long judging took, calls included."""

    probe: Probe
    verdict: Verdict
    seconds: float = 0.0

    @property
    def status(self) -> Status:
        """The verdict in one word."""
        return status_of(self.verdict)

    def to_json(self) -> dict[str, Any]:
        """Return the check as JSON values."""
        probe = self.probe
        head = {"id": probe.id, "link": probe.link, "app": probe.app, "name": probe.title, "proves": probe.proves}
        return {**head, **verdict_json(self.verdict), "needs": list(probe.needs), "seconds": round(self.seconds, 3)}


class PipelineResult(Struct, frozen=True, kw_only=True):
    """All checks of one run.

    Attributes:
        generated_at: ISO 8601 UTC, given by the caller. health_only: only the health part was run.
        checks: in the order of the chain. advice: settings that differ from recommended ones.
        effects: calls that were made, by kind (read, login, command, test, search, write).
    """

    generated_at: str
    checks: Sequence[Check]
    health_only: bool = False
    advice: Sequence[Mapping[str, Any]] = ()
    effects: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def first_broken(self) -> Check | None:
        """The first check in the order of the chain that failed: where to begin. What stops media comes first."""
        beside = {link.id for link in LINKS if link.beside}
        failed = [(check, check.verdict) for check in self.checks if isinstance(check.verdict, Fail)]
        # `sorted` keeps the order of the chain among equals.
        ranked = sorted(failed, key=lambda one: (not one[1].stops, one[0].probe.link in beside))
        return ranked[0][0] if ranked else None

    @property
    def exit_code(self) -> int:
        """0: everything passes; 1: something failed; 2: nothing failed, but something could not be judged."""
        statuses = {check.status for check in self.checks}
        return 1 if "fail" in statuses else 2 if statuses & {"unknown", "blocked"} else 0

    @property
    def summary(self) -> dict[str, Any]:
        """Counts by status; `total` leaves out what was skipped; `text` is `X/Y`."""
        counts: dict[str, int] = {status: sum(check.status == status for check in self.checks) for status in STATUSES}
        total = len(self.checks) - counts["skipped"]
        return {"total": total, **counts, "text": f"{counts['pass']}/{total}"}

    def check(self, identity: str) -> Check:
        """Return one check by its id; KeyError where it was not part of the run."""
        return {check.probe.id: check for check in self.checks}[identity]

    def chain(self) -> Sequence[tuple[Link, Status, Sequence[Check]]]:
        """Return the links that have checks, each with its worst status."""
        rows = []
        for link in LINKS:
            checks = [check for check in self.checks if check.probe.link == link.id]
            if checks:
                statuses = {check.status for check in checks}
                rows.append((link, next(status for status in _WORST if status in statuses), checks))
        return rows

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        broken = self.first_broken
        return {
            "schema": 1,
            "kind": "pipeline-test",
            "generated_at": self.generated_at,
            "health_only": self.health_only,
            "summary": self.summary,
            "first_broken": broken
            and {"check": broken.probe.id, "link": broken.probe.link, "cause": broken.to_json()["cause"]},
            "chain": [
                {
                    "link": link.id,
                    "title": link.title,
                    "status": status,
                    "beside": link.beside,
                    "checks": [check.probe.id for check in checks],
                }
                for link, status, checks in self.chain()
            ],
            "checks": [check.to_json() for check in self.checks],
            "advice": [dict(one) for one in self.advice],
            "effects": dict(self.effects),
            "seconds": round(self.seconds, 3),
        }
