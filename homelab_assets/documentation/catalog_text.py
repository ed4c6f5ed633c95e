"""The catalog as Markdown: one document, or one per host where it would be too long to read."""

from collections.abc import Iterable, Sequence

from homelab_assets.documentation import words
from homelab_assets.documentation.catalog import Catalog, Entry, count
from homelab_assets.documentation.links import slug
from homelab_assets.documentation.markers import block, seen
from homelab_assets.rendering.markdown import cell, link, table
from homelab_assets.rendering.nouns import counted

CATALOG = "SERVICE_CATALOG.md"
MOST = 300
"""Services that one document shows at most."""

# What people look for first comes first: a wide table is cut off on the right.
_HEADERS = ("service and purpose", "version", "health, drift", "access", "stack", "endpoint", "image", "baseline")


def catalog_documents(catalog: Catalog) -> dict[str, str]:
    """Render the catalog: path below `docs/` to text."""
    if len(catalog.entries) <= MOST:
        body = [
            _head(catalog),
            _hosts(catalog, lambda name: f"#{_anchor(name)}"),
            *(_host(catalog, h, "##", "") for h in _names(catalog)),
        ]
        return {CATALOG: _document("Service catalog", body)}
    documents = {CATALOG: _document("Service catalog", [_head(catalog), _hosts(catalog, _file), _attention(catalog)])}
    for name in _names(catalog):
        text = _document(f"Services on {cell(name)}", [_head(catalog), _host(catalog, name, "", "../")])
        documents[_file(name)] = text
    return documents


def _document(title: str, parts: Iterable[str]) -> str:
    return f"# {title}\n\n{block('catalog', _paragraphs(parts))}\n{words.NOTES}"


def _paragraphs(parts: Iterable[str]) -> str:
    return "\n\n".join(part.strip("\n") for part in parts if part)


def _names(catalog: Catalog) -> list[str]:
    known = [str(host["name"]) for host in catalog.hosts]
    return [*known, *sorted({entry.host for entry in catalog.entries} - set(known))]


def _file(host: str) -> str:
    return f"catalog/{slug(host)}.md"


def _anchor(host: str) -> str:
    return f"host-{slug(host)}"


def _head(catalog: Catalog) -> str:
    counts = count(catalog.entries)
    running = counts.states.get("running", 0)
    facts = [f"{counted(counts.services, 'service')} on {counted(len(catalog.hosts), 'host')}, {running} running"]
    facts += [f"{counts.unhealthy} unhealthy"] if counts.unhealthy else []
    facts.append(f"{counts.drifted} not as git says" if counts.drifted else f"{counts.clean} as git says")
    facts += [f"{counts.unjudged} could not be judged"] if counts.unjudged else []
    lines = [words.DEMO] if catalog.demo else []
    lines += [f"**{', '.join(facts)}.**", seen(catalog.generated_at)]
    if counts.without_purpose:
        lines.append(
            f"{counted(counts.without_purpose, 'service')} without a purpose: say it under "
            "`documentation.purposes` in `lab.yaml`, or with a label `homepage.description`."
        )
    return _paragraphs(lines)


def _hosts(catalog: Catalog, target) -> str:  # type: ignore[no-untyped-def]  # str → str
    rows = []
    for host in catalog.hosts:
        entries = [entry for entry in catalog.entries if entry.host == host["name"]]
        counts = count(entries)
        rows.append(
            (
                link(host["name"], target(str(host["name"]))),
                words.text(host["description"] or ""),
                words.mono(host["address"]),
                words.text(host["engine"]) if host["captured"] else f"**not captured**: {words.text(host['error'])}",
                str(counts.services),
                str(counts.states.get("running", 0)),
                str(counts.unhealthy or ""),
                str(counts.drifted or ""),
            )
        )
    headers = ("host", "what it is", "address", "engine", "services", "running", "unhealthy", "not as git says")
    return table(headers, rows, right=(4, 5, 6, 7))


def _host(catalog: Catalog, name: str, heading: str, up: str) -> str:
    entries = [entry for entry in catalog.entries if entry.host == name]
    host = next((host for host in catalog.hosts if host["name"] == name), None)
    lines = [f'<a id="{_anchor(name)}"></a>', f"{heading} {cell(name)}"] if heading else []
    if host and host["description"]:
        lines.append(f"{words.text(host['description'])}.")
    if host and not host["captured"]:
        lines.append(f"> [!WARNING]\n> This host could not be captured: {words.text(host['error'])}")
    lines.append(table(_HEADERS, (_row(entry, up) for entry in entries)) if entries else "No services.")
    return _paragraphs(lines)


def _row(entry: Entry, up: str) -> Sequence[str]:
    version = words.text(entry.version) or "–"
    if entry.version and entry.version_source not in {"", "tag"}:
        version += " (label)"
    purpose = words.text(entry.purpose or "")
    conditions = (words.state_of(entry.state, entry.health), words.drift_of(entry.drift, entry.differences))
    return (
        link(entry.service, up + entry.runbook) + (f"<br>{purpose}" if purpose else ""),
        version,
        "<br>".join(dict.fromkeys(conditions)),
        words.addresses_of(entry),
        words.text(entry.stack or "started by hand"),
        words.text(entry.host),
        words.mono(entry.image) or "–",
        words.baseline_of(entry, short=True),
    )


def _attention(catalog: Catalog) -> str:
    odd = [
        e
        for e in catalog.entries
        if e.health == "unhealthy" or e.state not in {"running", "unknown"} or e.drift not in {"clean", "not audited"}
    ]
    if not odd:
        return ""
    rows = [_row(entry, "") for entry in odd[:MOST]]
    more = f"\n\n… and {len(odd) - MOST} more." if len(odd) > MOST else ""
    return "## What asks for attention\n\n" + table(_HEADERS, rows) + more
