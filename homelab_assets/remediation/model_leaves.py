"""Canonical models, leaf by leaf: what differs, what a wish is about, what an inspect document could show of it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from homelab_assets.drift.rows.mount import BIND_OPTIONS
from homelab_assets.remediation.short_forms import clean, lender, member, named_volume
from homelab_assets.remediation.wish import KEYED, LISTED, Wish

Model = Mapping[str, Any]
"""Services, networks, volumes, secrets and configs by name, in the shape of `docker compose config --format json`."""

Leaf = tuple[str, ...]
"""Where a value stands in a model."""


def service_part(wish: Wish) -> dict[str, Any]:
    """Return the part of a service's mapping that says what is wished for."""
    head, rest, value = wish.head, wish.rest, wish.value
    if head in KEYED and rest:
        return {head: {rest: value}}
    if head in LISTED and rest:
        values = [rest] if value is None or isinstance(value, bool) else value
        return {head: list(values) if isinstance(values, list | tuple) else [values]}
    if head == "blkio_config" and "." in rest:
        key, _, device = rest.partition(".")
        return {head: {key: [{"path": device, "weight" if key == "weight_device" else "rate": value}]}}
    if head == "networks" and rest:
        name, _, detail = rest.partition(".")
        if not detail:
            return {head: {rest: value if isinstance(value, dict) else None}}
        return {head: {name: nested(detail.split("."), value)}}
    result: dict[str, Any] = nested(wish.path.split(".") if head != "logging" else wish.path.split(".", 2), value)
    return result


def nested(path: Sequence[str], value: Any) -> Any:
    """Return a value below these keys."""
    for key in reversed(path):
        value = {key: value}
    return value


def differing(before: Model, after: Model) -> list[Leaf]:
    """Return the leaves in which two models differ, sorted."""
    one, other = dict(flatten(before)), dict(flatten(after))
    missing = object()
    return sorted(leaf for leaf in one.keys() | other.keys() if one.get(leaf, missing) != other.get(leaf, missing))


def leaves_of(model: Model, wish: Wish) -> Mapping[Leaf, Any]:
    """Return the leaves of a service that a wish is about."""
    return {
        leaf: value
        for leaf, value in flatten(model)
        if leaf[:2] == ("services", wish.service) and covers(wish.path, leaf[2:])
    }


# Compose derives these from what names another service.
_IMPLIED = {
    "network_mode": ("networks", "depends_on"),
    **dict.fromkeys(("links", "volumes_from", "pid", "ipc"), ("depends_on",)),
}


def allowed(leaf: Leaf, wish: Wish) -> bool:
    """Say whether a wish may change this leaf."""
    if leaf[:2] == ("services", wish.service):
        if wish.path == "healthcheck.test" and leaf[2] == "healthcheck":
            # Without a test its other settings say nothing, and a test is no test while `disable` stands beside it.
            return wish.removes or leaf[3:] in (("test",), ("disable",))
        return covers(wish.path, leaf[2:]) or leaf[2] in _IMPLIED.get(wish.head, ())
    if leaf[0] == "networks" and wish.head == "network_mode":
        # A network that nothing uses any more is left out of the model.
        return True
    if leaf[0] == "networks" and wish.head == "networks":
        return leaf[1] == wish.rest.partition(".")[0] or leaf[1] in (wish.rest, "default")
    if leaf[0] in ("secrets", "configs") and wish.head == leaf[0]:
        return leaf[1] == wish.rest
    return (
        leaf[0] == "volumes"
        and wish.head == "volumes"
        and leaf[1] in (named_volume(wish.value), named_volume(wish.previous))
    )


def covers(path: str, leaf: Sequence[str]) -> bool:
    """Say whether a path of the drift document is, or stands above, a leaf of the model."""
    head, _, rest = path.partition(".")
    if rest and (head in KEYED or head in LISTED):
        # Names hold dots themselves: the label `caddy` is not `caddy.tls`, nor the file `/x` the file `/x.conf`.
        return tuple(leaf[:2]) == (head, rest)
    text = ".".join(leaf)
    return text == path or text.startswith(f"{path}.")


def flatten(node: Any, place: Leaf = ()) -> Iterator[tuple[Leaf, Any]]:
    """Yield every leaf of a model with its place. Items of lists are named by what tells them apart."""
    if len(place) == 4 and place[0] == "services" and place[2] == "networks":
        # Attached is attached, with options or without.
        yield place, "attached"
        node = node or ()
        if not node:
            return
    if isinstance(node, Mapping):
        if not node and len(place) > 1:
            yield place, None
        for key, value in node.items():
            yield from flatten(value, (*place, str(key)))
        return
    head = place[2] if len(place) == 3 and place[0] == "services" else ""
    if isinstance(node, list | tuple) and head in KEYED:
        for item in node:
            name, _, value = str(item).partition("=")
            yield (*place, name), value
    elif isinstance(node, list | tuple) and head in LISTED:
        for name, values in _grouped(head, node).items():
            yield (*place, name), json.dumps(sorted(values, key=str), sort_keys=True, default=str)
    elif isinstance(node, list | tuple):
        yield place, json.dumps(node, sort_keys=True, default=str)
    else:
        yield place, node


def _grouped(head: str, items: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for item in items:
        groups.setdefault(_name_of(head, item), []).append(item)
    return groups


def _name_of(head: str, item: Any) -> str:
    if isinstance(item, Mapping):
        if head == "ports":
            return f"{item.get('target')}/{item.get('protocol') or 'tcp'}"
        if head in ("secrets", "configs"):
            return str(item.get("source"))
        return clean(str(item.get("target") or item.get("source")))
    text = str(item)
    if head in ("links", "external_links"):
        return text.rpartition(":")[2]
    if head == "volumes_from":
        return lender(text)
    if head in ("group_add", "device_cgroup_rules"):
        return text
    if head == "expose":
        return text if "/" in text else f"{text}/tcp"
    return clean(text.partition(":")[0]) if head in ("tmpfs", "volumes", "devices") else member(text)


# What an inspect document shows of a port or mount. The rest is git's alone, and stays as it is written.
_SHOWN = {
    "ports": ("target", "published", "host_ip", "protocol"),
    "volumes": ("type", "source", "target", "read_only", "tmpfs", "volume"),
}


def visible(leaves: Mapping[Leaf, Any], head: str) -> dict[Leaf, Any]:
    """Return leaves of one key without what no inspect document shows."""
    if head not in _SHOWN:
        return dict(leaves)
    return {leaf: [_visible(item, head) for item in json.loads(text)] for leaf, text in leaves.items()}


def _visible(item: Mapping[str, Any], head: str) -> dict[str, Any]:
    shown = {key: item.get(key) or None for key in _SHOWN[head]}
    bind = item.get("bind") or {}
    return shown | {key: bind.get(key) or None for key in BIND_OPTIONS}


def describe(leaf: Leaf) -> str:
    """Return a leaf in words."""
    if leaf[0] == "services" and len(leaf) > 2:
        return f"`{'.'.join(leaf[2:])}` of {leaf[1]}"
    return f"`{'.'.join(leaf)}`"
