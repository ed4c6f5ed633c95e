"""The drift document for a terminal: worst first, one line an item, a last line that counts."""

from collections.abc import Iterator, Sequence

from homelab_assets.drift.document import SEVERITIES, DriftDocument, HostStatus, Item, ServiceDrift
from homelab_assets.rendering import drift_words as words
from homelab_assets.rendering.markdown import terminal_safe
from homelab_assets.rendering.nouns import counted
from homelab_assets.rendering.painter import Painter

_COLORS = {"breaking": "red", "functional": "yellow", "cosmetic": "cyan"}
_SIGNS = {"changed": "~", "added": "+", "removed": "-"}
_LONGEST = 160


def drift_terminal(document: DriftDocument, *, color: bool, verbose: bool = False) -> str:
    """Render a drift document for people at a terminal.

    Args:
        color: severities in colour.
        verbose: clean services, evidence, provenance and full values too.
    """
    painter = Painter(color)
    blocks = ["\n".join(_host(host, painter) for host in document.hosts)]
    found = [
        service for service in document.services if service.status not in {"clean", "unreachable"} or service.items
    ]
    found.sort(key=lambda s: (SEVERITIES.index(s.severity) if s.severity else 9, s.status))
    blocks += [_service(service, painter, verbose) for service in found if not _unjudged(service)]
    blocks += _together([service for service in found if _unjudged(service)], painter)
    if verbose:
        blocks.append(
            "\n".join(
                f"{painter.green('=')} {terminal_safe(words.name(s))}  {s.evidence}"
                for s in document.services
                if s.status == "clean"
            )
        )
    blocks.append(
        "\n".join(_problem(problem, painter) for problem in document.problems if problem.get("kind") != "host")
    )
    blocks.append("\n".join(f"note: {terminal_safe(notice)}" for notice in document.notices))
    if document.ignored and verbose:
        blocks.append(
            "\n".join(
                f"ignored: {terminal_safe(f'{i.host}/{i.service} {i.path}')} ({terminal_safe(i.reason)})"
                for i in document.ignored
            )
        )
    blocks.append(_last_line(document, painter))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _severity(severity: str | None, painter: Painter) -> str:
    return painter(severity, fg=_COLORS.get(severity), bold=severity == "breaking") if severity else ""


def _host(host: HostStatus, painter: Painter) -> str:
    name = terminal_safe(host.name)
    if host.status == "unreachable":
        hint = f"\n  {terminal_safe(host.hint)}" if host.hint else ""
        return f"{painter.bold(name)}  {painter.red('NOT AUDITED')}  {terminal_safe(host.error or '')}{hint}"
    engine = painter.dim(f"engine {terminal_safe(host.engine or '?')}")
    return f"{painter.bold(name)}  {counted(host.containers, 'container')}  {engine}"


def _unjudged(service: ServiceDrift) -> bool:
    return service.status == "unknown" and not service.items


def _together(services: Sequence[ServiceDrift], painter: Painter) -> Iterator[str]:
    """Say once why services are not judged: a repository that can't be read is the reason of many."""
    why: dict[str, list[ServiceDrift]] = {}
    for service in services:
        why.setdefault(service.note or "", []).append(service)
    for note, alike in why.items():
        head = ": ".join(
            part for part in (painter(words.STATUSES["unknown"], fg="yellow"), terminal_safe(note)) if part
        )
        yield "\n".join([head, *(f"    {_named(service, painter)}" for service in alike)])


def _named(service: ServiceDrift, painter: Painter) -> str:
    return "  ".join([painter.bold(terminal_safe(words.name(service))), *_place(service, painter)])


def _place(service: ServiceDrift, painter: Painter) -> list[str]:
    place = f"{service.file}:{service.line}" if service.file and service.line else service.file
    return [painter.dim(terminal_safe(place))] if place else []


def _service(service: ServiceDrift, painter: Painter, verbose: bool) -> str:
    facts = [painter.bold(terminal_safe(words.name(service)))]
    if service.status != "drifted":
        facts.append(painter(words.STATUSES[service.status], fg="yellow"))
    if service.severity:
        facts.append(_severity(service.severity, painter))
    if service.cause:
        facts.append(words.CAUSES[service.cause])
    lines = ["  ".join([*facts, *_place(service, painter)])]
    if service.note:
        lines.append(f"    {terminal_safe(service.note)}")
    lines += [_item(item, painter, verbose) for item in service.items]
    advice = words.advice(service)
    if advice:
        lines.append(painter.dim(f"    {terminal_safe(advice)}"))
    return "\n".join(lines)


def _item(item: Item, painter: Painter, verbose: bool) -> str:
    sign = painter(_SIGNS[item.change], fg=_COLORS[item.severity], bold=True)
    baseline, running = (_short(words.value(shown), verbose) for shown in (item.baseline, item.running))
    match item.change:
        case "changed":
            text = f"{baseline} -> {running}"
        case "added":
            text = f"{running}  {painter.dim('(not in git)')}"
        case "removed":
            text = f"{baseline}  {painter.dim('(not running)')}"
    extra = ""
    if verbose:
        seen = f"since {item.first_seen}" if item.first_seen else ""
        where = f"{item.file}:{item.line}" if item.file and item.line else ""
        extra = painter.dim(
            "  " + terminal_safe("  ".join(part for part in (item.severity, item.provenance, where, seen) if part))
        )
    note = f"  ({terminal_safe(item.note)})" if item.note else ""
    return f"  {sign} {terminal_safe(item.path)}  {text}{note}{extra}"


def _short(text: str, verbose: bool) -> str:
    text = terminal_safe(text)
    return text if verbose or len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _problem(problem: object, painter: Painter) -> str:
    assert isinstance(problem, dict)
    where = f"{place}: " if (place := words.place(problem)) else ""
    hint = f"\n  {terminal_safe(problem['hint'])}" if problem.get("hint") else ""
    return painter.red("problem") + " " + terminal_safe(f"{where}{problem.get('what')}") + hint


def _last_line(document: DriftDocument, painter: Painter) -> str:
    text = words.headline(document)
    commits = ", ".join(f"{b.repository}@{b.commit[:10] or 'working tree'}" for b in document.baselines)
    counts = document.summary
    text += f"\n{counts['verified']} of {counts['services']} verified by Compose's hash"
    text += f"; compared with {commits}" if commits else ""
    return painter.green(text) if document.exit_code == 0 else text
