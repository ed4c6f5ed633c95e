"""The state of the homelab at a glance, from what the last runs left behind."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from homelab_assets.drift.document import DriftDocument
from homelab_assets.moments import utc_text
from homelab_assets.rendering.nouns import noun

STALE_AUDIT, STALE_PIPELINE = timedelta(hours=26), timedelta(days=7)
"""After this time a result says little: a daily audit was missed; nobody tested the pipeline for a week."""

_NOT_WELL = ("stopped", "restarting", "missing", "paused")


class Leftovers(Struct):
    """What the last runs left, each None where there is none.

    Attributes:
        catalog: the service catalog as JSON, for states and health.
        pipeline: the last result of the media pipeline's validation.
        problems: what could not be read.
    """

    document: DriftDocument | None = None
    catalog: Mapping[str, Any] | None = None
    pipeline: Mapping[str, Any] | None = None
    pull_requests: Sequence[Mapping[str, str]] | None = None
    problems: list[str] = field(default_factory=list)


class HostLine(Struct, frozen=True, kw_only=True):
    """One host: counts of services. `reachable`: the last audit could capture it; `error`: why not."""

    name: str
    reachable: bool
    error: str = ""
    services: int = 0
    running: int = 0
    stopped: int = 0
    unhealthy: int = 0
    unknown: int = 0
    drifted: int = 0


class ServiceLine(Struct, frozen=True, kw_only=True):
    """A service that asks for attention, and why: its state, its health, or what the audit found."""

    host: str
    stack: str | None
    service: str
    state: str
    health: str | None
    drift: str


class AuditLine(Struct, frozen=True, kw_only=True):
    """The last audit. `result`: `clean`, `drifted` or `incomplete`; `stale`: it should have run again since."""

    at: str
    age_seconds: int
    stale: bool
    result: str
    summary: Mapping[str, int] = field(default_factory=dict)


class PipelineLine(Struct, frozen=True, kw_only=True):
    """The last test of the media pipeline. `link` and `cause` say where it is broken; "" where it is not."""

    at: str
    age_seconds: int
    stale: bool
    result: str
    passed: str = ""
    link: str = ""
    cause: str = ""
    health_only: bool = False


class Ping(Struct, frozen=True, kw_only=True):
    """Whether something answers now. `milliseconds` is None where it does not."""

    name: str
    address: str
    milliseconds: int | None
    error: str = ""


class Status(Struct, frozen=True, kw_only=True):
    """Everything at a glance.

    Attributes:
        audit, pipeline: None where none was ever made. next_audit: ISO 8601 with offset, None without a schedule.
        pull_requests: open ones as they were last seen; None where nobody looked.
        problems: files that can't be read. recommendations: what to do next, most pressing first.
    """

    generated_at: str
    hosts: Sequence[HostLine]
    attention: Sequence[ServiceLine]
    audit: AuditLine | None
    pipeline: PipelineLine | None
    pipeline_configured: bool
    pull_requests: Sequence[Mapping[str, str]] | None
    next_audit: str | None
    pings: Sequence[Ping] = ()
    problems: Sequence[str] = ()
    recommendations: Sequence[str] = ()
    demo: bool = False

    @property
    def exit_code(self) -> int:
        """0 all is well, 1 something asks for attention, 2 something can't be told."""
        if self.problems or self.audit is None or self.audit.result == "incomplete":
            return 2
        ill = self.audit.result != "clean" or self.audit.stale or self.attention
        broken = self.pipeline is not None and self.pipeline.result != "pass"
        return int(bool(ill or broken or any(ping.milliseconds is None for ping in self.pings)))

    def to_json(self) -> dict[str, Any]:
        """Return the status as plain JSON values."""
        return {"schema": 1, **to_builtins(self), "exit_code": self.exit_code}


def build_status(
    left: Leftovers,
    *,
    now: datetime,
    hosts: Sequence[str],
    pipeline_configured: bool,
    next_audit: datetime | None,
    pings: Sequence[Ping],
    demo: bool,
) -> Status:
    """Judge the last results.

    Args:
        now: with a time zone. hosts: of `lab.yaml`.
    """
    services = list(_services(left.document, left.catalog))
    status = Status(
        generated_at=utc_text(now),
        hosts=tuple(_host(name, left.document, [line for line in services if line.host == name]) for name in hosts),
        attention=tuple(line for line in services if _asks(line)),
        audit=_audit(left.document, now),
        pipeline=_pipeline(left.pipeline, now),
        pipeline_configured=pipeline_configured,
        pull_requests=left.pull_requests,
        next_audit=next_audit.isoformat(timespec="minutes") if next_audit else None,
        pings=tuple(pings),
        problems=tuple(left.problems),
        demo=demo,
    )
    return replace(status, recommendations=tuple(_recommendations(status)))


def _services(document: DriftDocument | None, catalog: Mapping[str, Any] | None) -> Iterable[ServiceLine]:
    known = {
        (entry.get("host"), entry.get("stack") or "", entry.get("service")): entry
        for entry in (catalog or {}).get("services") or ()
    }
    seen = set()
    for verdict in document.services if document else ():
        key = (verdict.host, verdict.stack or "", verdict.service)
        seen.add(key)
        entry = known.get(key, {})
        state = {"stopped": "stopped", "missing": "missing", "unreachable": "unknown", "unknown": "unknown"}.get(
            verdict.status
        )
        state = state or entry.get("state") or "running"
        health = entry.get("health") if state == "running" else None
        yield ServiceLine(
            host=verdict.host,
            stack=verdict.stack,
            service=verdict.service,
            state=state,
            health=health,
            drift=verdict.status,
        )
    for key, entry in known.items():
        if key not in seen:
            yield ServiceLine(
                host=str(key[0]),
                stack=entry.get("stack"),
                service=str(key[2]),
                state=str(entry.get("state") or "unknown"),
                health=entry.get("health"),
                drift="not audited",
            )


def _asks(line: ServiceLine) -> bool:
    if line.drift == "clean":
        # A job that has done its work is stopped, and right so.
        return line.health == "unhealthy" or line.state in {"restarting", "paused"}
    return line.drift not in {"not audited", "unreachable"} or line.health == "unhealthy" or line.state in _NOT_WELL


def _host(name: str, document: DriftDocument | None, lines: Sequence[ServiceLine]) -> HostLine:
    seen = next((host for host in document.hosts if host.name == name), None) if document else None
    return HostLine(
        name=name,
        reachable=seen is not None and seen.status == "captured",
        error=(seen.error or "") if seen else "never audited",
        services=len(lines),
        running=sum(line.state == "running" for line in lines),
        stopped=sum(line.state in _NOT_WELL for line in lines),
        unhealthy=sum(line.health == "unhealthy" for line in lines),
        unknown=sum(line.state == "unknown" for line in lines),
        drifted=sum(line.drift not in {"clean", "not audited", "unreachable"} for line in lines),
    )


def _audit(document: DriftDocument | None, now: datetime) -> AuditLine | None:
    if document is None:
        return None
    age = now - datetime.fromisoformat(document.generated_at)
    result = {0: "clean", 1: "drifted"}.get(document.exit_code, "incomplete")
    return AuditLine(
        at=document.generated_at,
        age_seconds=int(age.total_seconds()),
        stale=age > STALE_AUDIT,
        result=result,
        summary=document.summary,
    )


def _pipeline(result: Mapping[str, Any] | None, now: datetime) -> PipelineLine | None:
    if result is None:
        return None
    at = str(result.get("generated_at") or "")
    age = now - datetime.fromisoformat(at)
    checks = [check for check in result.get("checks") or () if isinstance(check, Mapping)]
    statuses = {str(check.get("status")) for check in checks}
    broken = next((check for check in checks if check.get("status") == "fail"), None)
    titles = {link.get("link"): link.get("title") for link in result.get("chain") or () if isinstance(link, Mapping)}
    first = result.get("first_broken") or broken or {}
    cause = next((c for c in checks if c.get("id") == first.get("check")), broken or {})
    link = str(first.get("link") or "")
    return PipelineLine(
        at=at,
        age_seconds=int(age.total_seconds()),
        stale=age > STALE_PIPELINE,
        result="fail"
        if "fail" in statuses
        else "unknown"
        if statuses & {"unknown", "blocked"} or not checks
        else "pass",
        passed=str((result.get("summary") or {}).get("text") or ""),
        link=str(titles.get(link) or link),
        cause=str(cause.get("title") or cause.get("cause") or ""),
        health_only=bool(result.get("health_only")),
    )


def _recommendations(status: Status) -> Iterable[str]:
    if status.problems:
        yield "Delete or mend the files that can't be read; the next run writes them anew."
    silent = [ping.name for ping in status.pings if ping.milliseconds is None]
    if silent:
        verb = " and others do" if len(silent) > 6 else " does" if len(silent) == 1 else " do"
        yield f"See why {', '.join(silent[:6])}{verb} not answer."
    if status.audit is None:
        yield "Run the first audit: drift-detector audit"
    elif status.audit.result == "incomplete":
        unreachable = [host.name for host in status.hosts if not host.reachable]
        yield (
            f"Make {', '.join(unreachable)} reachable, then: drift-detector audit"
            if unreachable
            else "See what could not be audited: drift-detector audit"
        )
    elif status.audit.stale:
        yield "The last audit is old: drift-detector audit"
    ill = [line for line in status.attention if line.health == "unhealthy" or line.state in _NOT_WELL]
    if ill:
        names = ", ".join(dict.fromkeys(line.service for line in ill[:6]))
        yield f"Look at {names}{' and others' if len(ill) > 6 else ''}: docs/troubleshooting/service-does-not-start.md"
    if status.audit and status.audit.summary.get("drifted"):
        yield "Decide on the drift: drift-detector remediate shows the pull requests, --open opens them"
    if status.audit and (status.audit.summary.get("unmanaged") or status.audit.summary.get("orphan")):
        yield "Adopt or remove what git does not know: drift-detector adopt CONTAINER"
    if status.pull_requests:
        count = len(status.pull_requests)
        yield f"Review {count} open {noun(count, 'pull request')}"
    if status.pipeline_configured:
        yield from _about_pipeline(status.pipeline)


def _about_pipeline(pipeline: PipelineLine | None) -> Iterable[str]:
    if pipeline is None:
        yield "Test the media pipeline: drift-detector pipeline"
    elif pipeline.result == "fail":
        cause = f": {pipeline.cause}" if pipeline.cause else ""
        yield f"Repair the media pipeline at {pipeline.link}{cause}"
    elif pipeline.stale or pipeline.result == "unknown":
        yield "Test the media pipeline again: drift-detector pipeline"
