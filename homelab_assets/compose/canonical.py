"""Short syntaxes to long ones, and the defaults that Compose writes down."""

from collections.abc import Callable
from typing import Any

from homelab_assets.compose.interpolation import OPEN, is_marked
from homelab_assets.compose.paths import clean
from homelab_assets.compose.problems import at, refuse, refuse_item
from homelab_assets.compose.scalars import go_text
from homelab_assets.compose.short_syntax import parse_device, parse_port, parse_volume
from homelab_assets.compose.tree import Change, Map, Rules, Seq, apply
from homelab_assets.errors import BaselineError


def canonicalise(tree: Map) -> None:
    """Bring every short form of a merged tree into its long form, in place."""
    apply(tree, _LONG_FORMS)


def set_defaults(tree: Map) -> None:
    """Add the values that Compose writes out when they are missing, in place."""
    apply(tree, _DEFAULTS)


def names_to_map(value: Any) -> Any:
    """`[a, b]` to `{a: null, b: null}`."""
    return keyed(value, lambda: None) if type(value) is Seq else value


def dependencies_to_map(value: Any) -> Any:
    """`depends_on: [a]` to its long form."""
    return (
        keyed(value, lambda: Map({"condition": "service_started", "required": True})) if type(value) is Seq else value
    )


def keyed(names: Seq, value: Any) -> Map:
    """A list of names as a map; `value()` makes the value of each."""
    result = Map()
    for name, place in zip(names, names.places, strict=True):
        if type(name) is not str:
            refuse_item(name, place)
        result[name] = value()
        if place is not None:
            result.places[name] = place
    return result


def _of(*kinds: type) -> Callable[[Change], Change]:
    """Let a form refuse values of other types: nobody checks a file that only lends a service."""

    def decorate(form: Change) -> Change:
        def checked(value: Any) -> Any:
            if type(value) not in kinds:
                refuse(f"must be a {' or a '.join(_KINDS[kind] for kind in kinds)}")
            return form(value)

        return checked

    return decorate


_KINDS = {str: "string", int: "number", Map: "mapping", Seq: "list"}


def _listed(value: Any) -> Any:
    return Seq([value]) if type(value) is str else value


def _under(key: str) -> Change:
    """A text to `{key: text}`."""
    return lambda value: Map({key: value}) if type(value) is str else value


_sourced = _of(str, Map)(_under("source"))


@_of(Map, Seq)
def _key_values(value: Any) -> Any:
    if type(value) is not Seq:
        return value
    result = Map()
    for item, place in zip(value, value.places, strict=True):
        key, found, text = item.partition("=")
        if not found:
            refuse(f"invalid value {item!r}, expected key=value", place)
        result[key] = text
        if place is not None:
            result.places[key] = place
    return result


def _depends_on(value: Any) -> Any:
    value = dependencies_to_map(value)
    if type(value) is not Map:
        refuse("depends_on must be a list or a mapping")
    for name, condition in value.items():
        if type(condition) is not Map:
            refuse(f"depends_on.{name} must be a mapping", value.places.get(name))
        condition.setdefault("condition", "service_started")
        condition.setdefault("required", True)
    return value


def _env_files(value: Any) -> Any:
    value = _listed(value)
    if type(value) is not Seq:
        refuse("env_file must be a string or a list")
    for index, item in enumerate(value):
        if type(item) is str:
            value[index] = Map({"path": item, "required": True})
        elif type(item) is Map:
            item.setdefault("required", True)
    return value


@_of(str, Map, Seq)
def _gpus(value: Any) -> Any:
    return Seq([Map({"count": "all"})]) if type(value) is str else value


@_of(str, Map)
def _mount(value: Any) -> Any:
    if type(value) is not str:
        return value
    volume = parse_volume(value)
    if "target" in volume and not volume["target"].startswith(OPEN):
        volume["target"] = clean(volume["target"])
    return volume


def _ulimit(value: Any) -> Any:
    return value if is_marked(value) else _limit(value)


@_of(int, Map)
def _limit(value: Any) -> Any:
    return value


@_of(str, Map)
def _device(value: Any) -> Any:
    return parse_device(value) if type(value) is str else value


@_of(Seq)
def _ports(value: Any) -> Any:
    result = Seq()
    for entry, place in zip(value, value.places, strict=True):
        if type(entry) is Map:
            result.add(entry, place)
            continue
        if type(entry) is float or type(entry) is bool:
            refuse(f"invalid port {go_text(entry)}", place)
        try:
            for port in parse_port(go_text(entry)):
                result.add(port, place)
        except BaselineError as error:
            raise at(error, place) from None
    return result


@_of(Map, Seq)
def _ssh(value: Any) -> Any:
    if type(value) is not Seq:
        return value
    result = Map()
    for item, place in zip(value, value.places, strict=True):
        if type(item) is not str:
            refuse("an ssh key must be a string", place)
        name, found, path = item.partition("=")
        if not found and name != "default":
            refuse(f"invalid ssh key {item!r}", place)
        result[name] = path if found else None
    return result


def _external(value: Any) -> Any:
    if type(value) is not Map or type(value.get("external")) is not Map:
        return value
    external = value["external"]
    value["external"] = True
    if "name" in external:
        if "name" in value and value["name"] != external["name"]:
            refuse("name and external.name conflict; only use name")
        value.setdefault("name", external["name"])
    return value


_LONG_FORMS: Rules[Any] = Rules(
    {
        "services.*.build": _of(str, Map)(_under("context")),
        "services.*.build.secrets.*": _sourced,
        "services.*.build.provenance": go_text,
        "services.*.build.sbom": go_text,
        "services.*.build.additional_contexts": _key_values,
        "services.*.build.ssh": _ssh,
        "services.*.build.ulimits.*": _ulimit,
        "services.*.depends_on": _depends_on,
        "services.*.env_file": _env_files,
        "services.*.label_file": _listed,
        "services.*.extends": _under("service"),
        "services.*.gpus": _gpus,
        "services.*.networks": names_to_map,
        "services.*.models": names_to_map,
        "services.*.volumes.*": _mount,
        "services.*.dns": _listed,
        "services.*.devices.*": _device,
        "services.*.secrets.*": _sourced,
        "services.*.configs.*": _sourced,
        "services.*.ports": _ports,
        "services.*.ulimits.*": _ulimit,
        "services.*.develop.watch.*.ignore": _listed,
        "services.*.develop.watch.*.include": _listed,
        "volumes.*": _external,
        "networks.*": _external,
        "secrets.*": _external,
        "configs.*": _external,
    }
)


def _default_context(value: Any) -> Any:
    if type(value) is Map:
        value.setdefault("context", ".")
    return value


def _default_target(value: Any) -> Any:
    if type(value) is Map:
        value.setdefault("target", f"/run/secrets/{value.get('source', '<nil>')}")
    return value


def _default_port(value: Any) -> Any:
    if type(value) is Map:
        value.setdefault("protocol", "tcp")
        value.setdefault("mode", "ingress")
    return value


def _default_count(value: Any) -> Any:
    if type(value) is Map and "count" not in value and "device_ids" not in value:
        value["count"] = "all"
    return value


_DEFAULTS: Rules[Any] = Rules(
    {
        "services.*.build": _default_context,
        "services.*.secrets.*": _default_target,
        "services.*.ports.*": _default_port,
        "services.*.deploy.resources.reservations.devices.*": _default_count,
        "services.*.gpus.*": _default_count,
    }
)
