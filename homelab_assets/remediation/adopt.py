"""A container that git does not know becomes a stack, by the conventions. Pure.

The audit's own field table writes the file: a service that declares nothing but its image is compared with the
container, and what the comparison finds is what has to be declared. So what the image or the engine sets is left out
by the same rules as in an audit, and comparing the result with the container finds nothing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from homelab_assets import compose
from homelab_assets.drift.known_host import KnownHost
from homelab_assets.drift.leaf import Difference
from homelab_assets.drift.leaves import Comparer
from homelab_assets.drift.project_view import ProjectView
from homelab_assets.drift.rows.links import link_pairs, service_of
from homelab_assets.drift.sealed_variables import SealedVariables
from homelab_assets.drift.sealing import SealedCompare, map_texts
from homelab_assets.drift.view import Declared, Observed
from homelab_assets.labels import name_of
from homelab_assets.model import Baseline, Captured, path_in
from homelab_assets.remediation import dotenv_text, yaml_text
from homelab_assets.remediation.backport import PLACEHOLDER, secret_name
from homelab_assets.remediation.identity import kebab
from homelab_assets.remediation.model_leaves import service_part
from homelab_assets.remediation.short_forms import named_volume, split
from homelab_assets.remediation.weakening import weaknesses_of
from homelab_assets.remediation.wish import Wish
from homelab_assets.secrecy import TOKEN, Vault
from homelab_assets.secrecy.values import seal_values

_ORDER = (
    "image", "container_name", "hostname", "network_mode", "restart", "user", "privileged", "cap_add", "cap_drop",
    "security_opt", "devices", "entrypoint", "command", "environment", "ports", "expose", "volumes", "tmpfs",
    "networks", "labels", "healthcheck",
)  # fmt: skip
_ROUNDS = 5
# Keys under which a container shares what another one has, and where an inspect document says whose.
_SHARED = {"network_mode": "NetworkMode", "pid": "PidMode", "ipc": "IpcMode"}


class Adoption(Struct, frozen=True, kw_only=True):
    """A new stack.

    Attributes:
        stack, service: names. compose_file: its text. sample: text of `.env.sample`, "" without secrets.
        files: both by path. variables: names that must be set in the `.env` on the host.
        left: paths that still differ, because compose can't say them. weakenings: what to think about, in words.
    """

    host: str
    container: str
    stack: str
    service: str
    directory: str
    compose_file: str
    sample: str
    variables: Sequence[str]
    left: Sequence[str]
    weakenings: Sequence[str]

    @property
    def files(self) -> Mapping[str, bytes]:
        """The new files by path."""
        files = {f"{self.directory}/docker-compose.yml": self.compose_file.encode()}
        return files | ({f"{self.directory}/.env.sample": self.sample.encode()} if self.sample else {})


def adopt(
    captured: Captured, container: str, *, vault: Vault, folder: str = "stacks", baselines: Sequence[Baseline] = ()
) -> Adoption:
    """Make a stack of a container.

    Args:
        captured: the host, with the container and its image. container: name or id.
        folder: where stacks lie in the repository, "" for its root.
        baselines: what git has; its stacks on that host show what the daemon gives to every container.

    Raises:
        KeyError: the host has no such container.
    """
    known = KnownHost(captured, baselines, vault)
    host, secrets = known.host, known.secrets
    document = host.by_reference(container)
    if document is None:
        raise KeyError(container)
    # What is a secret elsewhere on the host is one here, whatever it is called.
    observed = Observed(seal_values(document, secrets, vault), host)
    name = kebab(observed.name)
    writer = _Writer(observed, name, vault)
    left = writer.write()
    service = writer.service
    sample = ""
    for variable in writer.variables:
        sample = dotenv_text.add(sample, variable, PLACEHOLDER)
    return Adoption(
        host=captured.host,
        container=observed.name,
        stack=name,
        service=name,
        directory=path_in(folder, name),
        compose_file=yaml_text.document(writer.document()),
        sample=sample,
        variables=tuple(writer.variables),
        left=tuple(left),
        weakenings=tuple(dict.fromkeys(weaknesses_of(writer.found))) if service else (),
    )


class _Writer:
    """Declares what the comparison finds, until it finds nothing new."""

    def __init__(self, observed: Observed, name: str, vault: Vault) -> None:
        self._observed, self._name = observed, name
        self._comparer = Comparer(compare=SealedCompare(vault), sealed=SealedVariables(vault=vault))
        self.service: dict[str, Any] = {"image": str(observed.config.get("Image") or "")}
        self.variables: dict[str, str] = {}
        self.found: list[tuple[str, Any]] = []

    def write(self) -> list[str]:
        """Fill the service, and return the paths that differ all the same."""
        known: set[tuple[str, str]] = set()
        for _ in range(_ROUNDS):
            differences = self._differences()
            fresh = [d for d in differences if (d.path, d.change) not in known]
            if not fresh:
                break
            known |= {(d.path, d.change) for d in differences}
            for difference in sorted(fresh, key=lambda d: d.path):
                self._declare(difference)
        return sorted(difference.path for difference in self._differences())

    def _declare(self, difference: Difference) -> None:
        if difference.observed is None or difference.change == "removed" or difference.path.endswith("."):
            # `networks.default` goes as soon as a network or a mode is declared; a label without a name, which an
            # engine takes, Compose refuses.
            return
        path, value = self._of_others(difference.path, difference.observed.shown)
        self.found.append((path, value))
        wish = Wish(
            service=self._name,
            path=path,
            change="added",
            value=self._without_secrets(path, value),
        )
        _merge(self.service, service_part(wish))

    def _of_others(self, path: str, value: Any) -> tuple[str, Any]:
        """Name the other containers that a setting is about: in a stack of its own they are no services; nor does it
        have their secrets: what is mounted as one is a file of the host's."""
        head, _, rest = path.partition(".")
        if head == "secrets":
            file = value if isinstance(value, str) else value[0]
            return f"volumes.{split(file)[1]}", file
        if head in _SHARED and str(value).startswith("service:"):
            reference = str(self._observed.host_config.get(_SHARED[head])).removeprefix("container:")
            return path, f"container:{self._name_of(reference)}"
        if head == "volumes_from":
            for entry in self._told("VolumesFrom"):
                reference, sign, mode = str(entry).partition(":")
                names = (service_of(reference, self._observed), self._name_of(reference), reference[:12])
                if rest in names:
                    return path, f"container:{self._name_of(reference)}{sign}{mode}"
        if head == "links":
            pairs = list(link_pairs(self._observed))
            named = [pair for pair in pairs if pair[1] == rest]
            target, alias = [*named, *(pair for pair in pairs if service_of(pair[0], self._observed) == rest)][0]
            return f"external_links.{alias}", f"{self._name_of(target)}:{alias}"
        return path, value

    def _told(self, key: str) -> Sequence[Any]:
        return self._observed.host_config.get(key) or ()

    def _name_of(self, reference: str) -> str:
        other = self._observed.host.by_reference(reference)
        return name_of(other) if other is not None else reference

    def _without_secrets(self, path: str, value: Any) -> Any:
        def variable(token: re.Match[str]) -> str:
            known = next((name for name, sealed in self.variables.items() if sealed == token[0]), None)
            name = known or secret_name(self._name, path, 0, set(self.variables))
            self.variables[name] = token[0]
            return "${" + name + "}"

        return map_texts(yaml_text.literal(value), lambda text: TOKEN.sub(variable, text))

    def document(self) -> dict[str, Any]:
        """Return the whole file: the service in the usual order, what it shares declared as existing."""
        order = {key: position for position, key in enumerate(_ORDER)}
        keys = sorted(self.service, key=lambda key: (order.get(key, len(order) - 2), key))
        result: dict[str, Any] = {"services": {self._name: {key: self.service[key] for key in keys}}}
        networks = self.service.get("networks") or {}
        if isinstance(networks, Mapping) and all(options is None for options in networks.values()) and networks:
            result["services"][self._name]["networks"] = list(networks)
        shared = {name: {"external": True} for name in networks if name != "default"}
        volumes = [name for mount in self.service.get("volumes") or () if (name := named_volume(mount))]
        if shared:
            result["networks"] = shared
        if volumes:
            result["volumes"] = {name: {"external": True} for name in volumes}
        return result

    def _differences(self) -> list[Difference]:
        directory = "/adopted"
        text = yaml_text.document(self.document()).encode()
        project = compose.load(
            [f"{directory}/docker-compose.yml"],
            read=lambda path: text if path == f"{directory}/docker-compose.yml" else None,
            project_directory=directory,
            environment=self.variables,
            project_name=self._name,
        )
        view = ProjectView(
            name=self._name, directory=directory, networks=project.networks, volumes=project.volumes,
        )  # fmt: skip
        declared = Declared(name=self._name, service=project.services[self._name], project=view)
        return self._comparer.run(declared, self._observed).differences


def _merge(into: dict[str, Any], part: Mapping[str, Any]) -> None:
    for key, value in part.items():
        present = into.get(key)
        if isinstance(present, dict) and isinstance(value, Mapping):
            _merge(present, value)
        elif isinstance(present, list) and isinstance(value, list) and key not in ("command", "entrypoint", "test"):
            present += [item for item in value if item not in present]
        elif isinstance(value, Mapping):
            into[key] = {}
            _merge(into[key], value)
        else:
            into[key] = list(value) if isinstance(value, list) else value
