"""Networks, what the container is called in them, and whose network it shares."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from homelab_assets.drift.leaf import Leaf, Row
from homelab_assets.drift.rows.namespaces import shared_namespace
from homelab_assets.drift.rows.shapes import MARKER, dig, has_marker, plain, unseen
from homelab_assets.drift.view import PROJECT, REPLACES, Declared, Observed, generated_names, may_be, once

_SHORT_ID = re.compile(r"[0-9a-f]{12}")
_BRIDGES = frozenset({"bridge", "podman"})
"""What engines call the network that a container is on if nobody says anything."""

_MODES = ("host", "none", "bridge", "default", "")


def _declares_mode(declared: Declared) -> str:
    """The mode that git asks for, maybe as the engine's own network of that name, else ""."""
    if mode := declared.get("network_mode"):
        return str(mode)
    networks = declared.get("networks")
    if not isinstance(networks, Mapping) or len(networks) != 1:
        return ""
    name = declared.project.network_name(next(iter(networks)))
    return name if name in ("host", "none", "bridge") else ""


def _keys(declared: Declared) -> dict[str, Mapping[str, Any]]:
    """The service's networks by compose key; `default` where it names none."""
    networks = declared.get("networks")
    if _declares_mode(declared):
        return {}
    if isinstance(networks, Mapping):
        return {key: options or {} for key, options in networks.items()}
    return {key: {} for key in networks or ("default",)}


def _attached(container: Observed, declared: Declared) -> dict[str, Mapping[str, Any]]:
    """The container's networks by compose key, or by name where the project doesn't know them."""
    project, found = container.facts.get(_attached) or (None, {})
    if project is not declared.project:
        found = _find_attached(container, declared)
        container.facts[_attached] = (declared.project, found)
    return found


def _find_attached(container: Observed, declared: Declared) -> dict[str, Mapping[str, Any]]:
    if _plain_mode(container):
        return {}
    found: dict[str, Mapping[str, Any]] = {}
    attached = _by_name(container).items()
    # Compose gives each endpoint the service's name, a hand that joins another network does not.
    for name, endpoint in sorted(attached, key=lambda one: declared.name not in (one[1].get("Aliases") or ())):
        key = declared.project.network_key(name)
        if may_be(declared.project.network_name(key), name):
            # Several may have the name that a variable gives: rather one of the service's own, and each but once.
            own = (own for own in _keys(declared) if may_be(declared.project.network_name(own), name))
            key = next((one for one in (*own, key) if one not in found), name)
        found[key] = endpoint
    return found


def _by_name(container: Observed) -> dict[str, Mapping[str, Any]]:
    return {container.host.networks.get(name, name): endpoint or {} for name, endpoint in container.networks.items()}


@once
def _plain_mode(container: Observed) -> str:
    """The mode of a container that isn't attached to networks of its own choice, else ""."""
    mode = container.mode()
    if container.host.podman and mode in _MODES and container.networks and mode not in ("host", "none"):
        return "" if set(container.networks) - _BRIDGES else "bridge"
    if mode in ("default", ""):
        mode = "bridge"
    if mode == "bridge" and set(container.networks) - {"bridge"}:
        return ""
    return mode if mode in _MODES or mode.startswith("container:") else ""


def _mode(container: Observed, declared: Declared) -> str:
    """As `_plain_mode`; the bridge too where git may ask for it and somebody has the container join other networks."""
    wanted, plain = _declares_mode(declared), _plain_mode(container)
    asked = wanted in ("bridge", "default") or has_marker(wanted)
    if not plain and asked and container.mode() in ("bridge", "default"):
        return "" if _BRIDGES.isdisjoint(container.networks) else "bridge"
    return plain


def _mode_differs(container: Observed, declared: Declared) -> bool:
    """Whether one side has networks of its own and the other a mode: then that is the difference, once."""
    return bool(_mode(container, declared)) != bool(_declares_mode(declared))


def _expected_networks(declared: Declared) -> dict[str, Leaf]:
    return {f"networks.{key}": Leaf(True, key) for key in _keys(declared)}


def _observed_networks(container: Observed, declared: Declared) -> dict[str, Leaf]:
    attached, mode = _attached(container, declared), _mode(container, declared)
    if not _mode_differs(container, declared):
        own = {declared.project.network_key(name) for name in _BRIDGES} if mode else set()
        return {f"networks.{key}": Leaf(True, key) for key in attached if key not in own}
    leaves = dict(_expected_networks(declared)) if mode else {}
    return leaves | {f"networks.{key}": Leaf(True, key) for key in attached if key != "default"}


def _expected_mode(declared: Declared) -> dict[str, Leaf]:
    mode = _declares_mode(declared)
    return {"network_mode": Leaf(mode)} if mode else {}


def _observed_mode(container: Observed, declared: Declared) -> dict[str, Leaf]:
    mode = _mode(container, declared)
    if not mode:
        return {}
    wanted = _declares_mode(declared)
    # `default` is what the engine calls its bridge before the container is made.
    return {
        "network_mode": Leaf(
            wanted if (mode, wanted) == ("bridge", "default") else shared_namespace(mode, container, wanted)
        )
    }


def _options(declared: Declared, container: Observed) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Networks that both sides have: compose key, git's options, the endpoint."""
    attached = _attached(container, declared)
    for key, options in _keys(declared).items():
        if key in attached:
            yield key, options, attached[key]


def _expected_aliases(declared: Declared) -> dict[str, Leaf]:
    return {
        f"networks.{key}.aliases": Leaf(frozenset(options.get("aliases") or ()), list(options.get("aliases") or ()))
        for key, options in _keys(declared).items()
    }


def _observed_aliases(container: Observed, declared: Declared) -> dict[str, Leaf]:
    leaves: dict[str, Leaf] = dict(_expected_aliases(declared))
    # Compose gives each endpoint the service's name; a reconnect by hand forgets it: nobody resolves it then.
    implicit = [declared.name] if container.managed and not container.host.podman else []
    generated = _generated_aliases(container, declared)
    stale = _open_name(declared)
    for key, options, endpoint in _options(declared, container):
        wanted = list(options.get("aliases") or ())
        found = [str(alias) for alias in endpoint.get("Aliases") or ()]
        lost = [alias for alias in (*wanted, *implicit) if alias not in found]
        extra = [alias for alias in dict.fromkeys(found) if alias not in wanted and alias not in generated
                 and not _SHORT_ID.fullmatch(alias) and not (stale and stale.fullmatch(alias))]  # fmt: skip
        if lost or extra:
            running = [alias for alias in wanted if alias in found] + extra
            leaves[f"networks.{key}.aliases"] = Leaf(
                frozenset([*running, *([] if not implicit or declared.name in found else [""])]), running
            )
    return leaves


def _generated_aliases(container: Observed, declared: Declared) -> set[str]:
    project = container.labels.get(PROJECT) or declared.project.name
    own = (container.name, declared.get("container_name"), container.config.get("Hostname"))
    replaced = container.labels.get(REPLACES)
    generated = generated_names(project, declared.name, container.number)
    return {str(name) for name in (declared.name, *own, replaced, *generated) if name}


def _open_name(declared: Declared) -> re.Pattern[str] | None:
    """What a `container_name` with an open variable may have been: a rename by hand leaves the old one behind."""
    name = str(declared.get("container_name") or "")
    if not has_marker(name):
        return None
    parts = [re.escape(part) for part in MARKER.split(name)[::2]]
    return re.compile(".+".join(parts)) if len(parts) > 1 and any(parts) else None


# compose option → field of the endpoint. Compared only where git declares them, or where somebody set them by hand.
_ENDPOINT = {
    "ipv4_address": ("IPAMConfig", "IPv4Address"),
    "ipv6_address": ("IPAMConfig", "IPv6Address"),
    "link_local_ips": ("IPAMConfig", "LinkLocalIPs"),
    "gw_priority": ("GwPriority",),
}


def _expected_options(declared: Declared) -> dict[str, Leaf]:
    leaves: dict[str, Leaf] = {}
    for key, options in _keys(declared).items():
        for name in (*_ENDPOINT, "mac_address"):
            if options.get(name):
                leaves[f"networks.{key}.{name}"] = Leaf(_option(name, options[name]), options[name])
        for name, value in (options.get("driver_opts") or {}).items():
            leaves[f"networks.{key}.driver_opts.{name}"] = Leaf(str(value))
        if options.get("interface_name"):
            leaves[f"networks.{key}.interface_name"] = Leaf(str(options["interface_name"]))
    return leaves


def _option(name: str, value: Any) -> Any:
    if name == "link_local_ips":
        return tuple(sorted(value))
    return value.lower() if isinstance(value, str) and not has_marker(value) else plain(value)


_SET_BY_HAND = ("IPAMConfig", "GwPriority", "DriverOpts")
_INTERFACE = "com.docker.network.endpoint.ifname"


def _observed_options(container: Observed, declared: Declared) -> dict[str, Leaf]:
    wanted = _expected_options(declared)
    shared = {key for key, _, _ in _options(declared, container)}
    # What belongs to a network that isn't attached at all is said once, by the network itself.
    leaves = {path: leaf for path, leaf in wanted.items() if path.split(".")[1] not in shared}
    for key, options, endpoint in _options(declared, container):
        if not options and not any(map(endpoint.get, _SET_BY_HAND)):
            continue
        for name, place in _ENDPOINT.items():
            if value := dig(endpoint, *place):
                leaves[f"networks.{key}.{name}"] = Leaf(_option(name, value), value)
        if options.get("mac_address"):
            leaves |= _mac(key, options["mac_address"], endpoint, container)
        for name, value in (endpoint.get("DriverOpts") or {}).items():
            path = "interface_name" if name == _INTERFACE else f"driver_opts.{name}"
            leaves[f"networks.{key}.{path}"] = Leaf(str(value))
        for name in ("interface_name", "gw_priority"):
            if options.get(name) and container.host.api < (1, 48) and f"networks.{key}.{name}" not in leaves:
                leaves[f"networks.{key}.{name}"] = unseen("the engine is too old to show it")
    return leaves


def _mac(key: str, wanted: Any, endpoint: Mapping[str, Any], container: Observed) -> dict[str, Leaf]:
    found = endpoint.get("MacAddress") or container.config.get("MacAddress")
    path = f"networks.{key}.mac_address"
    if not found:
        return {path: unseen("visible only while the container runs")}
    return {path: Leaf(str(found).lower(), found)}


_PASSES_MAC = (2, 32, 3)
"""Compose before that replaces the service's address by its first network's, even by none (docker/compose#12439)."""


def _expected_mac(declared: Declared) -> dict[str, Leaf]:
    address = declared.get("mac_address")
    return {"mac_address": Leaf(str(address).lower(), address)} if address else {}


def _observed_mac(container: Observed, declared: Declared) -> dict[str, Leaf]:
    """The address of the container, or of its endpoints: newer engines keep it there, and show it while they are up."""
    wanted = declared.get("mac_address")
    by_network = any(dig(options, "mac_address") for options in _keys(declared).values())
    found = container.config.get("MacAddress")
    if not wanted and (by_network or container.host.podman):
        return {}
    if not found and wanted:
        addresses = [str(e.get("MacAddress")).lower() for e in container.networks.values() if e and e.get("MacAddress")]
        if not addresses:
            return {"mac_address": unseen("visible only while the container runs")}
        found = next((address for address in addresses if address == str(wanted).lower()), addresses[0])
        if found != str(wanted).lower() and container.proven and container.compose < _PASSES_MAC:
            return {"mac_address": unseen("the Compose that created it doesn't pass it on")}
    return {"mac_address": Leaf(str(found).lower(), found)} if found else {}


def _expected_names(declared: Declared) -> dict[str, Leaf]:
    names = {key: declared.project.network_name(key) for key in _keys(declared)}
    return {f"networks.{key}.name": Leaf(name) for key, name in names.items() if has_marker(name)}


def _observed_names(container: Observed, declared: Declared) -> dict[str, Leaf]:
    project = declared.project
    known = {project.network_name(key) for key in project.networks}
    names = {
        key: [name for name in _by_name(container) if name not in known and may_be(project.network_name(key), name)]
        for key in _keys(declared)
    }
    fitting = [name for found in names.values() for name in found]
    return {
        f"networks.{key}.name": Leaf(found[0])
        for key, found in names.items()
        if len(found) == 1 and fitting.count(found[0]) == 1
    }


NAMES = Row(
    key="networks.*.name", kind="scalar", where="NetworkSettings.Networks", implied=True,
    expected=_expected_names, observed=_observed_names,
)  # fmt: skip
"""Not compared, the networks themselves are: it tells what the variables in the names of networks are."""

ROWS: tuple[Row, ...] = (
    Row(
        key="network_mode", kind="scalar", where="HostConfig.NetworkMode", keys=("network_mode", "networks"),
        expected=_expected_mode, observed=_observed_mode, engine="`bridge`, or the first network",
    ),
    Row(
        key="networks", kind="keyed", where="NetworkSettings.Networks", live=True, implied=True,
        engine="`<project>_default` by Compose", expected=_expected_networks, observed=_observed_networks,
    ),
    Row(
        key="networks.*.aliases", kind="set", where="NetworkSettings.Networks.*.Aliases", live=True, implied=True,
        engine="service and container name by Compose, short id by the engine",
        expected=_expected_aliases, observed=_observed_aliases,
    ),
    Row(
        key="networks.*.options", kind="keyed", where="NetworkSettings.Networks.*.{IPAMConfig,DriverOpts,…}", live=True,
        nothing=("",), expected=_expected_options, observed=_observed_options,
    ),
    Row(
        key="mac_address", kind="scalar", where="Config.MacAddress", engine="generated",
        expected=_expected_mac, observed=_observed_mac,
    ),
)  # fmt: skip
