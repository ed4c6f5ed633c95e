"""The drift document as a Markdown report that reads well on GitHub and as plain text."""

import re

from homelab_assets.documentation.links import TROUBLESHOOTING, runbook_for_drift, slug
from homelab_assets.drift.document import SEVERITIES, DriftDocument, ServiceDrift
from homelab_assets.rendering import drift_words as words
from homelab_assets.rendering import markdown
from homelab_assets.rendering.nouns import counted
from homelab_assets.rendering.templates import environment

_SIGNS = {"changed": "~", "added": "+", "removed": "−"}


def drift_markdown(document: DriftDocument, *, docs: str = "../docs") -> str:
    """Render the report. Everything that comes from hosts or repositories is escaped; secrets stand as `<secret>`.

    Args:
        docs: the way from the report to the folder of documents, for links to runbooks.
    """
    findings = [
        service for service in document.services if service.status != "clean" and service.status != "unreachable"
    ]
    findings.sort(key=lambda s: (SEVERITIES.index(s.severity) if s.severity else 9, s.status, words.name(s)))
    text = _template().render(
        document=document,
        headline=words.headline(document),
        summary=document.summary,
        findings=findings,
        clean=[service for service in document.services if service.status == "clean"],
        unaudited=[host for host in document.hosts if host.status != "captured"],
        problems=[problem for problem in document.problems if problem.get("kind") != "host"],
        uncompared=[(service, path, why) for service in document.services for path, why in service.uncompared.items()],
        new=document.new,
        gone=document.gone,
        causes=words.CAUSES,
        statuses=words.STATUSES,
        signs=_SIGNS,
        runbooks=lambda service: _runbooks(service, docs),
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _template():  # type: ignore[no-untyped-def]  # jinja2 is imported where a report is rendered, not at start-up
    loaded = environment()
    loaded.filters.update(
        cell=markdown.cell,
        code=markdown.code,
        code_cell=lambda text: markdown.code(text, in_table=True) if text else "",
        counted=counted,
        day=lambda text: text[:10],
        name=words.name,
        place=words.place,
        anchor=_anchor,
        since=_since,
        paths=_paths,
        diff=_diff,
        advice=words.advice,
    )
    return loaded.get_template("drift.md.j2")


def _runbooks(service: ServiceDrift, docs: str) -> str:
    own = f"{TROUBLESHOOTING}/{_slug(service)}.md"
    places = {"this service": own, "this finding": runbook_for_drift(service)}
    return ", ".join(markdown.link(text, f"{docs}/{place}") for text, place in places.items() if place)


def _anchor(service: ServiceDrift) -> str:
    # Letters, digits and dashes: what every renderer keeps in an anchor.
    return "service-" + re.sub(r"[._]", lambda match: f"-{ord(match[0]):x}-", _slug(service))


def _slug(service: ServiceDrift) -> str:
    return slug(service.host, service.stack or "", service.service)


def _since(service: ServiceDrift) -> str:
    return min((item.first_seen for item in service.items if item.first_seen), default="")[:10]


def _paths(service: ServiceDrift, most: int = 3) -> str:
    shown = ", ".join(markdown.code(item.path, in_table=True) for item in service.items[:most])
    return shown + (f" and {len(service.items) - most} more" if len(service.items) > most else "")


def _diff(service: ServiceDrift) -> str:
    lines = [line for item in service.items for line in words.diff_lines(item)]
    return markdown.fence("\n".join(line.replace("\n", "⏎").replace("\r", "") for line in lines), "diff")
