"""A baseline as the host would have loaded it: same folder, same project name, same variables where known."""

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from homelab_assets import compose
from homelab_assets.compose import shapes
from homelab_assets.compose.interpolation import OPEN, Interpolator, names_in, unscoped
from homelab_assets.compose.scope import Partial, Private
from homelab_assets.drift.deployed import Place
from homelab_assets.drift.matching import normalised
from homelab_assets.drift.rows.shapes import MARKER
from homelab_assets.drift.templates import UNSET, Alternative, Reference, not_set
from homelab_assets.drift.view import Declared, Observed, ProjectView
from homelab_assets.errors import BaselineError, Needs
from homelab_assets.late import late
from homelab_assets.model import Baseline, Json, Span
from homelab_assets.secrecy import SHOWN, has_token, show
from homelab_assets.secrecy.values import Anywhere, is_ordinary

ALL_KEYS = frozenset(shapes.SERVICE.attributes)
_MOST_CHOICES = 20
_VALUES = ("environment", "labels")
EXPORTED = late(r"HOME|PWD|OLDPWD|USER|LOGNAME|SHELL|PATH|LANG|LC_[A-Z]+|TERM|DISPLAY")
"""Variables that any login exports, and what the shell exports beats the `.env`: its value of them is not certain."""


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
            self._names[service] = self.names_of([self.definition(service), self._shared()])
        return self._names[service]

    def names_of(self, part: Any) -> frozenset[str]:
        """Names of the open variables in a part of the model."""
        markers = MARKER.findall(as_text(part)) if self.references else ()
        return frozenset(self.references[int(number)].name for number in markers)

    def open_keys(self, services: Iterable[str]) -> dict[str, frozenset[str]]:
        """Keys of services that their open variables may have a part in: where they stand in something that services
        share, all of them."""
        if OPEN in as_text([self._shared(), self.view.name, self.view.directory]):
            return dict.fromkeys(services, ALL_KEYS)
        found = {}
        for service in services:
            definition = self.definition(service)
            if OPEN in as_text(definition):
                open_ones = [key for key, value in definition.items() if value is not None and OPEN in as_text(value)]
                found[service] = frozenset(open_ones)
        return found

    def _shared(self) -> Sequence[Any]:
        view = self.view
        return (view.networks, view.volumes, view.secrets, view.configs)

    def raw(self, service: str, key: str) -> str | None:
        """Text of a service's key as it stands in the file, known variables replaced; None where it isn't one place."""
        span = self.project.sources.get(("services", service, key))
        data = self.view.read(span.file) if span else None
        if span is None or data is None:
            return None
        text = data.decode("utf-8", "replace")[span.start : span.end]
        if text.startswith(key):
            text = text.partition(":")[2]
        return Interpolator(self.variables.get, symbolic=True, unset=not_set(self.variables)).text(text)

    @property
    def names_in_parts(self) -> frozenset[str]:
        """Names of the open variables that are anywhere something else than the whole value of a variable or label, in
        the default of another one, too."""
        parts: list[Any] = [self._shared(), self.open_files]
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


class Stack:
    """Loads one baseline for one place, again and again with what becomes known.

    Args:
        settled: variables whose value is certain, by name. unknown: those that a `.env` sets, nobody knows to what.
        sealed: tokens of the values of such ones, as far as these are known.
        from_host: paths of the host's own files that services or includes take variables from.
        scopes: those of includes of which all variables are known.
        choosing: those that tell which file or service git's files mean: known in every loading.
    """

    def __init__(self, baseline: Baseline, place: Place) -> None:
        self.baseline = baseline
        self.place = place
        self.home = posixpath.dirname(baseline.files[0]) if baseline.files else baseline.directory
        said = dict(baseline.variables)
        for variables in (place.variables or {}).values():
            said.update({name: value for name, value in variables.items() if not EXPORTED.fullmatch(name)})
        self.settled: dict[str, Alternative] = {name: value for name, value in said.items() if value is not None}
        self.unknown = said.keys() - self.settled.keys()
        self.sealed: dict[str, str] = {}
        self.choosing: dict[str, Alternative] = {}
        self.from_host: set[str] = set()
        self.scopes: set[str] = set()
        self._places_in_git: dict[str, str] = {}

    @property
    def knows_env(self) -> bool:
        """Whether a `.env` of the stack was read, even if it sets nothing."""
        return bool(self.place.variables) or any(unscoped(name) == name for name in self.settled)

    def load(self, variables: Mapping[str, Alternative]) -> Model:
        """Load with these variables; all others stay open, those that are `UNSET` don't.

        Raises:
            BaselineError: Compose would refuse the files.
        """
        variables = {**self.choosing, **variables}
        environment = {name: value for name, value in variables.items() if value is not UNSET}
        try:
            project = compose.load(
                [self._on_host(file) for file in self.baseline.files],
                read=self._read,
                project_directory=self.place.directory,
                environment=environment,
                project_name=self.place.project if self.place.project == normalised(self.place.project or "") else None,
                symbolic=True,
                unset=not_set(variables),
                assumed=environment.keys() - self.settled.keys() - self.choosing.keys(),
                outside=self._set_outside,
            )
        except BaselineError as error:
            needs = error.needs
            if needs and needs.variable not in self.choosing and (chosen := self._choose(needs, variables)):
                self.choosing |= chosen
                return self.load(variables)
            # It is git's file that is wrong, wherever the host keeps its copy.
            file, _, line = (error.where or "").rpartition(":")
            what = _in_terms_of(environment, error.what)
            raise BaselineError(what, where=f"{self._in_git(file)}:{line}", hint=error.hint) from None
        view = ProjectView(
            name=project.name,
            directory=self.place.directory,
            **project.resources,
            read=self._read,
        )
        return Model(
            project=project,
            view=view,
            services=project.services,
            disabled=project.disabled,
            references=tuple(
                Reference(e.name + e.scope, e.operator, e.argument, e.otherwise) for e in project.expressions
            ),
            variables=variables,
            to_repository=self._in_git,
        )

    def _set_outside(self, name: str) -> bool | None:
        """Whether whoever deploys sets a variable for the whole project; None where nobody knows."""
        if name in self.settled or name in self.sealed:
            return True
        return None if not self.knows_env or name in self.unknown or EXPORTED.fullmatch(name) else False

    def _choose(self, needs: Needs, variables: Mapping[str, Alternative]) -> dict[str, Alternative]:
        """Give a value to a variable that chooses a file: as the `.env` has it, else the only one for which git has
        such a file, or of several the one whose services run; nothing where that can't be told."""
        known = needs.value or self.settled.get(needs.variable, UNSET)
        own = unscoped(needs.variable) != needs.variable
        if (known or not own) and self.knows_env and needs.variable not in self.unknown and not has_token(known or ""):
            return {needs.variable: known}
        values = list(self._choices(needs))[:_MOST_CHOICES]
        if len(values) > 1:
            running = {value: self._running_with(needs.variable, value, variables) for value in values}
            most = max(running.values())
            values = [value for value in values if running[value] == most > 0]
        # Where nothing runs that tells, an include has what its own env file says.
        chosen = values[0] if len(values) == 1 else needs.value
        return {needs.variable: chosen} if chosen else {}

    def _running_with(self, variable: str, value: str, variables: Mapping[str, Alternative]) -> int:
        """How many of the services that run are git's if a variable has this value."""
        trial = Stack(self.baseline, self.place)
        trial.choosing = {**self.choosing, variable: value}
        try:
            return len(self.place.services & trial.load(variables).services.keys())
        except BaselineError:
            return 0

    def _choices(self, needs: Needs) -> Iterator[str]:
        """Values for which git has the file that a variable's value would name."""
        if not needs.before:
            return
        folder, beginning = posixpath.split(needs.before)
        end, _, below = needs.after.partition("/")
        inside = self._in_git(folder)
        for entry in self.baseline.tree.list("" if inside == "." else inside):
            name = entry.rstrip("/")
            value = name.removeprefix(beginning).removesuffix(end)
            path = f"{folder}/{name}/{below}" if below else f"{folder}/{name}"
            if value and f"{beginning}{value}{end}" == name and self._read(path) is not None:
                yield value

    def _on_host(self, path: str) -> str:
        """Where a file of the repository lies on the host."""
        return posixpath.normpath(posixpath.join(self.place.directory, posixpath.relpath(path, self.home or ".")))

    def _in_git(self, path: str) -> str:
        """Where a file of the host lies in the repository."""
        if path not in self._places_in_git:
            inside = posixpath.relpath(path, self.place.directory) if path.startswith("/") else path
            self._places_in_git[path] = posixpath.normpath(posixpath.join(self.home, inside))
        return self._places_in_git[path]

    def has_in_git(self, file: str) -> bool:
        """Whether git has a file, by its path in the repository: variables may come from one of the host."""
        return file in self.baseline.files or self.baseline.tree.read(file) is not None

    def with_env_files_of(self, container: Observed) -> "Stack":
        """The same stack, where the host's env files set what they set now to what a container shows."""
        running = container.variables
        files = {
            path: {name: running[name] for name in self.place.env_files[path] if name in running}
            for path in self.from_host
        }
        return Stack(self.baseline, replace(self.place, variables=None, env_files=files))

    def _read(self, path: str) -> bytes | None:
        place, inside = self.place, self._in_git(path)
        if not (place.variables or {}).get(path):
            data = None if inside.startswith("..") else self.baseline.tree.read(inside)
            if data is not None:
                return data
            variables = self.baseline.variables
            if path == posixpath.join(place.directory, ".env") and variables:
                # Git lacks the `.env`, and lab.yaml names a file that knows its values.
                return _env_file(variables)
        held = place.env_files.get(path)
        elsewhere = self.unknown if path in (place.variables or {}) else ()
        data = None if held is None else _env_file(held, passed_on=elsewhere)
        if held is None or data is None:
            return None
        self.from_host.add(path)
        return Partial(data) if None in held.values() else Private(data)

    def learn_included(self, model: Model) -> None:
        """Settle what the host's own env files of includes say, each for its include alone."""
        for scope, variables in model.project.included.items():
            self.scopes.add(scope)
            self.settled |= {name + scope: value for name, value in variables.items()}


def _in_terms_of(variables: Mapping[str, str], text: str) -> str:
    """A message about what was loaded, in which no value of a variable stands."""
    written = {
        text: unscoped(name)
        for name, value in variables.items()
        if not is_ordinary(value)
        for text in (value, repr(value)[1:-1])
    }
    return show(Anywhere(written).replaced(text, lambda found: f"${{{written[found]}}}" if found in written else SHOWN))


def as_text(value: Any) -> str:
    """A part of a model as one text, the fastest way to see whether something stands anywhere in it."""
    return msgspec.json.encode(value).decode()


def _env_file(variables: Mapping[str, str | None], *, passed_on: Collection[str] = ()) -> bytes | None:
    """Variables that are known from elsewhere, as the file again that a service takes them from; None where not all are
    known: that is as good as no file.

    Args:
        passed_on: those that only need be named where they aren't known, since the project has them by the same name.
    """
    lines = [name if value is None else f"{name}={_quoted(value)}" for name, value in variables.items()]
    unknown = {name for name, value in variables.items() if value is None}
    return ("\n".join(lines) + "\n").encode() if unknown.issubset(passed_on) else None


def _quoted(value: str) -> str:
    if "'" not in value and "\\" not in value:
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'
