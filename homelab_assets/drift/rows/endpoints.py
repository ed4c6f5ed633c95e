"""What a container is called in its networks, and which addresses and options it has there."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from homelab_assets.compose.interpolation import MARKER
from homelab_assets.drift.leaf import Difference, Leaf, Row
from homelab_assets.drift.rows.networks import attached_networks, declared_networks
from homelab_assets.drift.rows.shapes import dig, has_marker, ip_address, number, unseen
from homelab_assets.drift.view import Declared, Observed, generated_names, once
from homelab_assets.labels import PROJECT, REPLACES
from homelab_assets.late import late

_SHORT_ID = late(r"[0-9a-f]{12}")
_HARDWARE = late(r"[0-9a-f]{2}(?:[:-][0-9a-f]{2})+|[0-9a-f]{4}(?:\.[0-9a-f]{4})+")


def _joined(declared: Declared, container: Observed) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Networks that both sides have: compose key, git's options, the endpoint."""
    attached = attached_networks(container, declared)
    for key, options in declared_networks(declared).items():
        if key in attached:
            yield key, options, attached[key]


@once
def _expected_aliases(declared: Declared) -> dict[str, Leaf]:
    return {
        f"networks.{key}.aliases": Leaf(frozenset(options.get("aliases") or ()), list(options.get("aliases") or ()))
        for key, options in declared_networks(declared).items()
    }


def _observed_aliases(container: Observed, declared: Declared) -> dict[str, Leaf]:
    leaves: dict[str, Leaf] = dict(_expected_aliases(declared))
    # Compose gives each endpoint the service's name; a reconnect by hand forgets it: nobody resolves it then, unless
    # that is the container's own name, which the engine always resolves.
    managed = container.managed and not container.podman_compose
    implicit = [declared.name] if managed and container.name != declared.name else []
    generated = _generated_aliases(container, declared)
    stale = _open_name(declared)
    for key, options, endpoint in _joined(declared, container):
        wanted = options.get("aliases") or ()
        found = dict.fromkeys(map(str, endpoint.get("Aliases") or ()))
        lost = [alias for alias in (*wanted, *implicit) if alias not in found]
        extra = [alias for alias in found if alias not in generated and alias not in wanted
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
_IN_EFFECT = {"ipv4_address": "IPAddress", "ipv6_address": "GlobalIPv6Address"}
"""Where podman, which says of no address whether it was asked for, shows those of a running container."""


@once
def _expected_options(declared: Declared) -> dict[str, Leaf]:
    leaves: dict[str, Leaf] = {}
    for key, options in declared_networks(declared).items():
        for name in (*_ENDPOINT, "mac_address") if options else ():
            if options.get(name):
                leaves[f"networks.{key}.{name}"] = Leaf(_option(name, options[name]), options[name])
        for name, value in (options.get("driver_opts") or {}).items():
            leaves[f"networks.{key}.driver_opts.{name}"] = Leaf(str(value))
        if options.get("interface_name"):
            leaves[f"networks.{key}.interface_name"] = Leaf(str(options["interface_name"]))
    return leaves


def _hardware(address: Any) -> str:
    """A MAC address in its usual spelling, which engines give to any (`02-42-ac-11-00-07`, `0242.ac11.0007`)."""
    text = str(address).lower()
    return ":".join(re.findall("[0-9a-f]{2}", text)) if _HARDWARE.fullmatch(text) else text


def _option(name: str, value: Any) -> Any:
    if name == "mac_address":
        return _hardware(value)
    if name == "link_local_ips":
        return tuple(sorted(map(ip_address, value)))
    return ip_address(value).lower() if isinstance(value, str) and not has_marker(value) else number(value)


_SET_BY_HAND = ("IPAMConfig", "GwPriority", "DriverOpts")
_INTERFACE = "com.docker.network.endpoint.ifname"


def _lost_its_name(difference: Difference, container: Observed) -> str | None:
    expected, observed = difference.expected, difference.observed
    same = expected is not None and observed is not None and expected.shown == observed.shown
    return "it is not known there by its service's name any more" if same else None


def _observed_options(container: Observed, declared: Declared) -> dict[str, Leaf]:
    wanted = _expected_options(declared)
    joined = list(_joined(declared, container))
    shared = {key for key, _, _ in joined}
    # What belongs to a network that isn't attached at all is said once, by the network itself.
    leaves = {path: leaf for path, leaf in wanted.items() if path.split(".")[1] not in shared}
    for key, options, endpoint in joined:
        if not options and not any(map(endpoint.get, _SET_BY_HAND)):
            continue
        for name, place in _ENDPOINT.items():
            in_effect = _IN_EFFECT.get(name) if name in options and container.host.podman else None
            if value := dig(endpoint, *place) or (in_effect and endpoint.get(in_effect)):
                leaves[f"networks.{key}.{name}"] = Leaf(_option(name, value), value)
        if options.get("mac_address"):
            leaves |= _mac(key, endpoint, container)
        for name, value in (endpoint.get("DriverOpts") or {}).items():
            path = "interface_name" if name == _INTERFACE else f"driver_opts.{name}"
            leaves[f"networks.{key}.{path}"] = Leaf(str(value))
        for name in ("interface_name", "gw_priority"):
            if options.get(name) and container.host.api < (1, 48) and f"networks.{key}.{name}" not in leaves:
                leaves[f"networks.{key}.{name}"] = unseen("the engine is too old to show it")
    return leaves


def _mac(key: str, endpoint: Mapping[str, Any], container: Observed) -> dict[str, Leaf]:
    found = endpoint.get("MacAddress") or container.config.get("MacAddress")
    path = f"networks.{key}.mac_address"
    if not found:
        return {path: unseen("visible only while the container runs")}
    return {path: Leaf(_hardware(found), found)}


_PASSES_MAC = (2, 32, 3)
"""Compose before that replaces the service's address by its first network's, even by none (docker/compose#12439)."""


def _expected_mac(declared: Declared) -> dict[str, Leaf]:
    address = declared.get("mac_address")
    return {"mac_address": Leaf(_hardware(address), address)} if address else {}


def _observed_mac(container: Observed, declared: Declared) -> dict[str, Leaf]:
    """The address of the container, or of its endpoints: newer engines keep it there, and show it while they are up."""
    wanted = declared.get("mac_address")
    by_network = any(dig(options, "mac_address") for options in declared_networks(declared).values())
    found = container.config.get("MacAddress")
    if not wanted and (by_network or container.host.podman):
        return {}
    if not found and wanted:
        addresses = [_hardware(e["MacAddress"]) for e in container.networks.values() if e and e.get("MacAddress")]
        if not addresses:
            return {"mac_address": unseen("visible only while the container runs")}
        found = next((address for address in addresses if address == _hardware(wanted)), addresses[0])
        if found != _hardware(wanted) and container.proven and container.compose < _PASSES_MAC:
            return {"mac_address": unseen("the Compose that created it doesn't pass it on")}
    return {"mac_address": Leaf(_hardware(found), found)} if found else {}


ROWS: tuple[Row, ...] = (
    Row(
        key="networks.*.aliases", kind="set", where="NetworkSettings.Networks.*.Aliases", live=True, implied=True,
        engine="service and container name by Compose, short id by the engine",
        expected=_expected_aliases, observed=_observed_aliases, beyond=_lost_its_name,
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
