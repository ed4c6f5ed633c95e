"""One page per host that leads from an empty machine to what runs now: from git, `.env` files and backups."""

import posixpath
from collections.abc import Sequence

from homelab_assets.documentation import words
from homelab_assets.documentation.commands import compose_of, environment_files_of, folder_of, is_portainers, quoted
from homelab_assets.documentation.dependencies import Map
from homelab_assets.documentation.estate import UNJUDGED, Estate, HostFacts, Service
from homelab_assets.documentation.links import TROUBLESHOOTING, runbook_for_service, slug
from homelab_assets.documentation.markers import block, seen
from homelab_assets.rendering.markdown import cell, fence, link, table

_EPHEMERAL = ("/var/run", "/run", "/dev", "/proc", "/sys", "/etc/localtime", "/etc/timezone", "/tmp")  # noqa: S108

_FROM_GIT_ALONE = "> [!WARNING]\n> The host did not answer, and no audit had seen it before: this is from git alone."


def rebuild_documents(estate: Estate, dependencies: Map) -> dict[str, str]:
    """Render the pages: path below `docs/` to text."""
    return {
        f"{TROUBLESHOOTING}/rebuild-{slug(host.name)}.md": _page(estate, host, dependencies) for host in estate.hosts
    }


def _page(estate: Estate, host: HostFacts, dependencies: Map) -> str:
    stacks = {name: services for name, services in estate.stacks(host.name).items() if name}
    order = deploy_order(stacks, dependencies)
    parts = [
        words.DEMO if estate.demo else "",
        seen(estate.generated_at),
        "" if host.captured else _FROM_GIT_ALONE,
        _machine(host, estate.on(host.name)),
        *_clones(stacks),
        *_environment(stacks),
        *_prepare(stacks),
        *_restore(estate.on(host.name)),
        *_deploy(stacks, order),
        *_not_in_git(estate.on(host.name)),
        "## Prove it",
        fence(f"drift-detector diff --host {quoted(host.name)}\ndrift-detector pipeline", "sh"),
        "No drift, and every link of the pipeline passes: the host is back.",
    ]
    body = "\n\n".join(part.strip("\n") for part in parts if part)
    return f"# Rebuild {cell(host.name)} from git\n\n{block('rebuild', body, whole=host.captured)}\n{words.NOTES}"


def deploy_order(stacks: dict[str, list[Service]], dependencies: Map) -> list[str]:
    """Return the stacks so that each comes after those that it needs; in a circle, by name."""
    needs: dict[str, set[str]] = {name: set() for name in stacks}
    place = {service.key: name for name, services in stacks.items() for service in services}
    for need in dependencies.dependencies:
        source, target = place.get(need.source), place.get(need.target)
        # Files are read whenever they come.
        if source and target and source != target and need.kind != "data":
            needs[source].add(target)
    order: list[str] = []
    while len(order) < len(stacks):
        ready = [name for name in stacks if name not in order and needs[name] <= set(order)]
        order += ready or [next(name for name in stacks if name not in order)]
    return order


def _machine(host: HostFacts, services: Sequence[Service]) -> str:
    rows = [("address", words.mono(host.address)), ("what it is", words.text(host.description) or "–")]
    if host.captured:
        rows += [
            ("system", words.text(host.system) or "–"),
            ("architecture", words.text(host.architecture) or "–"),
            ("engine", words.text(host.engine) or "–"),
            ("processors", str(host.cpus or "–")),
            ("memory", f"{host.memory / 2**30:.1f} GiB" if host.memory else "–"),
        ]
    devices = sorted(
        {
            str(d.get("source"))
            for s in services
            if s.declared
            for d in s.declared.model.get("devices") or ()
            if isinstance(d, dict)
        }
    )
    rows += [("devices that services use", words.joined(map(words.mono, devices)))] if devices else []
    step = "Install the system and the engine with Compose, and let the audit's SSH key in."
    return f"## 1. The machine\n\n{step}\n\n" + table(("", ""), rows)


def _clones(stacks: dict[str, list[Service]]) -> list[str]:
    roots: dict[str, str] = {}
    for services in stacks.values():
        for service in services:
            folder, declared = folder_of(service), service.declared
            # A stack may lie in its repository's root.
            below = f"/{declared.directory}".rstrip("/") if declared else ""
            if declared and folder and folder.endswith(below) and not is_portainers(service):
                roots.setdefault(folder.removesuffix(below) or "/", declared.repository)
    if not roots:
        return ["## 2. The clones", "Where the repositories lay on this host is not known."]
    rows = [(words.text(repository), words.mono(root)) for root, repository in sorted(roots.items())]
    return [
        "## 2. The clones",
        "Clone each repository to where the stacks expect it:",
        table(("repository", "folder"), rows),
    ]


def _environment(stacks: dict[str, list[Service]]) -> list[str]:
    rows = []
    for name, services in stacks.items():
        variables = sorted({variable for s in services if s.declared for variable in s.declared.variables})
        placed = next((service for service in services if folder_of(service)), services[0])
        if variables:
            rows.append(
                (
                    words.text(name),
                    "in Portainer"
                    if is_portainers(placed)
                    else words.joined(map(words.mono, environment_files_of(placed))),
                    words.joined(map(words.mono, variables), most=60),
                )
            )
    if not rows:
        return []
    text = (
        "They are not in git. Take them from the password manager; `.env.sample` beside each compose file says what "
        "belongs there."
    )
    return ["## 3. The `.env` files", text, table(("stack", "file", "variables"), rows)]


def _prepare(stacks: dict[str, list[Service]]) -> list[str]:
    external = sorted(
        {thing for services in stacks.values() for s in services if s.declared for thing in s.declared.external}
    )
    if not external:
        return []
    lines = []
    for thing in external:
        kind, _, name = thing.partition(" ")
        lines.append(f"docker {kind} create {quoted(name)}")
    return ["## 4. Networks and volumes that no stack makes", fence("\n".join(lines), "sh")]


def _restore(services: Sequence[Service]) -> list[str]:
    users: dict[tuple[str, str], list[str]] = {}
    for service in services:
        for mount in service.mounts:
            place = mount.path or mount.source
            if (
                place
                and mount.kind in {"bind", "volume"}
                and not is_within(place, _EPHEMERAL)
                and place != "/"
                and not _in_git(place, service)
            ):
                kind = "folder" if mount.path or mount.kind == "bind" else "volume"
                users.setdefault((place, kind), []).append(service.name)
    if not users:
        return []
    rows = [
        (words.mono(place), kind, words.joined(words.mono(name) for name in dict.fromkeys(names)))
        for (place, kind), names in sorted(users.items())
    ]
    text = (
        "Restore these from the backup before the services start, with their owners and modes; media disks are "
        "mounted, not copied."
    )
    return ["## 5. The data", text, table(("folder or volume", "kind", "used by"), rows)]


def is_within(place: str, folders: Sequence[str]) -> bool:
    """Say whether a path is one of these, or lies below one."""
    return any(place == folder or place.startswith(f"{folder}/") for folder in folders)


def _in_git(place: str, service: Service) -> bool:
    """Say whether the clone brings a place: what services only write beside their compose files, it does not."""
    inside = (folder_of(service).rstrip("/") or ".") + "/"
    if service.declared is None or not place.startswith(inside):
        return False
    return posixpath.join(service.declared.directory, place.removeprefix(inside)) in service.declared.held


def _deploy(stacks: dict[str, list[Service]], order: Sequence[str]) -> list[str]:
    if not order:
        return []
    lines = []
    for name in order:
        known = next((service for service in stacks[name] if folder_of(service)), stacks[name][0])
        if not folder_of(known):
            place = f", {quoted(known.declared.directory)} in its clone" if known.declared else ""
            lines.append(f"# {quoted(name)}: its folder was not seen{place}: {compose_of(known)} up -d")
        elif is_portainers(known):
            lines.append(f"# {quoted(name)}: deploy it in Portainer")
        else:
            lines.append(f"cd {quoted(folder_of(known))} && {compose_of(known)} up -d")
    return ["## 6. The stacks", "What others need comes first:", fence("\n".join(lines), "sh")]


def _not_in_git(services: Sequence[Service]) -> list[str]:
    rows = []
    for service in services:
        if lost := _lost(service):
            rows.append((link(service.name, runbook_for_service(service).rpartition("/")[2]), lost))
    if not rows:
        return ["## What git would not bring back", "Nothing: all that runs here is in git as it runs."]
    return ["## What git would not bring back", table(("service", "what is lost"), rows)]


def _lost(service: Service) -> str:
    if service.drift in UNJUDGED:
        return "not known: it could not be compared with git"
    if service.declared is None:
        return "not in git at all: `drift-detector adopt` makes a stack of it"
    if service.verdict and service.verdict.items:
        paths = words.joined((words.mono(item.path) for item in service.verdict.items), most=8)
        return f"differs from git: {paths}"
    return ""
