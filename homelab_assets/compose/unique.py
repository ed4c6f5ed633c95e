"""Which list items count as the same, so that a later one takes the place of an earlier one."""

from collections.abc import Callable
from typing import Any

from homelab_assets.compose.problems import at, refuse, refuse_item
from homelab_assets.compose.scalars import go_text
from homelab_assets.compose.short_syntax import parse_volume
from homelab_assets.compose.tree import Map, Rules, Seq, apply
from homelab_assets.errors import BaselineError


def drop_duplicates(tree: Map) -> None:
    """Leave one of the list items that mean the same: the last, where the first stood."""
    apply(tree, UNIQUE)


_EVERY_ADDRESS = "0.0.0.0"  # noqa: S104  (a value of Compose, nothing is bound)


def _unique(identify: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def drop(value: Any) -> Any:
        if type(value) is not Seq:
            return value
        identities = []
        for item, place in zip(value, value.places, strict=True):
            try:
                identities.append(identify(item))
            except BaselineError as error:
                raise at(error, place) from None
        if len(set(identities)) == len(identities):
            return value
        result = Seq()
        known: dict[Any, int] = {}
        for identity, item, place in zip(identities, value, value.places, strict=True):
            if identity in known:
                result[known[identity]], result.places[known[identity]] = item, place
            else:
                known[identity] = len(result)
                result.add(item, place)
        return result

    return drop


def _by_key(item: Any) -> str:
    if type(item) is not str:
        refuse_item(item)
    return item.partition("=")[0]


def _by_target(item: Any) -> str:
    if type(item) is not Map:
        return str(parse_volume(item).get("target", "")) if type(item) is str else ""
    target = item.get("target")
    if type(target) is not str:
        refuse("a volume is missing a mount target")
    return target


def _by_target_there(item: Any) -> str:
    if type(item) is Map:
        if type(item.get("target")) is not str:
            refuse("a device is missing a target")
        return str(item["target"])
    parts = go_text(item).split(":")
    return parts[0] if len(parts) == 1 else parts[1]


def _by_exposed(item: Any) -> str:
    if type(item) not in (str, int) or (type(item) is int and item >= 1 << 63):
        refuse(f"unsupported expose value {go_text(item)}")
    return str(item)


def _by_path(item: Any) -> str:
    path = item.get("path") if type(item) is Map else item
    if type(path) is not str:
        refuse("an env_file is missing its path")
    return path


def _by_file(folder: str) -> Callable[[Any], str]:
    def identify(item: Any) -> str:
        if type(item) is Map:
            return go_text(item["target"]) if "target" in item else f"{folder}/{go_text(item.get('source'))}"
        return f"{folder}/{go_text(item)}"

    return identify


def _by_port(item: Any) -> Any:
    if type(item) is not Map:
        return str(item)
    if "target" not in item:
        refuse("a port is missing its target")
    published = item.get("published")
    return (
        go_text(item.get("host_ip", _EVERY_ADDRESS)),
        (type(published), go_text(published)),
        go_text(item["target"]),
        go_text(item.get("protocol", "tcp")),
    )


UNIQUE: Rules[Any] = Rules(
    {
        "networks.*.labels": _unique(_by_key),
        "networks.*.ipam.options": _unique(_by_key),
        **dict.fromkeys(
            (
                f"services.*.{key}"
                for key in (
                    "annotations",
                    "build.args",
                    "build.additional_contexts",
                    "build.platform",
                    "build.tags",
                    "build.labels",
                    "cap_add",
                    "cap_drop",
                    "deploy.labels",
                    "dns",
                    "dns_opt",
                    "dns_search",
                    "environment",
                    "labels",
                    "links",
                    "networks.*.aliases",
                    "networks.*.link_local_ips",
                    "profiles",
                    "sysctls",
                    "tmpfs",
                )
            ),
            _unique(_by_key),
        ),
        "services.*.devices": _unique(_by_target_there),
        "services.*.configs": _unique(_by_file("")),
        "services.*.secrets": _unique(_by_file("/run/secrets")),
        "services.*.env_file": _unique(_by_path),
        "services.*.expose": _unique(_by_exposed),
        "services.*.ports": _unique(_by_port),
        "services.*.volumes": _unique(_by_target),
    }
)
