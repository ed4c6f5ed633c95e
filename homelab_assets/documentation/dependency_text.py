"""`docs/dependencies.md`: which service needs which and how that is known, and what breaks if one stops."""

from collections.abc import Sequence

from homelab_assets.documentation import words
from homelab_assets.documentation.dependencies import Dependency, Map
from homelab_assets.documentation.estate import Estate, Key, Service
from homelab_assets.documentation.impact import EFFECTS, Impacts
from homelab_assets.documentation.links import runbook_for_service, slug
from homelab_assets.documentation.markers import block, seen
from homelab_assets.documentation.mermaid import Chart
from homelab_assets.documentation.topology import split, style_of
from homelab_assets.rendering.markdown import cell, details, link, table
from homelab_assets.rendering.nouns import counted

DEPENDENCIES = "dependencies.md"
MOST = 300
"""Services that one document shows at most."""

_KINDS = {
    "service": "needs",
    "namespace": "lives in the network of",
    "data": "reads the files of",
    "access": "is reached through",
    "application": "is set up to use",
}


def dependency_documents(estate: Estate, dependencies: Map) -> dict[str, str]:
    """Render the map: path below `docs/` to text; a document per host where one would be too long."""
    impacts = Impacts(dependencies.dependencies)
    hosts = [host.name for host in estate.hosts]
    head = [
        words.DEMO if estate.demo else "",
        _headline(estate, dependencies),
        seen(estate.generated_at),
        _cycles(dependencies),
    ]
    if len(estate.services) <= MOST:
        parts = [part for host in hosts for part in _host(estate, dependencies, impacts, host, "##", "")]
        return {DEPENDENCIES: _document("Dependencies", [*head, *_across(dependencies), *parts])}
    index = "\n".join(f"- {link(host, f'dependencies/{slug(host)}.md')}" for host in hosts)
    documents = {DEPENDENCIES: _document("Dependencies", [*head, *_across(dependencies), "## By host", index])}
    for host in hosts:
        parts = _host(estate, dependencies, impacts, host, "", "../")
        documents[f"dependencies/{slug(host)}.md"] = _document(
            f"Dependencies on {cell(host)}", [seen(estate.generated_at), *parts]
        )
    return documents


def _document(title: str, parts: Sequence[str]) -> str:
    body = "\n\n".join(part.strip("\n") for part in parts if part)
    return f"# {title}\n\n{block('dependencies', body)}\n{words.NOTES}"


def _headline(estate: Estate, dependencies: Map) -> str:
    count = len(dependencies.dependencies)
    needy = len({dependency.source for dependency in dependencies.dependencies})
    many = "dependency", "dependencies"
    found = f"{counted(count, *many)} of {counted(needy, 'service')}, {len(estate.services)} services in all"
    return f"**{found}.** Each with its evidence."


def _cycles(dependencies: Map) -> str:
    if not dependencies.cycles:
        return "No services depend on each other in a circle."
    listed = (f"- {words.joined((_name(key, full=True) for key in cycle), most=20)}" for cycle in dependencies.cycles)
    return (
        "> [!WARNING]\n> Some services depend on each other in a circle: neither starts properly without the other.\n\n"
        + "\n".join(listed)
    )


def _across(dependencies: Map) -> list[str]:
    across = [need for need in dependencies.dependencies if need.source[0] != need.target[0]]
    if not across:
        return []
    rows = [
        (_name(n.source, full=True), _KINDS[n.kind], _name(n.target, full=True), "; ".join(n.evidence)) for n in across
    ]
    return ["## Between hosts", table(("service", "", "other", "known from"), rows)]


def _host(estate: Estate, dependencies: Map, impacts: Impacts, host: str, heading: str, up: str) -> list[str]:
    services = estate.on(host)
    needs = [need for need in dependencies.dependencies if need.source[0] == host]
    inside = [need for need in needs if need.target[0] == host]
    parts = [f"{heading} {cell(host)}"] if heading else []
    for shown, chart in _charts(estate, inside):
        parts += [chart.fenced(), details("The same in words", "\n".join(map(_line, shown)))]
    sub = heading + "#" if heading else "##"
    if needs:
        rows = [
            (
                _linked(estate, n.source, up),
                _KINDS[n.kind],
                _name(n.target, full=n.target[0] != host),
                "; ".join(n.evidence),
            )
            for n in needs
        ]
        parts += [f"{sub} What each service needs", table(("service", "", "what it needs", "known from"), rows)]
    parts += _breakage(services, impacts, sub, up)
    shared = [place for place in dependencies.shared if place.host == host]
    if shared:
        places = [
            (words.mono(p.place), words.joined(map(_name, p.writers)), words.joined(map(_name, p.readers)) or "–")
            for p in shared
        ]
        parts += [f"{sub} Shared data", table(("folder or volume", "may write", "only read"), places)]
    return parts if needs or shared else [*parts, "No dependencies were found here."]


def _charts(estate: Estate, needs: Sequence[Dependency]) -> list[tuple[Sequence[Dependency], Chart]]:
    pairs: dict[tuple[Key, Key], list[Dependency]] = {}
    for need in needs:
        pairs.setdefault((need.source, need.target), []).append(need)
    if not pairs:
        return []

    def draw(shown: Sequence[tuple[Key, Key]]) -> Chart:
        chart = Chart(direction="LR")
        for key in sorted({key for pair in shown for key in pair}):
            chart.node(key, key[2], key[1], shape="round", style=style_of(estate.by_key[key]))
        for pair in shown:
            kinds = [need.kind for need in pairs[pair]]
            strong = [kind for kind in kinds if kind not in {"access", "data"}]
            text = "reads its files" if kinds == ["data"] else "in its network" if "namespace" in kinds else ""
            chart.edge(*pair, text, dashed=not strong)
        return chart

    # A service and all that it needs stay in one chart where that is possible.
    return [([need for pair in shown for need in pairs[pair]], chart) for shown, chart in split(list(pairs), draw)]


def _breakage(services: Sequence[Service], impacts: Impacts, heading: str, up: str) -> list[str]:
    rows = []
    for service in services:
        impact = impacts.of(service.key)
        if not impact.services:
            continue
        direct = "; ".join(
            f"{words.joined(_place(k, service.host) for k in keys)} {_effect(kind, keys)}"
            for kind, keys in impact.direct.items()
        )
        further = words.joined(_place(key, service.host) for key in impact.further) or "–"
        rows.append((link(service.name, up + runbook_for_service(service)), direct, further, str(impact.services)))
    rows.sort(key=lambda row: -int(row[3]))
    if not rows:
        return []
    return [
        f"{heading} What breaks if it stops",
        table(("service that stops", "what happens", "and then suffer too", "services"), rows, right=(3,)),
    ]


def _effect(kind: str, keys: Sequence[Key]) -> str:
    words_of = EFFECTS[kind]  # type: ignore[index]
    return (
        words_of.replace("misses", "miss")
        .replace("loses its", "lose their")
        .replace("gets", "get")
        .replace("its address", "their addresses")
        if len(keys) > 1
        else words_of
    )


def _line(need: Dependency) -> str:
    return f"- {_name(need.source)} {_KINDS[need.kind]} {_name(need.target)}"


def _linked(estate: Estate, key: Key, up: str) -> str:
    return link(key[2], up + runbook_for_service(estate.by_key[key]))


def _place(key: Key, host: str) -> str:
    return _name(key, full=key[0] != host)


def _name(key: Key, *, full: bool = False) -> str:
    return words.mono("/".join(part for part in key if part) if full else key[2])
