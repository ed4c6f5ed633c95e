"""Where podman's API tells less than Docker's, or tells it otherwise: its containers are read in Docker's terms.

Measured on podman 4.3, 5.4 and 5.8, driven by Compose v2 through the socket and by podman-compose.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from homelab_assets.drift.leaf import Difference
from homelab_assets.drift.rows.mount import Mount
from homelab_assets.drift.rows.networks import declared_networks
from homelab_assets.drift.rows.security import DOCKERS_MORE, PODMANS_CAPABILITIES, capability
from homelab_assets.drift.view import Declared, Observed, is_podman
from homelab_assets.model import Captured, Json

_SIGNALS = (
    *("HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM"),
    *("TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF"),
    *("WINCH", "IO", "PWR", "SYS"),
)
"""Linux' signals by number, from 1 on."""

_FIRST_REAL_TIME = 34

_NEVER_SHOWN = frozenset({"sysctls", "links", "external_links", "device_cgroup_rules", "gpus", "domainname", "runtime"})
_WHAT_IT_DOES_ANYWAY = (("init", False), ("stop_grace_period", 0), ("userns_mode", "host"))
_NOT_OF_A_PRIVILEGED_ONE = ("cap_add", "devices")
_NOT_OF_AN_IMAGE = {"healthcheck": "Healthcheck", "stop_signal": "StopSignal"}
"""Keys for which an image may have a value that podman's API leaves out, with the field's name."""


def as_docker(captured: Captured) -> Captured:
    """A capture as Docker would have written it; Docker's own comes back as it is.

    Podman lists exposed ports among the published ones, names the mode where there is no network, numbers the signals,
    and says 0 where nobody gave a time to stop in.
    """
    if not is_podman(captured.engine.get("version") or {}):
        return captured
    return replace(captured, containers=tuple(_as_docker(container) for container in captured.containers))


def _as_docker(container: Mapping[str, Json]) -> Mapping[str, Json]:
    config = dict(container.get("Config") or {})
    host = dict(container.get("HostConfig") or {})
    bindings = host.get("PortBindings") or {}
    host["PortBindings"] = {port: wanted for port, wanted in bindings.items() if wanted}
    settings = dict(container.get("NetworkSettings") or {})
    settings["Networks"] = {name: one for name, one in (settings.get("Networks") or {}).items() if one is not None}
    if config.get("StopSignal"):
        config["StopSignal"] = signal_name(config["StopSignal"])
    if config.get("StopTimeout") == 0:
        del config["StopTimeout"]
    return {**container, "Config": config, "HostConfig": host, "NetworkSettings": settings}


def signal_name(text: Any) -> str:
    """A signal's full name, from its number or any way of writing the name."""
    name = str(text).upper()
    if not name.isdigit():
        return name if name.startswith("SIG") else f"SIG{name}"
    number = int(name)
    if 1 <= number <= len(_SIGNALS):
        return f"SIG{_SIGNALS[number - 1]}"
    return f"SIGRTMIN+{number - _FIRST_REAL_TIME}" if number > _FIRST_REAL_TIME else name


def agrees(difference: Difference, declared: Declared, container: Observed) -> bool:
    """Whether podman has done what git says and only says it in another way."""
    root, _, name = difference.path.partition(".")
    if root in ("networks", "network_mode"):
        return _has_chosen_network(declared, container)
    if difference.expected is None:
        # What Compose's hash leaves no room for is the image's.
        return root in _NOT_OF_AN_IMAGE and container.proven is True
    expected = difference.expected.value
    if difference.observed is None:
        if root in ("cap_add", "cap_drop"):
            return _has_capabilities(root, name, declared, container)
        return (root, expected) in _WHAT_IT_DOES_ANYWAY
    observed = difference.observed.value
    if difference.path == "healthcheck.test":
        # Its words are split anew on their way.
        return _words(expected) == _words(observed)
    if root == "stop_signal":
        return signal_name(expected) == signal_name(observed)
    if isinstance(expected, float) and isinstance(observed, float):
        # It rounds to whole microseconds of each tenth of a second.
        return abs(expected - observed) < 1e-5
    if root == "volumes" and isinstance(expected, Mount):
        # Whether an empty volume takes over the image's files isn't shown.
        options = tuple(pair for pair in expected.options if pair[0] != "nocopy")
        return difference.row.same(expected._replace(options=options), observed)
    return False


def _has_chosen_network(declared: Declared, container: Observed) -> bool:
    """Whether podman-compose has put a service that names no network where Compose would not: into the only one that
    the file declares, or into podman's own where it declares several, and no default one."""
    if not container.podman_compose or declared_networks(declared).keys() != {"default"}:
        return False
    project = declared.project
    others = project.networks.keys() - {"default"}
    attached = {project.network_key(name) for name in container.networks}
    return attached == others if len(others) == 1 else bool(others) and attached == {"podman"}


def _has_capabilities(key: str, name: str, declared: Declared, container: Observed) -> bool:
    dropped, added = (
        {capability(str(one)) for one in container.host_config.get(field) or ()} for field in ("CapDrop", "CapAdd")
    )
    default = PODMANS_CAPABILITIES | (DOCKERS_MORE if dropped & DOCKERS_MORE else frozenset())
    has = (default - dropped) | added
    if key == "cap_add":
        return name in has
    if name == "ALL":
        return has <= {capability(str(one)) for one in declared.get("cap_add") or ()}
    return name not in has


def _words(test: Any) -> list[str]:
    return " ".join(str(part) for part in test).split()


def unshown(difference: Difference, container: Observed) -> str | None:
    """Why podman can't tell whether this is a difference; None where it can."""
    path, root = difference.path, difference.path.partition(".")[0]
    if difference.change == "added":
        field = _NOT_OF_AN_IMAGE.get(root)
        unknown = field and not container.image_config.get(field)
        return f"podman's API shows no {field} of an image" if unknown else None
    if path.startswith("devices.") and not path.startswith("devices./"):
        return "podman's API shows no devices of CDI"
    if root in _NOT_OF_A_PRIVILEGED_ONE and container.host_config.get("Privileged"):
        return f"podman's API shows no {root} of a privileged container"
    if path.endswith((".ipv4_address", ".ipv6_address")) and not container.running:
        return "podman's API shows the addresses of running containers only"
    if root == "stop_grace_period" and container.podman_compose:
        return "podman-compose keeps it to itself"
    if root == "cgroup" and not container.host_config.get("CgroupnsMode"):  # which podman 5.8 fills
        return "podman's API doesn't show it"
    if difference.change == "removed" and (difference.row.key in _NEVER_SHOWN or path.startswith("logging.options.")):
        return "podman's API doesn't show it"
    return None
