"""The label `com.docker.compose.config-hash`, computed from a canonical service.

Compose takes SHA-256 of Go's JSON of the service: compact, attributes in the order of its struct, after resolving
env files and after replacing `service:x` by `container:<ID>`, without what does not shape the container. Equal hashes
prove equal models; different hashes prove nothing across versions that print the model differently.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

from homelab_assets.compose.shapes import SERVICE

Json = Any
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_NEVER = ("build", "pull_policy")
_NAMESPACES = ("network_mode", "ipc", "pid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How Compose versions from `since` on hash; observed with 2.40.3 and 2.26.1, read in the source for the rest.

    Attributes:
        without: service attributes that do not count, besides `build` and `pull_policy`.
        numeric_modes: modes of configs and secrets are decimal numbers.
    """

    since: tuple[int, int, int]
    without: tuple[str, ...]
    numeric_modes: bool = False


RULES: tuple[Rule, ...] = (
    Rule(since=(2, 30, 2), without=("scale", "depends_on", "profiles")),
    Rule(since=(2, 29, 3), without=("scale", "depends_on"), numeric_modes=True),
    Rule(since=(2, 24, 0), without=("scale",), numeric_modes=True),
)


def config_hash(
    service: Mapping[str, Json],
    name: str,
    compose_version: str,
    *,
    container_ids: Mapping[str, str] | None = None,
    label_files: Sequence[str] = (),
) -> str | None:
    """Return the hash that a version of Compose puts on the containers of a service.

    Args:
        service: canonical service as in `Project.services`, all variables known.
        name: its key, for nothing but error messages of callers; the name is not part of the hash.
        compose_version: as the label `com.docker.compose.version` says it.
        container_ids: ids of the first containers of services that this one shares namespaces or volumes with.
        label_files: absolute `label_file` paths (`Project.label_files`); they count beside the labels that they give.

    Returns:
        Hex digits; None for a version whose way of hashing is not known, or when a container id is missing.
    """
    rule = _rule(compose_version)
    model = _model(service, rule, container_ids or {}, label_files) if rule is not None else None
    if model is None:
        return None
    text = go_json(model) if _WITH_FRACTIONS & model.keys() else _plain_go_json(model)
    return hashlib.sha256(text.encode()).hexdigest()


def _rule(version: str) -> Rule | None:
    match = _VERSION.match(version)
    if match is None:
        return None
    number = (int(match[1]), int(match[2]), int(match[3]))
    return next((rule for rule in RULES if number >= rule.since), None)


def _model(
    service: Mapping[str, Json], rule: Rule, ids: Mapping[str, str], label_files: Sequence[str]
) -> dict[str, Json] | None:
    given = {**service, "label_file": list(label_files)} if label_files else service
    left_out = {*_NEVER, *rule.without}
    model = {key: given[key] for key in SERVICE.attributes if key in given and key not in left_out}
    if "deploy" in model:
        model["deploy"] = {key: value for key, value in model["deploy"].items() if key != "replicas"}
    if rule.numeric_modes:
        for key in ("configs", "secrets"):
            if key in model:
                model[key] = [_numeric_mode(reference) for reference in model[key]]
    return _with_containers(model, ids)


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


def _numeric_mode(reference: Mapping[str, Json]) -> dict[str, Json]:
    return {key: int(value, 8) if key == "mode" else value for key, value in reference.items()}


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


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_WITH_FRACTIONS = frozenset({"cpus", "cpu_percent", "deploy"})
"""Where alone a service can hold a number that Go and Python spell differently."""


def _plain_go_json(model: Json) -> str:
    """As `go_json`, by Python's own encoder: for what holds no fractions."""
    text = _ENCODER.encode(model)
    for character, escape in _ESCAPED:
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
