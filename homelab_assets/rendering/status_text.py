"""The status for a terminal and as Markdown."""

from collections.abc import Sequence
from datetime import datetime

from homelab_assets.documentation.status import HostLine, ServiceLine, Status
from homelab_assets.rendering.markdown import cell, table, terminal_safe
from homelab_assets.rendering.nouns import counted, noun
from homelab_assets.rendering.painter import Painter
from homelab_assets.secrecy import show

_MOST = 15


def status_terminal(status: Status, *, color: bool, verbose: bool = False) -> str:
    """Render the status for people at a terminal.

    Args:
        verbose: all services that ask for attention, not only the first.
    """
    paint = Painter(color)
    width = max((len(host.name) for host in status.hosts), default=0)
    blocks = [["the bundled demo lab; drift-detector init points it at your own homelab"]] if status.demo else []
    blocks.append([_host(host, width, paint) for host in status.hosts])
    most = None if verbose else _MOST
    lines = [f"  {_service(line)}" for line in status.attention[:most]]
    if most is not None and len(status.attention) > most:
        lines.append(paint.dim(f"  … and {len(status.attention) - most} more (-v shows all)"))
    blocks += [lines] if lines else []
    blocks.append([f"{word:<10} {text}" for word, text in _facts(status, paint)])
    if status.pings:
        blocks.append([_ping(ping.name, ping.address, ping.milliseconds, ping.error, paint) for ping in status.pings])
    blocks += [[paint.red("problem ") + _safe(text) for text in status.problems]] if status.problems else []
    blocks += (
        [["What to do next:", *(f"  - {_safe(text)}" for text in status.recommendations)]]
        if status.recommendations
        else []
    )
    if status.exit_code == 0:
        blocks.append([paint.green("all is well")])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def status_markdown(status: Status) -> str:
    """Render the status as Markdown."""
    rows = [
        (cell(host.name), "yes" if host.reachable else f"**no**: {cell(show(host.error))}", *map(str, _counts(host)))
        for host in status.hosts
    ]
    headers = ("host", "audited", "services", "running", "stopped", "unhealthy", "not as git says")
    parts = ["# Status", table(headers, rows, right=(2, 3, 4, 5, 6))]
    parts.append("\n".join(f"- {word}: {cell(text)}" for word, text in _facts(status, Painter(False))))
    if status.attention:
        parts += ["## What asks for attention", "\n".join(f"- {cell(_service(line))}" for line in status.attention)]
    if status.pings:
        parts += [
            "## Answers",
            "\n".join(
                f"- {cell(_ping(p.name, p.address, p.milliseconds, p.error, Painter(False)))}" for p in status.pings
            ),
        ]
    if status.problems:
        parts += ["## Problems", "\n".join(f"- {cell(text)}" for text in status.problems)]
    if status.recommendations:
        parts += ["## What to do next", "\n".join(f"- {cell(text)}" for text in status.recommendations)]
    return "\n\n".join(parts) + "\n"


def age(seconds: int) -> str:
    """Say how long ago something was."""
    if seconds < 0:
        return "in the future (compare the clocks)"
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {noun(count, word)} ago"
    return "just now"


def _safe(text: object) -> str:
    return terminal_safe(show(str(text)))


def _counts(host: HostLine) -> Sequence[int]:
    return (host.services, host.running, host.stopped, host.unhealthy, host.drifted)


def _host(host: HostLine, width: int, paint: Painter) -> str:
    name = paint.bold(f"{_safe(host.name):<{width}}")
    if not host.reachable:
        return f"{name}  {paint.red('NOT AUDITED')}  {_safe(host.error)}"
    facts = [f"{host.services:>3} service{' ' if host.services == 1 else 's'}", f"{host.running:>3} running"]
    facts += [paint.red(f"{host.stopped} stopped")] if host.stopped else []
    facts += [paint.red(f"{host.unhealthy} unhealthy")] if host.unhealthy else []
    facts += [f"{host.unknown} unknown"] if host.unknown else []
    facts += [paint.yellow(f"{host.drifted} not as git says")] if host.drifted else [paint.green("as git says")]
    return f"{name}  " + "  ".join(facts)


def _service(line: ServiceLine) -> str:
    place = " / ".join(part for part in (line.host, line.stack, line.service) if part)
    facts = [line.health] if line.health == "unhealthy" else []
    facts += [line.state] if line.state not in {"running", "unknown"} else []
    facts += [line.drift] if line.drift not in {"clean", "not audited", *facts} else []
    return _safe(f"{place}  {', '.join(facts)}")


def _facts(status: Status, paint: Painter) -> list[tuple[str, str]]:
    facts = [("audit", _audit(status, paint))]
    if status.pipeline_configured or status.pipeline:
        facts.append(("pipeline", _pipeline(status, paint)))
    if status.pull_requests is not None:
        count = len(status.pull_requests)
        listed = "; ".join(_safe(pull.get("url") or pull.get("title") or "?") for pull in status.pull_requests[:3])
        facts.append(("pull requests", f"{count} open" + (f": {listed}" if listed else "")))
    if status.next_audit:
        when = datetime.fromisoformat(status.next_audit)
        facts.append(("next audit", f"{when:%Y-%m-%d %H:%M %Z}".strip() + " (while Dagster's daemon runs)"))
    return facts


def _audit(status: Status, paint: Painter) -> str:
    audit = status.audit
    if audit is None:
        return paint.red("never")
    when = f"{age(audit.age_seconds)} ({audit.at[:16].replace('T', ' ')} UTC)"
    when = paint.yellow(f"{when}, stale") if audit.stale else when
    counts = audit.summary
    if audit.result == "clean":
        return f"{when}  {paint.green('clean')}"
    kinds = ("drifted", "missing", "stopped", "orphan", "unmanaged", "unreachable", "unknown")
    found = ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts.get(kind)) or "no drift"
    services = counts.get("services", 0)
    told = f"{found} of {counted(services, 'service')}"
    if audit.result == "incomplete":
        return f"{when}  {paint.red('incomplete')}: {told}"
    return f"{when}  {paint.yellow(told)}"


def _pipeline(status: Status, paint: Painter) -> str:
    pipeline = status.pipeline
    if pipeline is None:
        return paint.yellow("never tested")
    when = age(pipeline.age_seconds) + (", stale" if pipeline.stale else "")
    what = "health only, " if pipeline.health_only else ""
    passed = f" ({what}{pipeline.passed} checks)" if pipeline.passed else ""
    match pipeline.result:
        case "pass":
            return f"{when}  {paint.green('passes')}{passed}"
        case "fail":
            cause = f": {_safe(pipeline.cause)}" if pipeline.cause else ""
            return f"{when}  {paint.red('broken at ' + _safe(pipeline.link))}{cause}{passed}"
        case _:
            return f"{when}  {paint.yellow('not everything could be judged')}{passed}"


def _ping(name: str, address: str, milliseconds: int | None, error: str, paint: Painter) -> str:
    answer = f"{milliseconds} ms" if milliseconds is not None else paint.red(f"no answer: {_safe(error)}")
    return f"  {_safe(name)}  {_safe(address)}  {answer}"
