"""The label `com.docker.compose.config-hash`, computed from a canonical service, network or volume.

Compose takes SHA-256 of Go's JSON of the service: compact, attributes in the order of its struct, after resolving
env files and after replacing `service:x` by `container:<ID>`, without what does not shape the container. Equal hashes
prove equal models; different hashes prove nothing across versions that print the model differently.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from json.encoder import encode_basestring
from math import prod
from typing import Any

import msgspec
from msgspec import Struct

from homelab_assets.compose.shapes import NETWORK, SERVICE, VOLUME
from homelab_assets.compose.spellings import UNKNOWN, Version, spellings
from homelab_assets.late import late

Json = Any
_VERSION = late(r"v?(\d+)\.(\d+)\.(\d+)")
_NEVER = ("build", "pull_policy")
_NAMESPACES = ("network_mode", "ipc", "pid")
_NULLABLE = ("command", "entrypoint")
_MAY_COME = ("deploy", "dns")
"""Keys that an older version prints though today's model has none."""


class Rule(Struct, frozen=True, kw_only=True):
    """What Compose versions from `since` on leave out of the hash, besides `build` and `pull_policy`."""

    since: Version
    without: tuple[str, ...]


RULES: tuple[Rule, ...] = (
    Rule(since=(2, 30, 2), without=("scale", "depends_on", "profiles")),
    Rule(since=(2, 29, 3), without=("scale", "depends_on")),
    Rule(since=(2, 18, 0), without=("scale",)),
)
_NEWER: Version = (2, 41, 0)
"""From here on nobody could ask the program, a few containers were seen: another hash may be another way to print."""

_ALSO_AS: Mapping[Version, Version] = {
    (2, 24, 0): (2, 23, 3), (2, 24, 4): (2, 24, 5), (2, 26, 1): (2, 33, 1), (2, 30, 0): (2, 29, 7),
}  # fmt: skip
"""Versions that may print as another does: Debian builds its 2.26.1 with a newer library than upstream, the others
could not be had, and stand between two that print differently."""

_MOST = 512
"""So many ways to print one service are tried."""


def config_hashes(
    service: Mapping[str, Json],
    compose_version: str,
    *,
    container_ids: Mapping[str, str] | None = None,
    label_files: Sequence[str] = (),
) -> Iterator[str | None]:
    """Give every hash that a version of Compose may have put on the containers of a service, the likeliest first.

    Older versions hash more of how a file spells things than the canonical model keeps, so that there can be several.

    Args:
        service: canonical service as in `Project.services`, all variables known.
        compose_version: as the label `com.docker.compose.version` says it.
        container_ids: ids of the first containers of services that this one shares namespaces or volumes with.
        label_files: absolute `label_file` paths (`Project.label_files`); they count beside the labels that they give.

    Yields:
        Hex digits; None last where these are not all: a version whose way of hashing is not known, a container id that
        is missing, or too many ways to have spelled the service.
    """
    match = _VERSION.match(compose_version)
    version = (int(match[1]), int(match[2]), int(match[3])) if match else (0, 0, 0)
    rule = next((rule for rule in RULES if version >= rule.since), None)
    given = {**service, "label_file": list(label_files)} if label_files else service
    model = _with_containers(_hashed(given, rule), container_ids or {}) if rule is not None else None
    if model is None:
        yield None
        return
    complete = version < _NEWER
    for printing in dict.fromkeys((_ALSO_AS.get(version, version), version)):
        keys = SERVICE.in_order(frozenset((*model, *_MAY_COME)))
        ways = {key: spellings(key, model.get(key), printing) for key in keys}
        known = [[way for way in those if way is not UNKNOWN] for those in ways.values()]
        open_ended = any(those[-1] is UNKNOWN for those in ways.values())
        complete = complete and not open_ended and prod(map(len, known)) <= _MOST
        for chosen in islice(product(*known), _MOST):
            yield _digest(dict(zip(ways, chosen, strict=True)))
    if not complete:
        yield None


def resource_hash(definition: Mapping[str, Json]) -> str:
    """Give the hash that Compose puts on a network (from 2.31 on) or volume (from 2.32 on).

    Args:
        definition: canonical network or volume as in `Project.networks` and `Project.volumes`, all variables known.
    """
    section = NETWORK if "ipam" in definition else VOLUME
    given = definition if section is NETWORK else {"driver": "local", **definition}
    printed = {name: given[name] for name in section.in_order(frozenset(given))}
    return hashlib.sha256(_plain_go_json(printed)).hexdigest()


def _digest(printed: Mapping[str, Json]) -> str:
    model = {key: value for key, value in printed.items() if value is not None or key in _NULLABLE}
    text = go_json(model).encode() if _WITH_FRACTIONS & model.keys() else _plain_go_json(model)
    return hashlib.sha256(text).hexdigest()


def _hashed(service: Mapping[str, Json], rule: Rule) -> dict[str, Json]:
    left_out = {*_NEVER, *rule.without}
    model = {key: value for key, value in service.items() if key not in left_out}
    if "deploy" in model:
        model["deploy"] = {key: value for key, value in model["deploy"].items() if key != "replicas"}
    return model


def _with_containers(model: dict[str, Json], ids: Mapping[str, str]) -> dict[str, Json] | None:
    for key in _NAMESPACES:
        reference = model.get(key, "")
        if reference.startswith("service:"):
            shared = ids.get(reference.removeprefix("service:"))
            if shared is None:
                return None
            model[key] = f"container:{shared}"
    if "volumes_from" in model:
        sources = [_source_container(source, ids) for source in model["volumes_from"]]
        if None in sources:
            return None
        model["volumes_from"] = sources
    return model


def _source_container(source: str, ids: Mapping[str, str]) -> str | None:
    parts = source.split(":")
    return parts[1] if parts[0] == "container" else ids.get(parts[0])


def go_json(value: Json) -> str:
    """Print JSON as Go does: compact, `<`, `>`, `&` and the line separators escaped, short exponents."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(key)}:{go_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(go_json(item) for item in value) + "]"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value)


_ESCAPED = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))
_ESCAPES = str.maketrans(dict(_ESCAPED))
_ESCAPED_BYTES = tuple((character.encode(), escape.encode()) for character, escape in _ESCAPED)


_WITH_FRACTIONS = frozenset({"cpus", "cpu_percent", "deploy"})
"""Where alone a service can hold a number that Go and Python spell differently."""


def _plain_go_json(model: Json) -> bytes:
    """As `go_json`, by a fast encoder: for what holds no fractions."""
    text = msgspec.json.encode(model)
    for character, escape in _ESCAPED_BYTES:
        if character in text:
            text = text.replace(character, escape)
    return text


def _quoted(text: str) -> str:
    return encode_basestring(text).translate(_ESCAPES)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    mantissa, exponent, power = text.partition("e")
    if not exponent:
        return text
    if -7 < int(power) < 0:
        return f"{value:.{len(mantissa.replace('.', '').lstrip('-')) - 1 - int(power)}f}"
    return f"{mantissa}e{power[0]}{power[1:].lstrip('0')}" if power[0] in "+-" else f"{mantissa}e+{power}"
