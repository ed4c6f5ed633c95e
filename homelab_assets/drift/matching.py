"""Which container is which service: by Compose's labels, else by name."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from homelab_assets.compose.interpolation import OPEN
from homelab_assets.compose.normalise import normalised_name
from homelab_assets.drift.project_view import ProjectView
from homelab_assets.drift.view import Host, Observed, generated_names
from homelab_assets.labels import CONFIG_FILES, WORKING_DIR, is_one_off
from homelab_assets.late import late
from homelab_assets.model import Baseline, Json

LEFTOVER = late(r"[0-9a-f]{12}_(?P<own>.+)")
"""What Compose calls a container while another one takes its place, or until it gets a name of its own."""


def _loose(name: str) -> str:
    """A project name as any manager may have spelled it."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


class Containers(Struct):
    """The containers of one host, by the project that their labels name, and which of them have found their service."""

    host: Host
    all: Sequence[Observed] = ()
    claimed: set[str] = field(default_factory=set)
    projects: dict[str, list[Observed]] = field(default_factory=dict)
    names: dict[str, Observed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seen = (Observed(container, self.host) for container in self.host.captured.containers)
        self.all = tuple(one for one in seen if not is_one_off(one.container))
        for container in self.all:
            self.names.setdefault(container.name, container)
            if container.project:
                self.projects.setdefault(container.project, []).append(container)

    def free(self) -> Iterator[Observed]:
        """Containers that nobody has claimed."""
        return (container for container in self.all if container.id not in self.claimed)

    def named(self, name: str) -> Observed | None:
        """The container of this name, if nobody has claimed it."""
        container = self.names.get(name)
        return None if container is None or container.id in self.claimed else container

    def claim(self, containers: Iterable[Observed]) -> None:
        """Mark containers as found."""
        self.claimed.update(container.id for container in containers)


def project_group(
    baseline: Baseline, containers: Containers, names: Sequence[str] = (), known: Collection[str] = ()
) -> list[Observed]:
    """The containers whose labels say that they belong to this stack, in order of name.

    The project's name decides, if the labels name no other stack's folder, else the stack's own folder, of several
    projects in it the one that was brought up last, else a spelling of the name.

    Args:
        names: names of the project that go before the folder's, such as its `name:`.
        known: names of all stacks that git knows: what lies in the folder of another one is that one's.
    """
    groups = containers.projects

    def free(name: str) -> list[Observed]:
        group = (container for container in groups.get(name, ()) if container.id not in containers.claimed)
        return [container for container in group if not (known and _elsewhere(baseline, container, known))]

    exact = next((group for name in (*names, normalised_name(baseline.stack)) if (group := free(name))), None)
    if exact and not any(_elsewhere(baseline, container) for container in exact):
        return exact
    here = (name for name, group in groups.items() if any(in_folder_of(baseline, container) for container in group))
    if mine := max(map(free, here), key=lambda group: max((c.created for c in group), default=""), default=[]):
        return mine
    if exact:
        return exact
    loose = {_loose(name) for name in (baseline.stack, *names)}
    return next((mine for name in groups if _loose(name) in loose and (mine := free(name))), [])


def group_by_names(
    services: Mapping[str, Mapping[str, Json]], containers: Containers, known: Collection[str]
) -> list[Observed]:
    """The containers of a project of any name, of which one has the service and the `container_name` of this stack's.

    Args:
        known: names of the projects that git knows.
    """
    for service, declared in services.items():
        container = containers.named(str(declared.get("container_name") or ""))
        project = container.project if container and container.service == service else None
        if project and project not in known:
            return [one for one in containers.projects[project] if one.id not in containers.claimed]
    return []


def in_folder_of(baseline: Baseline, container: Observed) -> bool:
    """Whether the labels name this stack's very folder, wherever the clone lies on the host."""
    folder = str(container.labels.get(WORKING_DIR) or "").rstrip("/")
    files = str(container.labels.get(CONFIG_FILES) or "").split(",")
    directory = baseline.directory.strip("/")
    if not directory:
        # A repository whose root is the stack is named like it, and so is its clone.
        return folder.endswith("/" + baseline.stack)
    return folder.endswith("/" + directory) or any(
        file.endswith("/" + name) for file in files for name in baseline.files
    )


def _elsewhere(baseline: Baseline, container: Observed, known: Collection[str] | None = None) -> bool:
    """Whether the labels name a folder of the same repository layout, but another stack's (that is `known`)."""
    parent, _, name = baseline.directory.strip("/").rpartition("/")
    folder = str(container.labels.get(WORKING_DIR) or "").rstrip("/")
    above, _, base = folder.rpartition("/")
    elsewhere = bool(parent) and above.endswith("/" + parent) and base != name
    return elsewhere and (known is None or normalised_name(base) in known)


class Match(Struct, frozen=True, kw_only=True):
    """One service of one stack and the containers that are it.

    Attributes:
        declared: its canonical form. enabled: False where its profiles are off.
        containers: its replicas by number. leftovers: remains of an interrupted recreate.
    """

    service: str
    declared: Mapping[str, Json]
    enabled: bool
    containers: Sequence[Observed]
    leftovers: Sequence[Observed] = ()


def match_services(
    project: ProjectView,
    services: Mapping[str, Mapping[str, Json]],
    disabled: Mapping[str, Mapping[str, Json]],
    group: Sequence[Observed],
    containers: Containers,
    known_projects: frozenset[str],
) -> list[Match]:
    """Find the containers of each service, and claim them.

    Args:
        group: the containers that carry the project's label.
        known_projects: labels of the projects that other stacks own: their containers are not up for taking by name.
    """
    matches = []
    by_service: dict[str, list[Observed]] = {}
    for container in group:
        if container.id not in containers.claimed:
            by_service.setdefault(container.service or "", []).append(container)
    for enabled, definitions in ((True, services), (False, disabled)):
        for name, declared in definitions.items():
            found = by_service.get(name) or []
            containers.claim(found)
            replicas, leftovers = _replicas(found)
            matches.append(
                Match(service=name, declared=declared, enabled=enabled, containers=replicas, leftovers=leftovers)
            )
    return [match if match.containers else _by_name(match, project, containers, known_projects) for match in matches]


def _by_name(match: Match, project: ProjectView, containers: Containers, known_projects: frozenset[str]) -> Match:
    """Look for a container that has the service's name, if no labels said so."""
    name = str(match.declared.get("container_name") or "")
    if "provider" in match.declared or (not match.enabled and not name):
        return match
    for candidate in _candidates(project, match.service, match.declared):
        container = containers.named(candidate)
        if container is None:
            continue
        owner = container.project
        # Many stacks have a `db`, and a hand calls so what it starts.
        guess = not name and candidate == match.service
        if owner in known_projects or (guess and (owner is not None or not _same_program(match.declared, container))):
            continue
        containers.claim([container])
        containers.host.by_name[container.id] = project.name, match.service
        return replace(match, containers=(container,))
    return match


def _candidates(project: ProjectView, service: str, declared: Mapping[str, Json]) -> Sequence[str]:
    """What a container of a service may be called that no labels tell."""
    name = str(declared.get("container_name") or "")
    return [name] if name else [*generated_names(project.name, service), service]


def started_by_hand(
    project: ProjectView, services: Mapping[str, Mapping[str, Json]], containers: Containers
) -> Iterator[tuple[str, Observed]]:
    """The containers without a project that are called like these services."""
    for service, declared in services.items():
        for candidate in _candidates(project, service, declared):
            container = containers.named(candidate)
            if container is not None and container.project is None:
                yield service, container


def _same_program(declared: Mapping[str, Json], container: Observed) -> bool:
    """Whether an image may be another one of git's, as its last name tells; so may any where git names none."""
    image = str(declared.get("image") or OPEN)
    return OPEN in image or _program(image) == _program(str(container.config.get("Image") or ""))


def _program(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def _replicas(found: Sequence[Observed]) -> tuple[list[Observed], list[Observed]]:
    """Split replicas, by number, from what an interrupted recreate left beside its successor."""
    newest: dict[str, Observed] = {}
    leftovers: list[Observed] = []
    for container in sorted(found, key=lambda c: (not LEFTOVER.fullmatch(c.name), c.created)):
        older = newest.get(container.number)
        if older is not None and LEFTOVER.fullmatch(older.name):
            leftovers.append(older)
        elif older is not None:
            newest[f"{container.number}/{container.id}"] = container
            continue
        newest[container.number] = container
    return sorted(newest.values(), key=lambda c: (len(c.number), c.number, c.name)), leftovers
