"""What Compose refuses in a complete project: references to nothing, contradictions, cycles."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from homelab_assets.compose.interpolation import OPEN, is_marked
from homelab_assets.compose.problems import at, refuse
from homelab_assets.compose.short_syntax import is_ip
from homelab_assets.compose.tree import Map, Rules, apply
from homelab_assets.compose.yaml_nodes import Node
from homelab_assets.errors import BaselineError

Plain = Mapping[str, Any]


def check_attributes(tree: Map) -> None:
    """Check one merged file set: exclusive attributes, addresses."""
    apply(tree, _ATTRIBUTES)


def _volume(value: Any) -> Any:
    if type(value) is Map and value.get("external") is True:
        for key in value:
            if key not in ("name", "external") and not key.startswith("x-"):
                refuse(f'conflicting parameters "external" and {key!r} specified')
    return value


def _file_object(*keys: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) is not Map:
            refuse("must be a mapping")
        given = [key for key in keys if key in value]
        if len(given) > 1:
            refuse(f"{' and '.join(given)} are mutually exclusive")
        if not given and "driver" not in value and "external" not in value:
            refuse(f"one of {', '.join(keys)} must be set")
        return value

    return check


def _port(value: Any) -> Any:
    address = value.get("host_ip") if type(value) is Map else None
    if type(value) is Map and "host_ip" in value and not is_marked(address) and not is_ip(str(address)):
        refuse(f"invalid IP address: {address}")
    return value


def _watched(value: Any) -> Any:
    if value == "":
        refuse("develop.watch.path can't be blank")
    return value


def _device_request(value: Any) -> Any:
    if type(value) is Map and "count" in value and "device_ids" in value:
        refuse('"count" and "device_ids" are exclusive')
    return value


_ATTRIBUTES: Rules[Any] = Rules(
    {
        "volumes.*": _volume,
        "configs.*": _file_object("file", "environment", "content"),
        "secrets.*": _file_object("file", "environment"),
        "services.*.ports.*": _port,
        "services.*.develop.watch.*.path": _watched,
        "services.*.deploy.resources.reservations.devices.*": _device_request,
        "services.*.gpus.*": _device_request,
    }
)


class Consistency:
    """Checks the canonical services of a project against each other and against the project's resources.

    Args:
        services, disabled: canonical services by name. resources: `networks`, `volumes`, … of the project, by name.
        place: tells where the value of a path (see `sources`) is written, for messages.
    """

    def __init__(
        self,
        services: Mapping[str, Plain],
        disabled: Mapping[str, Plain],
        resources: Mapping[str, Mapping[str, Plain]],
        place: Callable[..., Node | None],
    ) -> None:
        self._services = services
        self._disabled = disabled
        self._resources = resources
        self._place = place

    def check(self) -> None:
        """Raise `BaselineError` for the first thing that Compose would refuse."""
        for name, service in self._services.items():
            for key, check in _SERVICE_CHECKS:
                try:
                    check(self, name, service)
                except BaselineError as error:
                    raise at(error, self._place("services", name, *key)) from None
        for name, secret in self._resources["secrets"].items():
            if not secret.get("external") and not secret.get("file") and not secret.get("environment"):
                refuse(f"secret {name!r} must declare either `file` or `environment`", self._place("secrets", name))
        self._check_cycles()
        self._check_container_names()

    def _origin(self, name: str, service: Plain) -> None:
        if not any(service.get(key) is not None for key in ("build", "image", "provider")):
            refuse(f"service {name!r} has neither an image nor a build context specified")

    def _build(self, name: str, service: Plain) -> None:
        build = service.get("build")
        if build is None:
            return
        if build.get("dockerfile_inline") and build.get("dockerfile"):
            refuse(f"service {name!r} declares mutually exclusive dockerfile and dockerfile_inline")
        for context in (build.get("additional_contexts") or {}).values():
            if context.startswith("service:"):
                other = self._services.get(context.removeprefix("service:"))
                if other is None or other.get("build") is None:
                    refuse(
                        f"service {name!r} declares unknown or non-buildable service as additional context {context}"
                    )
        platforms, platform = build.get("platforms"), service.get("platform")
        if platforms and platform and platform not in platforms:
            refuse(f"build.platforms must include the service's platform {platform!r}")
        for index, secret in enumerate(build.get("secrets") or ()):
            self._known("secrets", secret.get("source"), name, "build", "secrets", str(index))

    def _networks(self, name: str, service: Plain) -> None:
        networks = service.get("networks") or {}
        if service.get("network_mode") and networks:
            refuse(f"service {name!r} declares mutually exclusive `network_mode` and `networks`")
        for network in networks:
            self._known("networks", network, name, "networks", network)
        mode = service.get("network_mode") or ""
        if mode.startswith("service:") and mode.removeprefix("service:") not in self._services and OPEN not in mode:
            refuse(f"service {mode.removeprefix('service:')!r} not found for network_mode {mode!r}")

    def _healthcheck(self, name: str, service: Plain) -> None:
        words = (service.get("healthcheck") or {}).get("test")
        if words and words[0] not in ("CMD", "CMD-SHELL", "NONE") and OPEN not in words[0]:
            refuse('healthcheck.test must start either by "CMD", "CMD-SHELL" or "NONE"')

    def _depends_on(self, name: str, service: Plain) -> None:
        for other, condition in (service.get("depends_on") or {}).items():
            if other in self._services or OPEN in other:
                continue
            if other not in self._disabled or condition.get("required"):
                hint = "it is off; its profile turns it on" if other in self._disabled else None
                place = self._place("services", name, "depends_on", other)
                refuse(f"service {name!r} depends on undefined service {other!r}", place, hint=hint)

    def _resources_used(self, name: str, service: Plain) -> None:
        for index, volume in enumerate(service.get("volumes") or ()):
            if volume.get("type") == "volume" and volume.get("source"):
                self._known("volumes", volume["source"], name, "volumes", str(index))
        for section in ("configs", "secrets"):
            for index, reference in enumerate(service.get(section) or ()):
                self._known(section, reference.get("source"), name, section, str(index))
        for model in service.get("models") or ():
            self._known("models", model, name, "models", model)

    def _known(self, section: str, key: str | None, name: str, *place: str) -> None:
        if key not in self._resources[section] and not is_marked(key):
            what = f"service {name!r} refers to undefined {section.removesuffix('s')} {key}"
            refuse(what, self._place("services", name, *place))

    def _scale(self, name: str, service: Plain) -> None:
        deploy = service.get("deploy") or {}
        scale, replicas = service.get("scale"), deploy.get("replicas")
        if type(scale) is int and type(replicas) is int and scale != replicas:
            refuse(f"service {name!r}: can't set distinct values on 'scale' and 'deploy.replicas'")
        count = replicas if scale is None else scale
        if type(count) is int and count < 0:
            refuse(f"service {name!r}: the number of replicas must be greater than or equal to 0")
        if type(count) is int and count > 1 and service.get("container_name"):
            refuse(
                f"service {name!r}: can't set container_name and {count} replicas, as container names must be unique"
            )

    def _limits(self, name: str, service: Plain) -> None:
        resources = (service.get("deploy") or {}).get("resources") or {}
        for key, section, limit in (
            ("cpus", "limits", "cpus"),
            ("mem_limit", "limits", "memory"),
            ("mem_reservation", "reservations", "memory"),
            ("pids_limit", "limits", "pids"),
        ):
            mine = service.get(key)
            if mine is None or section not in resources or is_marked(mine):
                continue
            other = resources[section].get(limit)
            if mine != other and not is_marked(other):
                refuse(
                    f"service {name!r}: can't set distinct values on {key!r} and 'deploy.resources.{section}.{limit}'"
                )

    def _watch(self, name: str, service: Plain) -> None:
        for index, trigger in enumerate((service.get("develop") or {}).get("watch") or ()):
            if not trigger.get("target") and trigger.get("action") not in ("rebuild", "restart"):
                place = self._place("services", name, "develop", "watch", str(index))
                refuse(f"service {name!r}: develop.watch: target is required for non-rebuild actions", place)

    def _targets(self, name: str, service: Plain) -> None:
        mounts = [("tmpfs", target.partition(":")[0]) for target in service.get("tmpfs") or ()]
        first = len(mounts)
        mounts += [("volumes", volume.get("target", "")) for volume in service.get("volumes") or ()]
        seen: set[str] = set()
        for index, (section, target) in enumerate(mounts):
            if target in seen and OPEN not in target:
                place = self._place("services", name, section, str(index if section == "tmpfs" else index - first))
                refuse(f"service {name!r}: target {target} is mounted twice", place)
            seen.add(target)

    def _check_cycles(self) -> None:
        done: set[str] = set()
        for start in self._services:
            if start not in done:
                self._walk(start, done)

    def _walk(self, start: str, done: set[str]) -> None:
        path = {start: None}  # in order
        stack: list[Iterator[str]] = [self._needs(start)]
        while stack:
            name = next(stack[-1], None)
            if name is None:
                stack.pop()
                done.add(path.popitem()[0])
            elif name in path:
                steps = list(path)
                cycle = " -> ".join([*steps[steps.index(name) :], name])
                refuse(f"dependency cycle detected: {cycle}", self._place("services", name, "depends_on"))
            elif name not in done:
                path[name] = None
                stack.append(self._needs(name))

    def _needs(self, name: str) -> Iterator[str]:
        return iter([other for other in self._services[name].get("depends_on") or () if other in self._services])

    def _check_container_names(self) -> None:
        used: dict[str, str] = {}
        for name, service in self._services.items():
            container = service.get("container_name")
            if container and container in used:
                refuse(
                    f"services {used[container]!r} and {name!r} have the same container name {container!r}",
                    self._place("services", name, "container_name"),
                )
            if container and OPEN not in container:
                used[container] = name


_SERVICE_CHECKS: tuple[tuple[tuple[str, ...], Callable[[Consistency, str, Plain], None]], ...] = (
    ((), Consistency._origin),
    (("build",), Consistency._build),
    (("network_mode",), Consistency._networks),
    (("healthcheck", "test"), Consistency._healthcheck),
    (("depends_on",), Consistency._depends_on),
    ((), Consistency._resources_used),
    (("scale",), Consistency._scale),
    (("deploy",), Consistency._limits),
    (("develop",), Consistency._watch),
    (("volumes",), Consistency._targets),
)
