"""What structure rules look at: one repository, its stacks, and their services in Compose's canonical form."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from homelab_assets.model import FileTree, Json, Unprinted
from homelab_assets.repository.rules.exemptions import Exemption
from homelab_assets.repository.rules.meta import Finding
from homelab_assets.repository.stacks import Stack
from homelab_assets.repository.targets import Targets

PROXY_NETWORK = "proxy"
APPDATA = "/opt/appdata"
TIMEZONE = "Europe/Brussels"

Place = tuple[str, int | None]


class ServiceView(Struct, frozen=True, kw_only=True, dict=True):
    """A service as it is deployed to some endpoints.

    Attributes:
        config: its canonical form, as `docker compose config` has it; `${VAR}` without a value stays as written.
        networks: the project's top-level networks, canonical.
        places: file and line of each value that a file holds, by path below the service; () is the service itself.
        endpoints: where this form of it is deployed to; empty where nothing says it.
        directory: the project's folder, as paths in `config` begin with it.
        open_environment: an env file that git does not hold may set more.
    """

    stack: str
    name: str
    config: Mapping[str, Json]
    networks: Mapping[str, Json]
    places: Mapping[tuple[str, ...], Place]
    endpoints: Sequence[str] = ()
    directory: str = ""
    open_environment: bool = False

    def place(self, *path: str) -> Place:
        """Return where a value stands, or the nearest thing around it."""
        return next((self.places[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.places), ("", None))

    def found(self, message: str, *path: str) -> Finding:
        """Make a finding at a value of this service."""
        file, line = self.place(*path)
        return Finding(message=f"{self.name}: {message}", file=file, line=line, stack=self.stack, service=self.name)

    def entries(self, key: str) -> Iterator[tuple[int, Mapping[str, Json]]]:
        """Yield the entries of a list such as `ports` or `volumes`, with their positions. One that depends on a
        variable as a whole has no canonical form, and is left out."""
        for position, entry in enumerate(self.config.get(key) or ()):
            if isinstance(entry, Mapping):
                yield position, entry

    def runs_beside(self, other: "ServiceView") -> bool:
        """Whether the two can run at once: they are not one service, nor alternatives of one stack, which profiles that
        have nothing in common start."""
        if self.stack != other.stack:
            return True
        mine, others = (frozenset(map(str, one.config.get("profiles") or ())) for one in (self, other))
        return self.name != other.name and not (mine and others and mine.isdisjoint(others))

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Labels, keys as written."""
        return {str(key): str(value) for key, value in (self.config.get("labels") or {}).items()}

    @cached_property
    def network_names(self) -> Mapping[str, str]:
        """The networks of the service: what the file calls them, and their names on the host."""
        keys = self.config.get("networks") or {}
        named = keys if isinstance(keys, Mapping) else {}
        return {str(key): str((self.networks.get(key) or {}).get("name") or key) for key in named}

    @cached_property
    def environment(self) -> Mapping[str, str | None]:
        """Environment; None where the value comes from outside."""
        pairs = (self.config.get("environment") or {}).items()
        return {str(key): None if value is None else str(value) for key, value in pairs}

    @property
    def image(self) -> str:
        """The image reference, "" where the service is only built. It may hold variables."""
        return str(self.config.get("image") or "")

    @cached_property
    def routed(self) -> bool:
        """Whether Traefik is told to expose the service."""
        enabled = next((v for key, v in self.labels.items() if key.lower() == "traefik.enable"), "")
        return enabled.lower() == "true"

    @property
    def restart(self) -> str | None:
        """The restart policy, None where none is declared."""
        restart = self.config.get("restart")
        policy = ((self.config.get("deploy") or {}).get("restart_policy") or {}).get("condition")
        return str(restart) if restart is not None else str(policy) if policy is not None else None

    @property
    def runs_once(self) -> bool:
        """Whether the service is meant to end: a job, or started only by hand through a profile."""
        return self.restart in {"no", "none", "on-failure"} or bool(self.config.get("profiles"))


class Variable(Struct, frozen=True, kw_only=True):
    """A `${VAR}` that compose files of a stack use, and where it stands first."""

    name: str
    place: Place


class Assignment(Unprinted, Struct, frozen=True, kw_only=True):
    """A line `NAME=value` of an env file in the repository. `value` may be a secret."""

    name: str
    value: str
    file: str
    line: int


class Broken(Struct, frozen=True, kw_only=True):
    """A file that could not be understood."""

    file: str
    line: int | None
    what: str
    stack: str | None = None


class StackView(Struct, frozen=True, kw_only=True):
    """One stack.

    Attributes:
        services: every service in every form that it is deployed in.
        variables: what its compose files interpolate, each once.
        sample: the assignments of its `.env.sample`. env: those of env files that git holds.
        versions: where an obsolete top-level `version` stands.
        broken: files that could not be understood; its services are then missing.
        endpoints: where it is deployed to.
    """

    stack: Stack
    services: Sequence[ServiceView] = ()
    variables: Sequence[Variable] = ()
    sample: Sequence[Assignment] = ()
    env: Sequence[Assignment] = ()
    versions: Sequence[Place] = ()
    broken: Sequence[Broken] = ()
    endpoints: Sequence[str] = ()


class Context(Struct, frozen=True, kw_only=True):
    """One repository.

    Attributes:
        hosts: names of known endpoints; empty where nobody knows them.
        paths: all files of the repository, hidden folders left out.
        exemptions: comments that ignore a rule.
    """

    repository: str
    tree: FileTree
    stacks: Sequence[StackView]
    targets: Targets | None = None
    hosts: Sequence[str] = ()
    paths: Sequence[str] = ()
    exemptions: Sequence[Exemption] = ()

    def services(self) -> Iterator[ServiceView]:
        """Yield all services of all stacks."""
        for stack in self.stacks:
            yield from stack.services


def below(path: str, folder: str) -> bool:
    """Say whether a path is a folder or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
