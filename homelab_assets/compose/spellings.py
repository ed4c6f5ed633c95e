"""What other versions of Compose print otherwise in the text that they hash, by key and version.

Each row was observed: `homelab_assets_tests/compose/hashes.json` holds what upstream's programs of 2.18 to 2.40 answer,
and that of Compose 5 was seen on containers. Where the canonical model no longer tells how the file spelled a thing, a
row gives every way that it can have been.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from msgspec import Struct

Json = Any
Version = tuple[int, int, int]

UNKNOWN = object()
"""Stands last among the ways of spelling where there may be more of them."""

_MOST = 64
"""So many ways to spell the entries of one list are tried."""

_DEFAULT_PORT = {"mode": "ingress", "protocol": "tcp"}
_ALL_DEVICES = -1


class Spelling(Struct, frozen=True, kw_only=True):
    """How versions `since` one and `before` another print a key.

    Attributes:
        ways: gives, for the value of today (None: absent), all values that may have been printed, the likeliest first.
    """

    key: str
    ways: Callable[[Json], Sequence[Json]]
    since: Version = (0, 0, 0)
    before: Version = (99, 0, 0)


def _each(entries: Sequence[Json] | None, *ways: Callable[[Json], Json]) -> list[Json]:
    """A list whose entries were spelled each in one of these ways; where that is too many, all alike."""
    if not entries:
        return [entries]
    options = [[way(entry) for way in ways] for entry in entries]
    distinct = [[way for number, way in enumerate(option) if way not in option[:number]] for option in options]
    if prod(map(len, distinct)) <= _MOST:
        return [list(chosen) for chosen in product(*distinct)]
    return [*(list(alike) for alike in zip(*options, strict=True)), UNKNOWN]


def _without(*names: str) -> Callable[[Json], Json]:
    return lambda entry: {name: value for name, value in entry.items() if name not in names}


def _as_it_is(entry: Json) -> Json:
    return entry


def _ports(value: Json) -> Sequence[Json]:
    """A port in the long syntax had no defaults."""

    def bare(*names: str) -> Callable[[Json], Json]:
        return lambda port: {
            name: value for name, value in port.items() if name not in names or value != _DEFAULT_PORT[name]
        }

    return _each(value, _as_it_is, bare("mode", "protocol"), bare("mode"), bare("protocol"))


def _devices(value: Json) -> Sequence[Json]:
    """A device was the text that stands in the file; variables without a value leave parts of it empty."""

    def text(device: Mapping[str, str], *parts: str) -> str:
        return ":".join(device.get(part, "") for part in parts)

    def short(device: Mapping[str, str]) -> str:
        same = device.get("target") == device.get("source")
        return text(device, "source") if same and _usual(device) else middle(device)

    def middle(device: Mapping[str, str]) -> str:
        return text(device, "source", "target") if _usual(device) else long(device)

    def long(device: Mapping[str, str]) -> str:
        return text(device, "source", "target", "permissions")

    return _each(value, short, middle, long)


def _usual(device: Mapping[str, str]) -> bool:
    return device.get("permissions") in (None, "rwm")


def _secrets(value: Json) -> Sequence[Json]:
    """A secret without a target had none."""

    def untold(secret: Mapping[str, Json]) -> Json:
        usual = secret.get("target") == f"/run/secrets/{secret['source']}"
        return _without("target")(secret) if usual else secret

    return _each(value, untold, _as_it_is)


def _numeric_modes(value: Json) -> Sequence[Json]:
    return _each(value, lambda entry: {**entry, "mode": int(entry["mode"], 8)} if "mode" in entry else entry)


def _priority_first(value: Json) -> Sequence[Json]:
    def first(network: Mapping[str, Json]) -> Json:
        return {name: network[name] for name in ("priority", "gw_priority") if name in network} | dict(network)

    return _in_each_network(value, first)


def _in_each_network(value: Json, change: Callable[[Json], Json]) -> Sequence[Json]:
    return [value and {name: network and change(network) for name, network in value.items()}]


def _unsaid_networks(value: Json) -> Sequence[Json]:
    """An empty list of networks stayed none; today it's the default network."""
    return [value, None] if value == {"default": None} else [value]


def _hosts_by_colon(value: Json) -> Sequence[Json]:
    hosts = [host.replace("=", ":", 1) for host in _last_of_each(value)] or None
    return [hosts, UNKNOWN] if any(host.count(":") > 1 for host in hosts or ()) else [hosts]


def _last_address(value: Json) -> Sequence[Json]:
    return [_last_of_each(value) or None]


def _last_of_each(hosts: Iterable[str] | None) -> list[str]:
    return list({host.partition("=")[0]: host for host in hosts or ()}.values())


def _always_deployed(value: Json) -> Sequence[Json]:
    """Every service had a deployment, of one replica."""
    deploy = {"replicas": 1, **(value or {"resources": {}, "placement": {}})}
    return [{name: deploy[name] for name in ("mode", *deploy) if name in deploy}]


def _text_of_cpus(value: Json) -> Sequence[Json]:
    """The text that stands in the file, of which the model keeps the number."""
    resources = (value or {}).get("resources") or {}
    if not any("cpus" in resource for resource in resources.values()):
        return [value]
    ways = [
        {
            name: {key: format(number, style) if key == "cpus" else number for key, number in resource.items()}
            for name, resource in resources.items()
        }
        for style in ("g", ".2f", ".1f")
    ]
    return [*({**value, "resources": way} for way in ways), UNKNOWN]


def _device_requests(value: Json) -> Sequence[Json]:
    """A device request had no options, and no count where the file has none."""
    reservations = ((value or {}).get("resources") or {}).get("reservations") or {}
    if not reservations.get("devices"):
        return [value]

    def uncounted(request: Mapping[str, Json]) -> Json:
        return _without("count")(request) if request.get("count") == _ALL_DEVICES else request

    requests = _each([_without("options")(request) for request in reservations["devices"]], _as_it_is, uncounted)
    return [
        one if one is UNKNOWN else
        {**value, "resources": {**value["resources"], "reservations": {**reservations, "devices": one}}}
        for one in requests
    ]  # fmt: skip


def _develop(value: Json) -> Sequence[Json]:
    def bare(watch: Mapping[str, Json]) -> Json:
        return _without("exec")(watch) if watch.get("exec") == {"command": None} else watch

    return [value and {**value, "watch": [bare(watch) for watch in value.get("watch") or ()]}]


_BIND = ("selinux", "propagation", "create_host_path", "recursive")


def _host_path_unsaid(value: Json) -> Sequence[Json]:
    """That a missing host path is made goes without saying, that it isn't is said; the model tells it the other way."""

    def unsaid(volume: Mapping[str, Json]) -> Json:
        return {**volume, "bind": _without("create_host_path")(volume["bind"])} if "bind" in volume else volume

    def refused(volume: Mapping[str, Json]) -> Json:
        if "create_host_path" in volume.get("bind", _BIND):
            return unsaid(volume)
        bind = {**volume["bind"], "create_host_path": False}
        return {**volume, "bind": {name: bind[name] for name in _BIND if name in bind}}

    return _each(value, unsaid, refused)


SPELLINGS: tuple[Spelling, ...] = (
    Spelling(key="deploy", before=(2, 24, 0), ways=_always_deployed),
    Spelling(key="deploy", before=(2, 26, 0), ways=_text_of_cpus),
    Spelling(key="deploy", before=(2, 30, 0), ways=_device_requests),
    Spelling(key="extra_hosts", before=(2, 24, 0), ways=_hosts_by_colon),
    Spelling(key="extra_hosts", since=(2, 24, 0), before=(2, 24, 6), ways=_last_address),
    Spelling(key="storage_opt", before=(2, 24, 5), ways=lambda value: [None]),
    Spelling(key="secrets", before=(2, 24, 6), ways=_secrets),
    Spelling(key="secrets", before=(2, 34, 0), ways=_numeric_modes),
    Spelling(key="configs", before=(2, 34, 0), ways=_numeric_modes),
    Spelling(
        key="environment", since=(2, 24, 7), before=(2, 29, 0),
        ways=lambda value: [{name: text for name, text in (value or {}).items() if text is not None} or None],
    ),
    Spelling(key="networks", since=(2, 24, 7), before=(2, 27, 0), ways=_unsaid_networks),
    Spelling(key="networks", before=(2, 34, 0), ways=lambda value: _in_each_network(value, _without("gw_priority"))),
    Spelling(key="networks", before=(2, 36, 0), ways=_priority_first),
    Spelling(key="ports", before=(2, 29, 0), ways=_ports),
    Spelling(key="devices", before=(2, 29, 3), ways=_devices),
    Spelling(key="label_file", before=(2, 34, 0), ways=lambda value: [None]),
    Spelling(key="volumes_from", before=(2, 22, 0), ways=lambda value: [UNKNOWN] if value else [value]),
    Spelling(key="dns", before=(2, 30, 0), ways=lambda value: [None, [""]] if value is None else [value]),
    Spelling(key="develop", before=(2, 33, 0), ways=_develop),
    Spelling(key="volumes", since=(5, 0, 0), ways=_host_path_unsaid),
)  # fmt: skip


def spellings(key: str, value: Json, version: Version) -> Sequence[Json]:
    """All values that a version may have printed for a key, None for no key; `UNKNOWN` last where there may be more."""
    found: list[Json] = [value]
    for spelling in _BY_KEY.get(key, ()):
        if spelling.since <= version < spelling.before:
            found = [way for one in found for way in ([one] if one is UNKNOWN else spelling.ways(one))]
    return found


_BY_KEY: dict[str, list[Spelling]] = {}
for _row in SPELLINGS:
    _BY_KEY.setdefault(_row.key, []).append(_row)
