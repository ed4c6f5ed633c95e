"""A service's model as the leaves that the audit names, and which of them differ between two models.

It knows nothing of how the audit compares: what it says must come is said from the models alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import Any

Service = Mapping[str, Any]
Leaves = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Wanted:
    """An item that must come."""

    service: str
    path: str
    change: str


_WHOLE = (
    "image", "command", "entrypoint", "restart", "user", "working_dir", "hostname", "domainname", "tty", "stdin_open",
    "stop_signal", "stop_grace_period", "init", "privileged", "read_only", "mem_limit", "mem_reservation",
    "memswap_limit", "cpus", "cpu_shares", "cpuset", "pids_limit", "shm_size", "pid", "ipc", "uts", "network_mode",
    "container_name", "dns", "dns_search", "dns_opt", "runtime", "oom_score_adj", "cgroup_parent", "scale",
)  # fmt: skip
_KEYED = ("environment", "labels", "annotations", "sysctls", "ulimits")
_SETS = ("group_add", "device_cgroup_rules")
_SAID_BY_THEMSELVES: Mapping[str, Any] = {
    "restart": "no", "deploy.restart_policy.condition": "none", "stop_grace_period": "10s", "scale": 1, "pids_limit": -1,
    "runtime": "runc",
}  # fmt: skip
"""What saying nothing comes to."""
_LIMITS = {"memory": "mem_limit", "cpus": "cpus", "pids": "pids_limit"}

_IMAGES = {"User": "user", "WorkingDir": "working_dir", "StopSignal": "stop_signal"}

ALSO_CALLED = {
    **{f"deploy.resources.limits.{key}": path for key, path in _LIMITS.items()},
    "deploy.resources.reservations.memory": "mem_reservation",
    "deploy.replicas": "scale",
    "deploy.restart_policy.condition": "restart",
}
"""Paths of one thing: where git has none of the two, a person may write either."""


def leaves(service: Service) -> Leaves:
    """The leaves of a canonical service, by path."""
    found = {key: service[key] for key in _WHOLE if service.get(key) not in (None, "", [], False)}
    for key in _KEYED:
        found |= {f"{key}.{name}": value for name, value in (service.get(key) or {}).items()}
    for key in _SETS:
        found |= {f"{key}.{item}": True for item in service.get(key) or ()}
    for part in _PARTS:
        found |= part(service)
    found = {key: value for key, value in found.items() if _SAID_BY_THEMSELVES.get(key) != value}
    if found.get("network_mode") == "host":
        # Which is the host's own, whatever is declared.
        found.pop("hostname", None)
    return found


def from_image(image: Mapping[str, Any]) -> Leaves:
    """The leaves that an image gives to a container of which git says nothing."""
    found: Leaves = {path: image[key] for key, path in _IMAGES.items() if image.get(key)}
    found |= {f"environment.{name}": value for name, value in (image.get("Env") or {}).items()}
    found |= {f"labels.{name}": value for name, value in (image.get("Labels") or {}).items()}
    return found | {f"expose.{port}": True for port in image.get("ExposedPorts") or ()}


def _grouped(pairs: Iterable[tuple[str, Any]]) -> Leaves:
    groups: dict[str, list[Any]] = {}
    for path, value in pairs:
        groups.setdefault(path, []).append(value)
    return {path: sorted(values, key=str) for path, values in groups.items()}


def _ports(service: Service) -> Leaves:
    return _grouped(
        (f"ports.{port['target']}/{port.get('protocol', 'tcp')}", (port.get("host_ip"), port.get("published")))
        for port in service.get("ports") or ()
    )


def _expose(service: Service) -> Leaves:
    published = {path.removeprefix("ports.") for path in _ports(service)}
    ports = (str(port) if "/" in str(port) else f"{port}/tcp" for port in service.get("expose") or ())
    return {f"expose.{port}": True for port in ports if port not in published}


def _volumes(service: Service) -> Leaves:
    found = {}
    for volume in service.get("volumes") or ():
        bind = {key: value for key, value in (volume.get("bind") or {}).items() if key != "create_host_path"}
        if volume.get("source") == "/" and bind.get("propagation") == "rslave":
            # The engine chooses it itself where its own data lie below.
            del bind["propagation"]
        found[f"volumes.{volume['target']}"] = {**volume, "bind": bind}
    # Whether they are lent to be read only, Compose does not pass on.
    lent = (str(text).removeprefix("container:").partition(":")[0] for text in service.get("volumes_from") or ())
    found |= {f"volumes_from.{name}": name for name in lent}
    return found | {f"tmpfs.{normpath(text.partition(':')[0])}": text for text in service.get("tmpfs") or ()}


def _rights(service: Service) -> Leaves:
    found: Leaves = {}
    for key in ("cap_add", "cap_drop"):
        found |= {f"{key}.{name.upper().removeprefix('CAP_')}": True for name in service.get(key) or ()}
    for text in service.get("security_opt") or ():
        name, _, value = str(text).replace("=", ":", 1).partition(":")
        part = value.partition(":")[0] if name == "label" else value
        path = name if name in ("seccomp", "apparmor") else f"{name}:{part or 'true'}"
        found[f"security_opt.{path}"] = value
    if service.get("privileged") or "host" in (service.get("pid"), service.get("ipc")):
        # The engine puts it there itself.
        found.pop("security_opt.label:disable", None)
    return found


def _devices(service: Service) -> Leaves:
    return {f"devices.{device['target']}": device for device in service.get("devices") or ()}


def _networks(service: Service) -> Leaves:
    found: Leaves = {}
    for name, options in (service.get("networks") or {}).items():
        found[f"networks.{name}"] = True
        found |= {
            f"networks.{name}.{key}": value
            for key, value in (options or {}).items()
            if key not in ("priority", "gw_priority")
        }
    return found


def _healthcheck(service: Service) -> Leaves:
    check = service.get("healthcheck") or {}
    if check.get("disable"):
        return {"healthcheck.test": ["NONE"]}
    return {f"healthcheck.{key}": value for key, value in check.items() if value not in (0, "0s", [], False, None)}


def _logging(service: Service) -> Leaves:
    logging = service.get("logging") or {}
    driver = {"logging.driver": logging["driver"]} if logging.get("driver", "json-file") != "json-file" else {}
    return driver | {f"logging.options.{key}": value for key, value in (logging.get("options") or {}).items()}


def _extra_hosts(service: Service) -> Leaves:
    texts = (str(text).replace("=", ":", 1) for text in service.get("extra_hosts") or ())
    return _grouped((f"extra_hosts.{text.partition(':')[0]}", text.partition(":")[2]) for text in texts)


def _deploy(service: Service) -> Leaves:
    deploy = service.get("deploy") or {}
    resources = deploy.get("resources") or {}
    found = {f"deploy.resources.limits.{key}": value for key, value in (resources.get("limits") or {}).items()}
    if memory := (resources.get("reservations") or {}).get("memory"):
        found["deploy.resources.reservations.memory"] = memory
    found |= {f"deploy.restart_policy.{key}": value for key, value in (deploy.get("restart_policy") or {}).items()}
    return found | ({"deploy.replicas": deploy["replicas"]} if deploy.get("replicas", 1) != 1 else {})


_PARTS: tuple[Callable[[Service], Leaves], ...] = (
    _ports, _expose, _volumes, _rights, _devices, _networks, _healthcheck, _logging, _extra_hosts, _deploy,
)  # fmt: skip


def recreated(old: Service, new: Service, image: Mapping[str, Any]) -> Service:
    """What runs where a container took the place of another: Compose carries over what was mounted at the image's own
    volumes, if the new one mounts nothing there."""
    mounted = {volume["target"] for volume in new.get("volumes") or ()}
    places = set(image.get("Volumes") or ()) - mounted
    kept = [volume for volume in old.get("volumes") or () if volume["target"] in places and volume["type"] != "tmpfs"]
    return {**new, "volumes": [*(new.get("volumes") or ()), *kept]} if kept else new


def must_come(service: str, git: Service, running: Service, image: Mapping[str, Any]) -> list[Wanted]:
    """The items that must come where git has the one model and the other runs, from this image."""
    given = from_image(image)
    # What a container has of its image is not its own.
    theirs = {path: value for path, value in leaves(running).items() if given.get(path) != value}
    ours = {path: value for path, value in leaves(git).items() if path in theirs or given.get(path) != value}
    found = []
    for path in sorted(ours.keys() | theirs.keys()):
        same = ours.get(path) == theirs.get(path)
        if path.endswith(".aliases"):
            same = _further(ours, path, service) == _further(theirs, path, service)
        if not same and not _told_by_another(path, ours, theirs):
            change = "added" if path not in ours else "removed" if path not in theirs else "changed"
            found.append(Wanted(service=service, path=path, change="changed" if path.endswith(".aliases") else change))
    return found


def _further(side: Leaves, path: str, service: str) -> set[str]:
    """Aliases beside the names that every container answers to."""
    return {*side.get(path, ()), service, *(str(side.get(key)) for key in ("container_name", "hostname"))} - {"None"}


def _told_by_another(path: str, ours: Leaves, theirs: Leaves) -> bool:
    """Whether a leaf goes with another one, which is told."""
    root, _, rest = path.partition(".")
    if root == "healthcheck" and rest != "test":
        # What runs without git's knowing is told in full, for a person to write down.
        tests = [side.get("healthcheck.test") for side in (ours, theirs)]
        return tests[1] is None or ["NONE"] in tests
    if path == "restart":
        # Compose takes the policy of `deploy` instead.
        return all("deploy.restart_policy.condition" in side for side in (ours, theirs))
    if root == "networks" and "." in rest:
        network = path.rpartition(".")[0]
        return (network in ours) != (network in theirs)
    return False


_EITHER_WAY = ("image", "restart", "init", "tty", "stdin_open", "privileged", "read_only", "scale")
"""A container has them in any case: whether saying `no`, or nothing, is a change of it or its absence is a matter of words."""


def agree(wanted: Iterable[Wanted], found: Iterable[Wanted]) -> bool:
    """Whether exactly these items came."""
    return sorted(map(_comparable, wanted)) == sorted(map(_comparable, found))


def _comparable(item: Wanted) -> tuple[str, str, str]:
    path = ALSO_CALLED.get(item.path, item.path)
    return item.service, path, "changed" if path in _EITHER_WAY else item.change
