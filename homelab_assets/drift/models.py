"""A stack of git as it was loaded once: its services, its open variables, and where each value stands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from homelab_assets import compose
from homelab_assets.compose import shapes
from homelab_assets.compose.interpolation import MARKER, OPEN, Interpolator, Knowledge, names_in
from homelab_assets.drift.project_view import ProjectView
from homelab_assets.drift.templates import Alternative, Reference, not_set
from homelab_assets.drift.view import Declared
from homelab_assets.model import Json, Span

ALL_KEYS = frozenset(shapes.SERVICE.attributes)
_VALUES = ("environment", "labels")


class Model(Struct, frozen=True, kw_only=True):
    """One loading of a stack: its services, what they refer to, where each value stands, which variables are open.

    Attributes:
        project: what was loaded. services, disabled: its services; `fill` puts variables into these alone.
        references: what the markers in values stand for, by number. variables: those that it was loaded with.
    """

    project: compose.Project
    view: ProjectView
    services: Mapping[str, Mapping[str, Json]]
    disabled: Mapping[str, Mapping[str, Json]]
    references: Sequence[Reference]
    variables: Mapping[str, Alternative]
    to_repository: Callable[[str], str]
    _names: dict[str, frozenset[str]] = field(default_factory=dict)

    def definition(self, service: str) -> Mapping[str, Json]:
        """A service as git has it, whether its profiles are on or off; empty where git doesn't know it."""
        return self.services.get(service) or self.disabled.get(service) or {}

    def declared(self, service: str) -> Declared:
        """The same, with what it refers to."""
        return Declared(name=service, service=self.definition(service), project=self.view)

    @property
    def open_files(self) -> Mapping[str, Mapping[str, Mapping[str, frozenset[str]]]]:
        """Files with variables or labels that git doesn't have, by key and service."""
        return {"environment": self.project.open_env_files, "labels": self.project.open_label_files}

    def names_in(self, service: str) -> frozenset[str]:
        """Names of the open variables that a service's model holds."""
        if service not in self._names:
            self._names[service] = self.names_of([self.definition(service), self.view.resources])
        return self._names[service]

    def names_of(self, part: Any, *, defaults: bool = False) -> frozenset[str]:
        """Names of the open variables in a part of the model.

        Args:
            defaults: those in the defaults of others, too.
        """
        markers = MARKER.findall(as_text(part)) if self.references else ()
        found = [self.references[int(number)] for number in markers]
        within = (names_in(reference.word) for reference in found) if defaults else ()
        return frozenset(reference.name for reference in found).union(*within)

    @property
    def is_open_around(self) -> bool:
        """Whether an open variable stands in something that services share."""
        return OPEN in as_text([self.view.name, self.view.directory, *self.view.resources])

    def open_keys(self, services: Iterable[str]) -> dict[str, frozenset[str]]:
        """Keys of services that their open variables may have a part in: where they stand in something that services
        share, all of them."""
        if self.is_open_around:
            return dict.fromkeys(services, ALL_KEYS)
        found = {}
        for service in services:
            definition = self.definition(service)
            if OPEN in as_text(definition):
                open_ones = [key for key, value in definition.items() if value is not None and OPEN in as_text(value)]
                found[service] = frozenset(open_ones)
        return found

    def raw(self, service: str, key: str) -> str | None:
        """Text of a service's key as it stands in the file, known variables replaced; None where it isn't one place."""
        span = self.project.sources.get(("services", service, key))
        data = self.view.read(span.file) if span else None
        if span is None or data is None:
            return None
        text = data.decode("utf-8", "replace")[span.start : span.end]
        if text.startswith(key):
            text = text.partition(":")[2]
        knowledge = Knowledge(unset=not_set(self.variables))
        return Interpolator(self.variables.get, symbolic=True, knowledge=knowledge).text(text)

    @property
    def names_in_parts(self) -> frozenset[str]:
        """Names of the open variables that are anywhere something else than the whole value of a variable or label, in
        the default of another one, too."""
        parts: list[Any] = [self.view.resources, self.open_files]
        for definition in (*self.services.values(), *self.disabled.values()):
            parts.append({key: value for key, value in definition.items() if key not in _VALUES})
            for pairs in (definition.get(key) or {} for key in _VALUES):
                parts += [*pairs, *(value for value in pairs.values() if not MARKER.fullmatch(str(value)))]
        return self.names_of(parts).union(*(names_in(reference.word) for reference in self.references))

    def span(self, *path: str) -> Span | None:
        """Where a value, or the closest thing around it, stands; the file is relative to the repository's root."""
        for length in range(len(path), 0, -1):
            if span := self.project.sources.get(path[:length]):
                return replace(span, file=self.to_repository(span.file))
        return None


def as_text(value: Any) -> str:
    """A part of a model as one text, the fastest way to see whether something stands anywhere in it."""
    return msgspec.json.encode(value).decode()
