"""Networks: which ones a container is in, or whose network it shares."""

from collections.abc import Mapping
from typing import Any

from homelab_assets.drift.leaf import Given, Leaf, Row
from homelab_assets.drift.project_view import may_be
from homelab_assets.drift.rows.namespaces import shared_namespace, whose_is_gone
from homelab_assets.drift.rows.shapes import has_marker
from homelab_assets.drift.view import Declared, Observed, once

_BRIDGES = frozenset({"bridge", "podman"})
"""What engines call the network that a container is on if nobody says anything."""

_MODES = ("host", "none", "bridge", "default", "")


@once
def _declared_mode(declared: Declared) -> str:
    """The mode that git asks for, maybe as the engine's own network of that name, else ""."""
    if mode := declared.get("network_mode"):
        return str(mode)
    networks = declared.get("networks")
    if not isinstance(networks, Mapping) or len(networks) != 1:
        return ""
    name = declared.project.network_name(next(iter(networks)))
    return name if name in ("host", "none", "bridge") else ""


@once
def declared_networks(declared: Declared) -> dict[str, Mapping[str, Any]]:
    """The service's networks by compose key; `default` where it names none."""
    networks = declared.get("networks")
    if _declared_mode(declared):
        return {}
    if isinstance(networks, Mapping):
        return {key: options or {} for key, options in networks.items()}
    return {key: {} for key in networks or ("default",)}


def attached_networks(container: Observed, declared: Declared) -> dict[str, Mapping[str, Any]]:
    """The container's networks by compose key, or by name where the project doesn't know them."""
    project, found = container.facts.get(attached_networks) or (None, {})
    if project is not declared.project:
        found = _find_attached(container, declared)
        container.facts[attached_networks] = (declared.project, found)
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
            own = (own for own in declared_networks(declared) if may_be(declared.project.network_name(own), name))
            key = next((one for one in (*own, key) if one not in found), name)
        found[key] = endpoint
    return found


def _by_name(container: Observed) -> dict[str, Mapping[str, Any]]:
    return {container.host.networks.get(name, name): endpoint or {} for name, endpoint in container.networks.items()}


@once
def _plain_mode(container: Observed) -> str:
    """The mode of a container that isn't attached to networks of its own choice, else ""."""
    mode = container.mode()
    if container.host.podman and mode in _MODES and mode not in ("host", "none"):
        # It calls all networks so, and the lack of any.
        return "" if set(container.networks) - _BRIDGES or not container.networks else "bridge"
    if mode in ("default", ""):
        mode = "bridge"
    if mode in ("bridge", "none") and set(container.networks) - {mode}:
        return ""
    return mode if mode in _MODES or mode.startswith("container:") else ""


def _mode(container: Observed, declared: Declared) -> str:
    """As `_plain_mode`; where git asks for a mode, also what `network_mode` gives a container besides: the bridge,
    though somebody has the container join other networks, or a network by its name."""
    plain, wanted = _plain_mode(container), _declared_mode(declared)
    if plain or not wanted:
        return plain
    mode = _podmans_network(container, declared) or container.mode()
    if mode in ("bridge", "default"):
        asked = wanted in ("bridge", "default") or has_marker(wanted)
        return "bridge" if asked and not _BRIDGES.isdisjoint(container.networks) else ""
    endpoint = _by_name(container).get(mode)
    # To a network that `networks` names Compose gives the service's name.
    is_mode = wanted == mode or (endpoint is not None and declared.name not in (endpoint.get("Aliases") or ()))
    return mode if endpoint is not None and is_mode else ""


def _podmans_network(container: Observed, declared: Declared) -> str:
    """The only network of a podman container, if it isn't one of `networks`: podman calls the mode `bridge`."""
    if not container.host.podman or len(container.networks) != 1:
        return ""
    ((name, endpoint),) = _by_name(container).items()
    return "" if name in _BRIDGES or declared.name in (endpoint.get("Aliases") or ()) else name


def _mode_differs(container: Observed, declared: Declared) -> bool:
    """Whether one side has networks of its own and the other a mode: then that is the difference, once."""
    return bool(_mode(container, declared)) != bool(_declared_mode(declared))


@once
def _expected_networks(declared: Declared) -> dict[str, Leaf]:
    return {f"networks.{key}": Leaf(True, key) for key in declared_networks(declared)}


def _observed_networks(container: Observed, declared: Declared) -> dict[str, Leaf]:
    attached, mode = attached_networks(container, declared), _mode(container, declared)
    if not _mode_differs(container, declared):
        own = {declared.project.network_key(name) for name in (*_BRIDGES, mode)} if mode else set()
        return {f"networks.{key}": Leaf(True, key) for key in attached if key not in own}
    leaves = dict(_expected_networks(declared)) if mode else {}
    return leaves | {f"networks.{key}": Leaf(True, key) for key in attached if key != "default"}


def _expected_mode(declared: Declared) -> dict[str, Leaf]:
    mode = _declared_mode(declared)
    return {"network_mode": Leaf(mode)} if mode else {}


def _observed_mode(container: Observed, declared: Declared) -> dict[str, Leaf]:
    mode = _mode(container, declared)
    if not mode:
        return {}
    wanted = _declared_mode(declared)
    # `default` is what the engine calls its bridge before the container is made.
    return {
        "network_mode": Leaf(
            wanted if (mode, wanted) == ("bridge", "default") else shared_namespace(mode, container, wanted)
        )
    }


def _given_mode(container: Observed, declared: Declared) -> Given:
    """Only an empty `network_mode` keeps the default network away, for which Compose gives none at all if nobody else
    has one."""
    return {} if declared.get("networks") or declared.get("network_mode") else {"network_mode": ("none",)}


def _expected_names(declared: Declared) -> dict[str, Leaf]:
    names = {key: declared.project.network_name(key) for key in declared_networks(declared)}
    return {f"networks.{key}.name": Leaf(name) for key, name in names.items() if has_marker(name)}


def _observed_names(container: Observed, declared: Declared) -> dict[str, Leaf]:
    project = declared.project
    known = {project.network_name(key) for key in project.networks}
    names = {
        key: [name for name in _by_name(container) if name not in known and may_be(project.network_name(key), name)]
        for key in declared_networks(declared)
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

NETWORKS = Row(
    key="networks", kind="keyed", where="NetworkSettings.Networks", live=True, implied=True,
    engine="`<project>_default` by Compose", expected=_expected_networks, observed=_observed_networks,
    beyond=lambda difference, container: None if container.networks else "it was taken off all its networks",
)  # fmt: skip

ROWS: tuple[Row, ...] = (
    Row(
        key="network_mode", kind="scalar", where="HostConfig.NetworkMode", keys=("network_mode", "networks"),
        expected=_expected_mode, observed=_observed_mode, given=_given_mode,
        engine="`bridge`, the first network, or `none` if there is none", beyond=whose_is_gone,
    ),
    NETWORKS,
)  # fmt: skip
