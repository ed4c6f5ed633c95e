"""The estate: every service of the homelab with what runs, what git says and what the audit found, in one value.

All generators of documents read it. Its texts are sealed; whatever renders them shows `<secret>` for a token.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal

from msgspec import Struct, field

from homelab_assets.drift.document import ServiceDrift
from homelab_assets.model import Json

State = Literal["running", "stopped", "restarting", "paused", "missing", "unknown"]
Health = Literal["healthy", "unhealthy", "starting"]
Key = tuple[str, str, str]
"""Host, stack ("" without one), service."""
UNJUDGED = frozenset({"unreachable", "unknown"})
"""Verdicts of the audit that say nothing of a service."""


class Port(Struct, frozen=True, kw_only=True):
    """A published port. `address` is what it is bound to on the host: "" for all addresses."""

    container: int
    protocol: str
    host: int
    address: str = ""

    @property
    def local(self) -> bool:
        """Whether only the host itself can reach it."""
        return self.address.startswith("127.") or self.address == "::1"


class Mount(Struct, frozen=True, kw_only=True):
    """A mount: `source` is a path of the host, or the name of a volume; `target` a path in the container.

    `path`: where the data lies on the host as far as it is known: of a bind, or of a volume that stands for a folder.
    """

    kind: str
    source: str
    target: str
    read_only: bool = False
    path: str = ""


class Declaration(Struct, frozen=True, kw_only=True):
    """One service as git declares it.

    Attributes:
        endpoint: the host, or None where nothing says it. file, line: where the service begins.
        model: canonical, as `docker compose config` prints it; its secrets are sealed or still `${…}`.
        networks, volumes: the engine's name of each key of the project.
        directory: the stack's folder in the repository. files: its compose files, in order.
        project: what Compose calls the stack: by the folder's name in its own letters, or by `name:`.
        variables: names that the stack's files leave to the `.env`.
        external: `network NAME`, `volume NAME` that have to be there before the stack is brought up.
        held: files and folders that the stack mounts and git has, relative to the repository's root.
    """

    repository: str
    stack: str
    endpoint: str | None
    service: str
    file: str
    line: int | None = None
    model: Mapping[str, Json] = field(default_factory=dict)
    networks: Mapping[str, str] = field(default_factory=dict)
    volumes: Mapping[str, str] = field(default_factory=dict)
    directory: str = ""
    project: str = ""
    files: Sequence[str] = ()
    variables: Sequence[str] = ()
    external: Sequence[str] = ()
    held: Sequence[str] = ()


class Service(Struct, frozen=True, kw_only=True):
    """One service on one host: what runs where something runs, else what git says.

    Attributes:
        stack: as git calls it, else the compose project; None for a container that was started by hand.
        name: as git calls it, else as Compose does, else the container's.
        project: what Compose calls the stack; None for a container that was started by hand.
        containers: names, one per replica; () where nothing runs.
        networks: engine's name of each network, with the names under which the service answers there.
        namespace: name of the container (or `host`) whose network it shares, or None.
        depends_on: services of its stack, with the condition. directory: where its compose files lie on the host.
        environment_files: that Compose was told to read instead of the `.env` there; () where it was not.
        verdict: of the audit; None where none was made. declared: None where git does not know it.
    """

    host: str
    stack: str | None
    name: str
    project: str | None = None
    containers: Sequence[str] = ()
    image: str = ""
    image_labels: Mapping[str, str] = field(default_factory=dict)
    state: State = "unknown"
    health: Health | None = None
    networks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    namespace: str | None = None
    ports: Sequence[Port] = ()
    mounts: Sequence[Mount] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    command: Sequence[str] = ()
    health_test: Sequence[str] = ()
    restart: str = ""
    depends_on: Mapping[str, str] = field(default_factory=dict)
    directory: str = ""
    config_files: Sequence[str] = ()
    environment_files: Sequence[str] = ()
    verdict: ServiceDrift | None = None
    declared: Declaration | None = None

    @property
    def key(self) -> Key:
        return (self.host, self.stack or "", self.name)

    @property
    def title(self) -> str:
        """Host, stack and service for people."""
        return " / ".join(part for part in (self.host, self.stack, self.name) if part)

    @property
    def known(self) -> bool:
        """Whether a container or git says anything of it."""
        return bool(self.containers) or self.declared is not None

    @property
    def drift(self) -> str:
        """The audit's status, `not audited` without a verdict."""
        return self.verdict.status if self.verdict else "not audited"


class HostFacts(Struct, frozen=True, kw_only=True):
    """One host. `address` is where people reach it, `connection` how its engine is reached, `login`
    the command that opens a shell there; sizes are bytes; absent facts are None or ""."""

    name: str
    address: str
    description: str = ""
    captured: bool = True
    error: str = ""
    engine: str = ""
    system: str = ""
    architecture: str = ""
    connection: str = ""
    login: str = ""
    cpus: int | None = None
    memory: int | None = None
    containers: int = 0


class NetworkFacts(Struct, frozen=True, kw_only=True):
    """One network of one engine."""

    host: str
    name: str
    driver: str = ""
    internal: bool = False


class Estate(Struct, frozen=True, kw_only=True, dict=True):
    """Everything at one moment. Hosts in the order of `lab.yaml`, services, networks and repositories sorted.

    Attributes:
        repositories: that could be read, whether or not they deploy anything. runs_on: the machine that the audit runs
            on; "" where nobody has said it.
    """

    generated_at: str
    hosts: Sequence[HostFacts]
    services: Sequence[Service]
    networks: Sequence[NetworkFacts] = ()
    repositories: Sequence[str] = ()
    runs_on: str = ""
    demo: bool = False

    @cached_property
    def by_key(self) -> Mapping[Key, Service]:
        return {service.key: service for service in self.services}

    @cached_property
    def by_container(self) -> Mapping[tuple[str, str], Service]:
        """Services by host and name of a container."""
        return {(service.host, name): service for service in self.services for name in service.containers}

    def on(self, host: str) -> list[Service]:
        """Return the services of a host."""
        return [service for service in self.services if service.host == host]

    def stacks(self, host: str) -> dict[str, list[Service]]:
        """Return the services of a host by stack; hand-started ones under "", which comes last."""
        return _grouped(self.on(host))

    def host_of_namespace(self, service: Service) -> Service | None:
        """Return the service whose network namespace this one shares, if it is one."""
        return self.by_container.get((service.host, service.namespace or ""))


def _grouped(services: Iterable[Service]) -> dict[str, list[Service]]:
    stacks: dict[str, list[Service]] = {}
    for service in sorted(services, key=lambda one: (one.stack is None, one.stack or "", one.name)):
        stacks.setdefault(service.stack or "", []).append(service)
    return stacks
