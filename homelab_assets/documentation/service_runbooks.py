"""A runbook per service: what it needs, how to start, stop, update and roll it back, what was last found."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from homelab_assets.documentation import words
from homelab_assets.documentation.catalog import Entry, build_catalog
from homelab_assets.documentation.commands import Commands, commands_of, rejoin_of
from homelab_assets.documentation.dependencies import Dependency, Map
from homelab_assets.documentation.estate import Estate, HostFacts, Key, Service
from homelab_assets.documentation.impact import EFFECTS, Impacts
from homelab_assets.documentation.links import ForgeLinks, runbook_for_check, runbook_for_drift, runbook_for_service
from homelab_assets.documentation.markers import block, seen
from homelab_assets.documentation.networks import namespaces
from homelab_assets.drift.document import Item
from homelab_assets.rendering import drift_words
from homelab_assets.rendering.markdown import cell, fence, link, table

_WITHIN = "troubleshooting/"


def service_runbooks(
    estate: Estate,
    dependencies: Map,
    *,
    purposes: Mapping[str, str] | None = None,
    forges: Mapping[str, ForgeLinks] | None = None,
    pipeline: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Render the runbooks of all services: path below `docs/` to text."""
    entries = build_catalog(estate, purposes=purposes, forges=forges).entries
    writer = _Writer(estate, dependencies, pipeline or {})
    return {
        entry.runbook: writer.write(service, entry) for service, entry in zip(estate.services, entries, strict=True)
    }


class _Writer:
    def __init__(self, estate: Estate, dependencies: Map, pipeline: Mapping[str, Any]) -> None:
        self._estate = estate
        self._impacts = Impacts(dependencies.dependencies)
        self._needs: dict[Key, list[Dependency]] = {}
        for need in dependencies.dependencies:
            self._needs.setdefault(need.source, []).append(need)
        self._hosts = {host.name: host for host in estate.hosts}
        self._checks = [check for check in pipeline.get("checks") or () if isinstance(check, Mapping)]
        self._lodgers = {
            parent.key: lodgers for host in estate.hosts for parent, lodgers in namespaces(estate, host.name)
        }

    def write(self, service: Service, entry: Entry) -> str:
        """Render one runbook."""
        commands = commands_of(service)
        parts = [
            words.DEMO if self._estate.demo else "",
            _facts(service, entry),
            seen(self._estate.generated_at),
            *_findings(service),
            *self._pipeline(service),
            *self._dependencies(service),
            *_commands(service, commands, self._hosts.get(service.host), self._lodgers.get(service.key, ())),
            *_data(service),
            _FURTHER,
        ]
        body = "\n\n".join(part.strip("\n") for part in parts if part)
        return f"# {cell(service.title)}\n\n{block('runbook', body)}\n{words.NOTES}"

    def _dependencies(self, service: Service) -> list[str]:
        lines = [
            f"- needs {self._name(need.target, service)}: {'; '.join(need.evidence)}"
            for need in self._needs.get(service.key, ())
        ]
        impact = self._impacts.of(service.key)
        for kind, keys in impact.direct.items():
            lines.append(f"- if it stops: {words.joined(self._name(key, service) for key in keys)} ({EFFECTS[kind]})")
        if impact.further:
            lines.append(f"- and then suffer too: {words.joined(self._name(key, service) for key in impact.further)}")
        return ["## Dependencies", "\n".join(lines) if lines else "None are known."]

    def _name(self, key: Key, of: Service) -> str:
        other = self._estate.by_key[key]
        text = other.name if other.host == of.host else other.title
        return link(text, runbook_for_service(other).removeprefix(_WITHIN))

    def _pipeline(self, service: Service) -> list[str]:
        rows, checks = [], {str(check.get("id")): check for check in self._checks}
        for check in self._checks:
            link_of = str(check.get("link") or "")
            if check.get("status") in {"pass", "skipped"} or service.name.lower() not in _words(
                link_of, str(check.get("id") or "")
            ):
                continue
            blocker = checks.get(str(check.get("by")))
            target = runbook_for_check(blocker or check).removeprefix(_WITHIN)
            title = str(check.get("title") or check.get("cause") or check.get("why") or "")
            if blocker:
                title = f"blocked by {blocker.get('id')}"
            rows.append(
                (link(check.get("id") or link_of, target), words.text(check.get("status") or ""), words.text(title))
            )
        return ["### Media pipeline", table(("check", "result", "what is wrong"), rows)] if rows else []


def _words(*texts: str) -> set[str]:
    cleaned = " ".join(texts).lower()
    return set("".join(character if character.isalnum() else " " for character in cleaned).split())


def _facts(service: Service, entry: Entry) -> str:
    rows = [
        ("what it is for", words.text(entry.purpose or "") or "nothing says it"),
        ("state", words.state_of(entry.state, entry.health)),
        ("drift", words.drift_of(entry.drift, entry.differences)),
        ("image", words.mono(entry.image) or "–"),
        ("version", words.text(entry.version) or "–"),
        ("containers", words.joined(map(words.mono, service.containers)) or "none"),
        ("address", words.addresses_of(entry)),
        ("in git", words.baseline_of(entry) + (f" of {words.text(entry.repository)}" if entry.repository else "")),
        ("restart policy", words.text(service.restart or "no") if service.known else "–"),
    ]
    return table(rows[0], rows[1:])


def _findings(service: Service) -> list[str]:
    verdict = service.verdict
    if verdict is None or verdict.status == "clean":
        return []
    page = runbook_for_drift(verdict).removeprefix(_WITHIN)
    lines = [
        f"{drift_words.STATUSES[verdict.status].capitalize()}."
        + (f" {words.text(verdict.note)}" if verdict.note else "")
    ]
    if advice := drift_words.advice(verdict):
        lines.append(advice)
    if page:
        lines.append(f"Read on: {link(page.partition('#')[0].removesuffix('.md').replace('-', ' '), page)}.")
    rows = [_item(item) for item in verdict.items]
    found = [table(("what", "in git", "running", "severity", "since"), rows)] if rows else []
    return ["## Last findings", " ".join(lines), *found]


def _item(item: Item) -> Sequence[str]:
    def value(shown: object) -> str:
        return words.mono(drift_words.value(shown)) or "–"

    return (
        words.mono(item.path),
        value(item.baseline),
        value(item.running),
        item.severity,
        (item.first_seen or "")[:10] or "–",
    )


_UPDATE = "Update to what git says (where the folder is no clone, bring the files there instead of `git pull`)"

_REJOIN = "After a restart or an update, for what lives in its network and would have none any more"


def _roll_back(service: Service) -> str:
    repository = words.mono(service.declared.repository) if service.declared else "the repository"
    return (
        f"Roll back: revert the commit in your own clone of {repository}, on the branch that is deployed; "
        "merge the pull request of what is pushed, then update as above"
    )


def _commands(service: Service, commands: Commands, host: HostFacts | None, lodgers: Sequence[Service]) -> list[str]:
    enter = [line for line in (host.login if host else "", commands.enter) if line]
    parts = ["## Commands", f"On {cell(service.host)}; `stop`, `restart` interrupt what depends on it."]
    if commands.note:
        parts.append(commands.note)
    listed: Iterable[tuple[str, str]] = (
        ("Get there", "\n".join(enter)),
        ("Start", commands.start),
        ("Stop", commands.stop),
        ("Restart", commands.restart),
        (_UPDATE if commands.update.startswith("git ") else "Update", commands.update),
        (_REJOIN, "\n".join(rejoin_of(lodger, service) for lodger in lodgers)),
        ("Look at its log and its state", f"{commands.logs}\n{commands.state}"),
        ("Check its health", commands.health),
        (_roll_back(service), commands.rollback),
    )
    for title, text in listed:
        if text:
            parts += [f"{title}:", fence(text, "sh")]
    if not commands.health and service.known:
        parts.append("It has no health check: the engine only knows whether its process runs.")
    return parts


def _data(service: Service) -> list[str]:
    rows = [
        (
            words.mono(mount.target),
            mount.kind,
            words.mono(mount.path or mount.source) or "–",
            "read only" if mount.read_only else "read and write",
        )
        for mount in service.mounts
    ]
    if not service.known:
        return ["## Data", "What it mounts could not be seen."]
    if not rows:
        return ["## Data", "It mounts nothing: what it writes is lost when it is recreated."]
    return ["## Data", table(("in the container", "kind", "on the host, or volume", "access"), rows)]


_PAGES = (
    ("it does not start", "service-does-not-start.md"),
    ("roll back a change", "rollback.md"),
    ("its host does not answer", "host-unreachable.md"),
    ("the disk is full", "disk-full.md"),
)
_FURTHER = "Further: " + ", ".join(link(*page) for page in _PAGES) + "."
