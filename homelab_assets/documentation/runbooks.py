"""`docs/troubleshooting/`: what to do when something fails, by what happened and by service."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from homelab_assets.documentation import words
from homelab_assets.documentation.commands import folder_of, is_portainers
from homelab_assets.documentation.dependencies import Map
from homelab_assets.documentation.estate import Estate, Service
from homelab_assets.documentation.generate import Material
from homelab_assets.documentation.links import (
    TROUBLESHOOTING,
    anchor,
    runbook_for_check,
    runbook_for_drift,
    runbook_for_service,
    slug,
)
from homelab_assets.documentation.markers import block, seen
from homelab_assets.documentation.rebuild import is_within, rebuild_documents
from homelab_assets.documentation.service_runbooks import service_runbooks
from homelab_assets.documentation.topology import style_of
from homelab_assets.media.causes import Cause, causes
from homelab_assets.rendering.markdown import link, table

if TYPE_CHECKING:
    from jinja2 import Environment

_PAGES: Mapping[str, tuple[str, str, Sequence[str]]] = {
    "services-down": (
        "An application does not answer",
        "An application is down, answers wrongly, or is asked at the wrong address.",
        (
            "overseerr",
            "radarr",
            "sonarr",
            "prowlarr",
            "qbittorrent",
            "plex",
        ),
    ),
    "api-keys": (
        "An API key is refused",
        "A credential is missing, wrong, or one application holds an old copy of another's.",
        (
            "prowlarr",
            "radarr",
            "sonarr",
            "overseerr",
        ),
    ),
    "vpn": (
        "The VPN is down or leaks",
        "Downloads must leave through the VPN, or not at all. In doubt stop the download client first.",
        (
            "gluetun",
            "qbittorrent",
        ),
    ),
    "qbittorrent-login": (
        "qBittorrent does not let us in",
        "The login fails although the password may be right. Each further try prolongs a ban.",
        ("qbittorrent",),
    ),
    "indexers": (
        "Searches find nothing",
        "Indexers, applications or download clients are missing, switched off or paused.",
        (
            "prowlarr",
            "flaresolverr",
        ),
    ),
    "paths": (
        "Downloads are not imported",
        "Two applications mean different folders by one path, or a folder is not there.",
        (
            "radarr",
            "sonarr",
            "qbittorrent",
        ),
    ),
    "requests": (
        "Requests go nowhere",
        "Requests are accepted and lead to nothing.",
        (
            "overseerr",
            "radarr",
            "sonarr",
        ),
    ),
    "plex-scan": (
        "Plex does not show new titles",
        "Files are imported, and the library does not show them.",
        ("plex",),
    ),
}
_SYSTEM = ("/var/run", "/run", "/dev", "/proc", "/sys", "/etc")
_SAFE_PROSE = re.compile(r"<(?![ =])")


def runbook_documents(material: Material, dependencies: Map) -> dict[str, str]:
    """Render all runbooks: path below `docs/` to text."""
    estate, pipeline = material.estate, material.pipeline
    scenarios: dict[str, dict[str, object]] = {
        "service-does-not-start": {"odd": _states(estate)},
        "drift-detected": {"drifted": _drifted(estate)},
        "host-unreachable": {"hosts": estate.hosts},
        "disk-full": {"data": _data(estate)},
        "rollback": {"stacks": list(_stacks(estate))},
        "rebuild-a-host": {"hosts": estate.hosts},
    }
    documents = {
        f"{TROUBLESHOOTING}/{name}.md": _render(f"{name}.md.j2", estate, reports=material.reports, **values)
        for name, values in scenarios.items()
    }
    for page in _PAGES:
        documents[f"{TROUBLESHOOTING}/{page}.md"] = _pipeline_page(page, estate, pipeline or {})
    pages = [(title, f"{page}.md") for page, (title, _, _) in _PAGES.items()]
    documents[f"{TROUBLESHOOTING}/README.md"] = _render(
        "index.md.j2", estate, pipeline=pages, services=list(_index(estate))
    )
    documents |= rebuild_documents(estate, dependencies)
    return documents | service_runbooks(
        estate, dependencies, purposes=material.purposes, forges=material.forges, pipeline=pipeline
    )


def _pipeline_page(page: str, estate: Estate, pipeline: Mapping[str, Any]) -> str:
    title, intro, names = _PAGES[page]
    listed: list[Cause] = [cause for cause in causes().values() if cause.runbook == page]
    failed = [
        check
        for check in pipeline.get("checks") or ()
        if check.get("runbook") == page and check.get("status") in {"fail", "unknown"}
    ]
    services = [(service.title, _here(service)) for service in estate.services if service.name.lower() in names]
    when = str(pipeline.get("generated_at") or "")[:16].replace("T", " ")
    plain = [{key: check.get(key) for key in ("id", "name", "status", "title", "why")} for check in failed]
    for one, check in zip(plain, failed, strict=True):
        one["place"] = runbook_for_check(check).partition("#")[2]
    return _render(
        "pipeline.md.j2", estate, title=title, intro=intro, causes=listed, failed=plain, services=services, when=when
    )


def _render(template: str, estate: Estate, **values: Any) -> str:
    def generated(name: str, caller: Any) -> str:
        head = [words.DEMO] if estate.demo else []
        body = "\n\n".join(part.strip("\n") for part in [*head, seen(estate.generated_at), caller()])
        return block(name, _tidy(body))

    text = _environment().get_template(template).render(generated=generated, **values)
    return f"{text.strip()}\n\n{words.NOTES}"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(  # noqa: S701  # Markdown, not HTML: the filters escape
        loader=PackageLoader("homelab_assets.documentation", "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        text=words.text, mono=words.mono, anchor=anchor, slug=slug, prose=lambda text: _SAFE_PROSE.sub("&lt;", text)
    )
    environment.globals["table"] = _services_table
    return environment


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text)


def _services_table(rows: Sequence[Sequence[str]]) -> str:
    return table(("service", "host", "stack", "state", "read on"), rows)


def _states(estate: Estate) -> list[Sequence[str]]:
    return [
        _line(service, words.state_of(service.state, service.health), "")
        for service in estate.services
        if style_of(service) == "bad"
    ]


def _drifted(estate: Estate) -> list[Sequence[str]]:
    rows = []
    for service in estate.services:
        if service.verdict and service.verdict.status not in {"clean", "unreachable"}:
            state = words.drift_of(service.verdict.status, len(service.verdict.items))
            rows.append(_line(service, state, runbook_for_drift(service.verdict).rpartition("/")[2]))
    return rows


def _line(service: Service, state: str, page: str) -> Sequence[str]:
    read_on = link(page.rpartition("#")[2].removesuffix(".md").replace("-", " "), page) if page else ""
    return (
        link(service.name, _here(service)),
        words.text(service.host),
        words.text(service.stack or "started by hand"),
        state,
        read_on,
    )


def _here(service: Service) -> str:
    return runbook_for_service(service).rpartition("/")[2]


def _stacks(estate: Estate) -> Iterator[tuple[str, str, str, str]]:
    for host in estate.hosts:
        for stack, services in estate.stacks(host.name).items():
            if stack:
                declared = next((service.declared for service in services if service.declared), None)
                place = f"{declared.repository}: {declared.directory}" if declared else "–"
                placed = next((service for service in services if folder_of(service)), services[0])
                folder = "in Portainer" if is_portainers(placed) else folder_of(placed) or "–"
                yield host.name, stack, folder, place


def _data(estate: Estate) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the folders that services of each host write to: those that several use, then the rest by their parent."""
    found = []
    for host in estate.hosts:
        places: dict[str, list[str]] = {}
        for service in estate.on(host.name):
            for mount in service.mounts:
                if mount.path and not mount.read_only and not is_within(mount.path, _SYSTEM):
                    users = places.setdefault(mount.path, [])
                    users += [] if service.name in users else [service.name]
        if places:
            found.append(
                (host.name, [(place, words.joined(map(words.mono, users))) for place, users in sorted(places.items())])
            )
    return found


def _index(estate: Estate) -> Iterable[tuple[str, list[tuple[str, str]]]]:
    for host in estate.hosts:
        stacks = estate.stacks(host.name)
        yield (
            host.name,
            [
                (stack, words.joined((link(s.name, _here(s)) for s in services), most=100))
                for stack, services in stacks.items()
            ],
        )
