"""The drift document as findings with a place, for workflow annotations and SARIF."""

from collections.abc import Iterator

from homelab_assets.drift.document import DriftDocument, ServiceDrift
from homelab_assets.rendering import drift_words as words
from homelab_assets.rendering.findings import Finding, Level, Rule

_LEVELS: dict[str, Level] = {"breaking": "error", "functional": "warning", "cosmetic": "note"}

RULES = (
    *(
        Rule(
            id=f"drift/{severity}",
            title=f"{severity} drift",
            level=level,
            rationale="What runs differs from what git says.",
            remedy="Backport the change to git, or deploy what git says.",
        )
        for severity, level in _LEVELS.items()
    ),
    Rule(id="drift/missing", title="service without a container", level="error"),
    Rule(id="drift/stopped", title="service that is stopped", level="warning"),
    Rule(id="drift/unmanaged", title="container without a baseline", level="warning"),
    Rule(id="drift/orphan", title="container whose service is not in git", level="warning"),
    Rule(id="drift/unknown", title="service that could not be judged", level="warning"),
    Rule(id="audit/incomplete", title="something could not be audited", level="error"),
)


def drift_findings(document: DriftDocument) -> list[Finding]:
    """Return one finding per difference, per service that is not clean for another reason, and per problem.

    Files are relative to their repository. Secrets stand as `<secret>`.
    """
    found = [finding for service in document.services for finding in _of(service)]
    return [*found, *_problems(document)]


def _of(service: ServiceDrift) -> Iterator[Finding]:
    if service.status in {"clean", "unreachable"}:
        return
    advice = words.advice(service).replace("`", "")
    for item in service.items:
        yield Finding(
            rule=f"drift/{item.severity}",
            level=_LEVELS[item.severity],
            message=f"{words.name(service)}: {item.path} {_difference(item.change, item.baseline, item.running)}.",
            file=item.file or service.file,
            line=item.line or service.line,
            remedy=words.remedy_of(item) if item.of_definition else advice,
        )
    if not service.items:
        yield Finding(
            rule=f"drift/{service.status}",
            level="error" if service.status == "missing" else "warning",
            message=f"{words.name(service)}: {words.STATUSES[service.status]}.",
            file=service.file,
            line=service.line,
            remedy=advice,
        )


def _difference(change: str, baseline: object, running: object) -> str:
    match change:
        case "added":
            return f"is {words.value(running)} on the host and not in git"
        case "removed":
            return f"is {words.value(baseline)} in git and not on the host"
        case _:
            return f"is {words.value(baseline)} in git and {words.value(running)} on the host"


def _problems(document: DriftDocument) -> Iterator[Finding]:
    for host in document.hosts:
        if host.status != "captured":
            yield Finding(
                rule="audit/incomplete",
                level="error",
                message=f"{host.name} was not audited: {host.error}.",
                remedy=host.hint or "",
            )
    for problem in document.problems:
        if problem.get("kind") == "host":
            continue
        file, _, line = str(problem.get("where") or "").rpartition(":")
        placed = bool(file) and line.isdecimal() and not file.startswith("/")
        yield Finding(
            rule="audit/incomplete",
            level="error",
            message=f"{words.place(problem) or problem.get('stack') or 'the audit'}: {problem.get('what')}.",
            file=file if placed else None,
            line=int(line) if placed else None,
            remedy=problem.get("hint") or "",
        )
