"""`docs/architecture/`: each diagram with the same in words under it."""

from collections.abc import Iterable, Sequence

from homelab_assets.documentation import media_flow, networks, topology, words
from homelab_assets.documentation.access import Access
from homelab_assets.documentation.catalog import version_of
from homelab_assets.documentation.dependencies import Map
from homelab_assets.documentation.estate import Estate, Service
from homelab_assets.documentation.links import slug
from homelab_assets.documentation.markers import block, seen
from homelab_assets.documentation.mermaid import Chart
from homelab_assets.rendering.markdown import cell, details, link
from homelab_assets.rendering.nouns import counted

FOLDER = "architecture"
_LEGEND = "Red does not run as it should, amber is not as git says."


def architecture_documents(estate: Estate, dependencies: Map) -> dict[str, str]:
    """Render the diagrams: path below `docs/` to text."""
    documents = {
        f"{FOLDER}/hosts.md": _hosts(estate),
        f"{FOLDER}/media-flow.md": _media(estate, dependencies),
    }
    access = Access(estate)
    for host in estate.hosts:
        documents[f"{FOLDER}/services-{slug(host.name)}.md"] = _services(estate, host.name)
        documents[f"{FOLDER}/networks-{slug(host.name)}.md"] = _networks(estate, host.name, access)
    return {f"{FOLDER}/README.md": _index(estate), **dict(sorted(documents.items()))}


def _document(title: str, estate: Estate, parts: Iterable[str]) -> str:
    head = [words.DEMO] if estate.demo else []
    body = "\n\n".join(part.strip("\n") for part in [*head, seen(estate.generated_at), *parts] if part)
    return f"# {title}\n\n{block('architecture', body)}\n{words.NOTES}"


def _figure(chart: Chart, lines: Sequence[str]) -> str:
    return chart.fenced() + "\n\n" + details("The same in words", "\n".join(f"- {line}" for line in lines))


def _index(estate: Estate) -> str:
    lines = [
        f"- {link('Hosts', 'hosts.md')}: where the audit runs, what it reaches, what git deploys where",
        f"- {link('Flow of media', 'media-flow.md')}: from request to screen",
    ]
    for host in estate.hosts:
        services = f"{link('services', f'services-{slug(host.name)}.md')}"
        lines.append(f"- {cell(host.name)}: {services}, {link('networks', f'networks-{slug(host.name)}.md')}")
    lines.append(
        f"- {link('Dependencies', '../dependencies.md')}: which service needs which, and what breaks if one stops"
    )
    return _document("Architecture", estate, ["\n".join(lines)])


def _hosts(estate: Estate) -> str:
    parts = ["Dashed arrows: what git deploys there. Solid ones: how the audit reads each engine."]
    for hosts, chart in topology.hosts_charts(estate):
        lines = []
        for host in hosts:
            if host.captured:
                size = f", {host.cpus} processors" if host.cpus else ""
                size += f", {host.memory / 2**30:.1f} GiB of memory" if host.memory else ""
                machine = f"{words.text(host.system)} ({words.text(host.architecture)})"
                what = f"engine {words.text(host.engine)} on {machine}{size}"
            else:
                what = f"**not captured**: {words.text(host.error)}"
            named = f", {words.text(host.description)}" if host.description else ""
            how = "read from a recording" if host.connection == "recorded" else f"reached by {host.connection}"
            reached = f", {words.text(how)}" if host.connection else ""
            services = counted(len(estate.on(host.name)), "service")
            lines.append(f"**{cell(host.name)}** ({words.mono(host.address)}{named}){reached}: {what}; {services}")
        if list(hosts[:1]) == list(estate.hosts[:1]):
            lines += _beside_hosts(estate)
        parts.append(_figure(chart, lines))
    return _document("Hosts", estate, parts)


def _beside_hosts(estate: Estate) -> list[str]:
    idle = [
        f"{words.mono(name)}: deploys no stack; its structure is checked" for name in topology.idle_repositories(estate)
    ]
    return [*idle, *([f"**{cell(estate.runs_on)}**: the audit runs here"] if estate.runs_on else [])]


def _services(estate: Estate, host: str) -> str:
    parts = [f"Services by stack. {_LEGEND}"]
    stacks = estate.stacks(host)
    for names, chart in topology.services_charts(estate, host):
        lines = [
            f"**{words.text(name) or 'started by hand'}**: " + "; ".join(_one(service) for service in stacks[name])
            for name in names
        ]
        parts.append(_figure(chart, lines))
    if not stacks:
        parts.append("Nothing is known of this host's services.")
    return _document(f"Services on {cell(host)}", estate, parts)


def _one(service: Service) -> str:
    version = version_of(service)[0]
    facts = [words.text(version)] if version else []
    condition = topology.condition_of(service)
    facts += [f"**{condition}**"] if condition else []
    return words.mono(service.name) + (f" ({', '.join(facts)})" if facts else "")


def _networks(estate: Estate, host: str, access: Access) -> str:
    parts: list[str] = []
    for number, (services, chart) in enumerate(networks.routing_charts(estate, host, access)):
        parts += [] if number else ["## Through Traefik"]
        lines = (
            f"{words.mono(s.name)}: " + (words.joined(map(words.mono, access.names(s)), most=20) or "no name is known")
            for s in services
        )
        parts.append(_figure(chart, list(lines)))
    sharers = {parent.key: shared for parent, shared in networks.namespaces(estate, host)}
    for number, (parents, chart) in enumerate(networks.namespace_charts(estate, host)):
        parts += (
            []
            if number
            else [
                "## Shared network namespaces",
                "What lives in another container's network, as behind a VPN, has no way out but through it.",
            ]
        )
        lines = (f"{words.names(sharers[p.key], most=50)} through {words.mono(p.name)}" for p in parents)
        parts.append(_figure(chart, list(lines)))
    members = networks.network_members(estate, host)
    for number, (names, chart) in enumerate(networks.network_charts(estate, host)):
        parts += (
            []
            if number
            else [
                "## Shared networks",
                "Networks that several services are attached to. On one network they reach one another by name.",
            ]
        )
        parts.append(_figure(chart, [f"{words.mono(name)}: {words.names(members[name], most=50)}" for name in names]))
    alone = [
        f"{words.mono(name)} ({words.names(services)})" for name, services in members.items() if len(services) == 1
    ]
    if alone:
        parts.append(f"Networks with one service: {words.joined(alone, most=100)}.")
    return _document(f"Networks on {cell(host)}", estate, parts or ["No networks are known here."])


def _media(estate: Estate, dependencies: Map) -> str:
    flows = media_flow.media_flows(estate, dependencies)
    if not flows:
        return _document("Flow of media", estate, ["No media applications run here that work together."])
    gateways = {
        service.key: parent.name
        for host in estate.hosts
        for parent, services in networks.namespaces(estate, host.name)
        for service in services
    }
    legend = (
        "Solid arrows were seen: in shared folders, in variables, or in the applications' own settings. Dashed ones "
        "are how these applications usually work together; `drift-detector pipeline` proves them."
    )
    charts = media_flow.media_charts(flows, gateways)
    figures = []
    for shown, chart in charts:
        figures += [f"## {cell(shown[0].host)}"] if len(charts) > 1 else []
        figures.append(_figure(chart, [_said(flow) for flow in shown]))
    drawn = {id(flow) for shown, _ in charts for flow in shown}
    rest = [f"- {_said(flow)}" for flow in flows if id(flow) not in drawn]
    return _document("Flow of media", estate, [legend, *figures, "\n".join(rest)])


def _said(flow: media_flow.Flow) -> str:
    return f"{_end(flow.source)} → {_end(flow.target)}: {words.text(flow.what)}" + ("" if flow.seen else " (not seen)")


def _end(end: Service | str) -> str:
    return words.mono(end if isinstance(end, str) else end.name)
