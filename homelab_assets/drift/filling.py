"""Variables put into a model that is loaded already: the same as loading it again, where they stand in plain texts.

Most variables of most stacks do: values of environments and labels, image tags, host paths, published ports. A load
reads nothing out of those, so what stands in them can be replaced afterwards. Everywhere else (sizes, names, whole
short forms, files to include, …) a value decides what the load makes of it, and `fill` says no.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from homelab_assets.compose.interpolation import MARKER, OPEN, Interpolator, Knowledge
from homelab_assets.drift.models import Model, as_text
from homelab_assets.drift.templates import UNSET, Alternative, not_set
from homelab_assets.errors import BaselineError
from homelab_assets.late import late
from homelab_assets.model import Json

_PATH = late(r"(?:/(?!\.{1,2}(?:/|$))[\w@%+=,.-]+)+")
_PORT = late(r"[1-9]\d{0,3}|[1-5]\d{4}")
_WORDS = late(r"[\w@%+=,./:-]+")
_STEERING = ("COMPOSE_", "HOME")
"""Beginnings of the names of variables that decide more than what stands in their place."""


class _Unfit(Exception):
    """A value decides what the load would make of it."""


def fill(model: Model, variables: Mapping[str, Alternative]) -> Model | None:
    """Return the model as a load with these variables would give it; None where only loading it again can tell.

    Args:
        model: loaded with some of the variables, or none; it is not changed.
        variables: all of them, those of that load included.
    """
    if not model.variables.items() <= variables.items():
        return None
    new = variables.keys() - model.variables.keys()
    if any(name.startswith(_STEERING) for name in new) or not model.project.self_contained or model.is_open_around:
        return None
    filler = _Filler(model, variables)
    try:
        services = {name: filler.service(service) for name, service in model.services.items()}
        disabled = {name: filler.service(service) for name, service in model.disabled.items()}
    except (_Unfit, BaselineError):
        return None
    if not filler.all_stand_in(model.project.extensions):
        return None
    return replace(
        model,
        services=services,
        disabled=disabled,
        references=(),
        variables=dict(variables),
        _names={},
    )


def _is_marked(value: Any) -> bool:
    return OPEN in as_text(value)


class _Filler:
    def __init__(self, model: Model, variables: Mapping[str, Alternative]) -> None:
        self._interpolator = Interpolator(variables.get, symbolic=True, knowledge=Knowledge(unset=not_set(variables)))
        self._variables = variables
        self._references = model.references
        self._values: dict[int, str] = {}

    def all_stand_in(self, extensions: Any) -> bool:
        """Whether every variable stood in a place that was filled, or in an extension, which nothing is read from."""
        elsewhere = {int(number) for number in MARKER.findall(as_text(extensions))}
        return len(self._values.keys() | elsewhere) == len(self._references)

    def service(self, service: Mapping[str, Json]) -> Mapping[str, Json]:
        environment = service.get("environment") or {}
        if any(value is None and self._variables.get(name) is not UNSET for name, value in environment.items()):
            raise _Unfit  # it is passed on from outside
        if not _is_marked(service):
            return service
        filled = dict(service)
        for key, value in service.items():
            if value is not None and _is_marked(value):
                if (put := PLACES.get(key)) is None:
                    raise _Unfit
                filled[key] = put(value, self.text)
        return filled

    def text(self, template: str) -> str:
        """A text with its variables in place."""
        return MARKER.sub(lambda match: self._value(int(match[1])), template) if OPEN in template else template

    def _value(self, number: int) -> str:
        if number not in self._values:
            reference = self._references[number]
            self._values[number] = self._interpolator.value(reference.name, reference.operator, reference.word)
            if self._interpolator.expressions:
                raise _Unfit  # it depends on a variable that nobody knows
        return self._values[number]


_Fill = Callable[[str], str]


def _whole(value: Any, text: _Fill) -> Any:
    """A text that may be anything, but not empty: then the key would be gone."""
    return text(value) or _unfit()


def _unfit() -> Any:
    raise _Unfit


def _mapping(value: Any, text: _Fill) -> Any:
    """Names to texts; a variable in a name would decide what is declared."""
    if any(OPEN in name for name in value):
        raise _Unfit
    return {name: text(item) if isinstance(item, str) else item for name, item in value.items()}


def _command(value: Any, text: _Fill) -> Any:
    """Words; a value with blanks or quotes in it may be several."""
    words = [text(word) for word in value]
    changed = (new for new, old in zip(words, value, strict=True) if new != old)
    return words if all(map(_WORDS.fullmatch, changed)) else _unfit()


def _logging(value: Any, text: _Fill) -> Any:
    if _is_marked(value.get("driver")):
        raise _Unfit
    return {**value, "options": _mapping(value["options"], text)}


def _health(value: Any, text: _Fill) -> Any:
    if _is_marked({**value, "test": None}) or _is_marked(value["test"][:1]):
        raise _Unfit
    return {**value, "test": [text(word) for word in value["test"]]}


def _volumes(value: Any, text: _Fill) -> Any:
    return [_volume(entry, text) if _is_marked(entry) else entry for entry in value]


def _volume(entry: Any, text: _Fill) -> Any:
    """A bind whose source is an absolute path without detours, whatever the variable."""
    if entry.get("type") != "bind" or _is_marked({**entry, "source": None}):
        raise _Unfit
    source = text(entry["source"])
    return {**entry, "source": source} if _PATH.fullmatch(source) else _unfit()


def _ports(value: Any, text: _Fill) -> Any:
    ports = [_port(entry, text) if _is_marked(entry) else entry for entry in value]
    return ports if len({as_text(entry) for entry in ports}) == len(ports) else _unfit()


def _port(entry: Any, text: _Fill) -> Any:
    """A single port of the host, written as Compose would print it."""
    if _is_marked({**entry, "published": None}) or not MARKER.fullmatch(entry["published"]):
        raise _Unfit
    published = text(entry["published"])
    return {**entry, "published": published} if _PORT.fullmatch(published) else _unfit()


PLACES: Mapping[str, Callable[[Any, _Fill], Any]] = {
    "annotations": _mapping,
    "command": _command,
    "domainname": _whole,
    "entrypoint": _command,
    "environment": _mapping,
    "healthcheck": _health,
    "hostname": _whole,
    "image": _whole,
    "labels": _mapping,
    "logging": _logging,
    "ports": _ports,
    "restart": _whole,
    "sysctls": _mapping,
    "user": _whole,
    "volumes": _volumes,
    "working_dir": _whole,
}
"""How variables are put into the keys of a service that can hold them, by key."""
