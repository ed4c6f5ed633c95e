"""The drift document, put together from the verdicts."""

from collections.abc import Iterable, Sequence

from msgspec import to_builtins
from msgspec.structs import replace

from homelab_assets.drift.document import BaselineRef, DriftDocument, HostStatus, Ignored, ServiceDrift
from homelab_assets.model import Baseline, CaptureResult, Problem, Unreachable


def assembled(
    captures: Sequence[CaptureResult],
    baselines: Sequence[Baseline],
    verdicts: Sequence[ServiceDrift],
    *,
    now: str,
    ignored: Sequence[Ignored],
    problems: Sequence[Problem],
    notices: tuple[str, ...],
) -> DriftDocument:
    """Put a document together: everything in its order, each host with its coverage, each baseline once."""
    by_host: dict[str, list[ServiceDrift]] = {}
    for service in verdicts:
        by_host.setdefault(service.host, []).append(service)
    services = sorted(verdicts, key=lambda s: (s.host, s.stack or "", s.service, s.container or ""))
    return DriftDocument(
        generated_at=now,
        hosts=tuple(
            _host_status(capture, by_host.get(capture.host, ()), ignored)
            for capture in sorted(captures, key=lambda c: c.host)
        ),
        baselines=_references(baselines),
        services=tuple(services),
        problems=to_builtins(tuple(problems)),
        ignored=tuple(sorted(ignored, key=lambda i: (i.host, i.stack or "", i.service, i.path))),
        notices=notices,
    )


def _host_status(capture: CaptureResult, mine: Sequence[ServiceDrift], ignored: Iterable[Ignored]) -> HostStatus:
    coverage = {
        "services": len(mine),
        "compared": sum(service.compared for service in mine),
        "uncompared": sum(len(service.uncompared) for service in mine),
        "ignored": sum(one.host == capture.host for one in ignored),
        "verified": sum(service.evidence == "verified" for service in mine),
    }
    if isinstance(capture, Unreachable):
        return HostStatus(
            name=capture.host,
            status="unreachable",
            error=capture.error,
            hint=capture.hint,
            captured_at=capture.captured_at,
            seconds=capture.seconds,
            coverage=coverage,
        )
    version = capture.engine.get("version") or {}
    return HostStatus(
        name=capture.host,
        status="captured",
        containers=len(capture.containers),
        captured_at=capture.captured_at,
        engine=str(version.get("Version")) if version.get("Version") else None,
        seconds=capture.seconds,
        coverage=coverage,
    )


def _references(baselines: Sequence[Baseline]) -> tuple[BaselineRef, ...]:
    found: dict[tuple[str, str, str], BaselineRef] = {}
    stacks: dict[tuple[str, str, str], set[str]] = {}
    for baseline in baselines:
        key = (baseline.repository, baseline.ref, baseline.commit)
        stacks.setdefault(key, set()).add(baseline.stack)
        one = found.get(key) or BaselineRef(repository=baseline.repository, ref=baseline.ref, commit=baseline.commit)
        latest = max((date for date in (one.committed_at, baseline.committed_at) if date), default=None)
        found[key] = replace(one, committed_at=latest, stacks=len(stacks[key]))
    return tuple(found[key] for key in sorted(found))
