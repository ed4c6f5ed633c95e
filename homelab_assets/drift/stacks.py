"""A baseline as the host would have loaded it: same folder, same project name, same variables where known."""

import posixpath
from collections.abc import Collection, Iterator, Mapping

from msgspec.structs import replace

from homelab_assets import compose
from homelab_assets.compose.interpolation import unscoped
from homelab_assets.compose.normalise import normalised_name
from homelab_assets.compose.scope import Partial, Private
from homelab_assets.drift.deployed import Deployment
from homelab_assets.drift.models import Model
from homelab_assets.drift.project_view import ProjectView
from homelab_assets.drift.templates import UNSET, Alternative, Reference, not_set
from homelab_assets.drift.view import Observed
from homelab_assets.errors import BaselineError, Needs
from homelab_assets.late import late
from homelab_assets.model import Baseline
from homelab_assets.secrecy import SHOWN, has_token, show
from homelab_assets.secrecy.values import Anywhere, is_ordinary

_MOST_CHOICES = 20
EXPORTED = late(r"HOME|PWD|OLDPWD|USER|LOGNAME|SHELL|PATH|LANG|LC_[A-Z]+|TERM|DISPLAY")
"""Variables that any login exports, and what the shell exports beats the `.env`: its value of them is not certain."""


class Stack:
    """Loads one baseline for one deployment, again and again with what becomes known.

    Attributes:
        certain: variables with the value that a `.env` gives them. unknown: those that one sets, nobody knows to what.
        sealed: tokens of the values of such ones, as far as these are known.
        from_host: paths of the host's own files that services or includes take variables from.
        scopes: those of includes of which all variables are known.
        choosing: those that tell which file or service git's files mean: known in every loading.
    """

    def __init__(self, baseline: Baseline, deployment: Deployment) -> None:
        self.baseline = baseline
        self.deployment = deployment
        self.home = posixpath.dirname(baseline.files[0]) if baseline.files else baseline.directory
        said = dict(baseline.variables)
        for variables in deployment.variables.values():
            said.update({name: value for name, value in variables.items() if not EXPORTED.fullmatch(name)})
        self.certain: dict[str, Alternative] = {name: value for name, value in said.items() if value is not None}
        self.unknown = said.keys() - self.certain.keys()
        self.sealed: dict[str, str] = {}
        self.choosing: dict[str, Alternative] = {}
        self.from_host: set[str] = set()
        self.scopes: set[str] = set()
        self._places_in_git: dict[str, str] = {}

    @property
    def knows_env(self) -> bool:
        """Whether a `.env` of the stack was read, even if it sets nothing."""
        return bool(self.deployment.variables) or any(unscoped(name) == name for name in self.certain)

    def load(self, variables: Mapping[str, Alternative]) -> Model:
        """Load with these variables; all others stay open, those that are `UNSET` don't.

        Raises:
            BaselineError: Compose would refuse the files.
        """
        variables, named = {**self.choosing, **variables}, self.deployment.project
        environment = {name: value for name, value in variables.items() if value is not UNSET}
        try:
            project = compose.load(
                [self._on_host(file) for file in self.baseline.files],
                read=self._read,
                project_directory=self.deployment.directory,
                environment=environment,
                project_name=named if named == normalised_name(named or "") else None,
                symbolic=True,
                knowledge=compose.Knowledge(
                    unset=not_set(variables),
                    assumed=environment.keys() - self.certain.keys() - self.choosing.keys(),
                    outside=self._set_outside,
                ),
                newer=self.deployment.newer,
            )
        except BaselineError as error:
            needs = error.needs
            if needs and needs.variable not in self.choosing and (chosen := self._choose(needs, variables)):
                self.choosing |= chosen
                return self.load(variables)
            # It is git's file that is wrong, wherever the host keeps its copy.
            file, _, line = (error.where or "").rpartition(":")
            what = _in_terms_of(environment, error.what)
            raise error.reworded(what, where=f"{self._in_git(file)}:{line}") from None
        view = ProjectView(
            name=project.name,
            directory=self.deployment.directory,
            **project.resources,
            read=self._read,
            provided=frozenset(name for name, service in project.services.items() if "provider" in service),
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
        if name in self.certain or name in self.sealed:
            return True
        return None if not self.knows_env or name in self.unknown or EXPORTED.fullmatch(name) else False

    def _choose(self, needs: Needs, variables: Mapping[str, Alternative]) -> dict[str, Alternative]:
        """Give a value to a variable that chooses a file: as the `.env` has it, else the only one for which git has
        such a file, or of several the one whose services run; nothing where that can't be told."""
        known = needs.value or self.certain.get(needs.variable, UNSET)
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
        trial = Stack(self.baseline, self.deployment)
        trial.choosing = {**self.choosing, variable: value}
        try:
            return len(self.deployment.services & trial.load(variables).services.keys())
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
        return posixpath.normpath(posixpath.join(self.deployment.directory, posixpath.relpath(path, self.home or ".")))

    def _in_git(self, path: str) -> str:
        """Where a file of the host lies in the repository."""
        if path not in self._places_in_git:
            inside = posixpath.relpath(path, self.deployment.directory) if path.startswith("/") else path
            self._places_in_git[path] = posixpath.normpath(posixpath.join(self.home, inside))
        return self._places_in_git[path]

    def has_in_git(self, file: str) -> bool:
        """Whether git has a file, by its path in the repository: variables may come from one of the host."""
        return file in self.baseline.files or self.baseline.tree.read(file) is not None

    def with_env_files_of(self, container: Observed) -> "Stack":
        """The same stack, where the host's env files set what they set now to what a container shows."""
        running = container.variables
        files = {
            path: {name: running[name] for name in self.deployment.env_files[path] if name in running}
            for path in self.from_host
        }
        stack = Stack(self.baseline, replace(self.deployment, variables={}, env_files=files))
        stack.choosing = dict(self.choosing)
        return stack

    def _read(self, path: str) -> bytes | None:
        deployment, inside = self.deployment, self._in_git(path)
        if not deployment.variables.get(path):
            data = None if inside.startswith("..") else self.baseline.tree.read(inside)
            if data is not None:
                return data
            variables = self.baseline.variables
            if path == posixpath.join(deployment.directory, ".env") and variables:
                # Git lacks the `.env`, and lab.yaml names a file that knows its values.
                return _env_file(variables)
        held = deployment.env_files.get(path)
        own = path in deployment.variables
        data = None if held is None else _env_file(held, passed_on=self.unknown if own else held.keys() - self.certain)
        if held is None or data is None:
            return None
        self.from_host.add(path)
        return Partial(data) if None in held.values() else Private(data)

    def learn_included(self, model: Model) -> None:
        """Settle what the host's own env files of includes say, each for its include alone."""
        for scope, variables in model.project.included.items():
            self.scopes.add(scope)
            self.certain |= {name + scope: value for name, value in variables.items()}


def _in_terms_of(variables: Mapping[str, str], text: str) -> str:
    """A message about what was loaded, in which no value of a variable stands."""
    written = {
        text: unscoped(name)
        for name, value in variables.items()
        if not is_ordinary(value)
        for text in (value, repr(value)[1:-1])
    }
    return show(Anywhere(written).replaced(text, lambda found: f"${{{written[found]}}}" if found in written else SHOWN))


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
