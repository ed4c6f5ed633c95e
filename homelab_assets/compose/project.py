"""A project: its files loaded, completed, checked and brought into Compose's canonical form."""

import posixpath
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cached_property
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from homelab_assets.compose.consistency import Consistency
from homelab_assets.compose.documents import Document
from homelab_assets.compose.extensions import as_json, doubled, fold_extensions
from homelab_assets.compose.files import Files
from homelab_assets.compose.interpolation import (
    CLOSE,
    NO_MORE,
    OPEN,
    Expression,
    Interpolator,
    Knowledge,
    VariableUse,
    put_back,
    unscoped,
    variables_of,
)
from homelab_assets.compose.normalise import normalise, normalised_name
from homelab_assets.compose.problems import Line, at, refuse
from homelab_assets.compose.scope import Read, Scope
from homelab_assets.compose.sections import Entries
from homelab_assets.compose.selection import is_on, used
from homelab_assets.compose.service_files import ServiceFiles
from homelab_assets.compose.shapes import FILE_OBJECT, NETWORK, SERVICE, VOLUME
from homelab_assets.compose.sources import Sources
from homelab_assets.compose.tree import Map
from homelab_assets.errors import BaselineError

Plain = dict[str, Any]


class Project(Struct, frozen=True, kw_only=True, dict=True):
    """What Compose would deploy.

    Attributes:
        name: project name. written_name: what the files' `name` says, None where they have none.
        services, disabled: canonical services by name, those that are on and those that are off by their profiles.
        networks, volumes, secrets, configs: canonical resources that services use, by key.
        resources: by section, all that the files declare.
        extensions: top-level `x-` keys.
        sources: canonical path → where its value is written, see `sources`.
        expressions: what the markers in values stand for, by number (symbolic loading only).
        open_env_files: service → `env_file` paths that are not there, each with the names from files before it that it
            may set anew; its set of variables is open (symbolic only).
        included: variables that private env files of an `include` set, by its scope (see `Expression`).
        raw_env_files: paths of those that are not there and would be read in format `raw`.
        label_files: service → its `label_file` paths, which count for the config hash.
        open_label_files: those that are not there, likewise (symbolic only).
        self_contained: whether nothing but `${…}` in the files themselves depends on variables: no further file, and no
            secret or config that is taken from a variable.
        warnings: remarks that Compose makes, such as variables that are not set.
    """

    name: str
    written_name: str | None
    services: dict[str, Plain]
    disabled: dict[str, Plain]
    networks: dict[str, Plain]
    volumes: dict[str, Plain]
    secrets: dict[str, Plain]
    configs: dict[str, Plain]
    resources: Mapping[str, Mapping[str, Plain]]
    extensions: Plain
    sources: Sources
    expressions: tuple[Expression, ...] = ()
    open_env_files: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    included: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    raw_env_files: Set[str] = frozenset()
    label_files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    open_label_files: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    self_contained: bool = False
    warnings: tuple[str, ...] = ()
    _documents: tuple[Document, ...] = ()

    @cached_property
    def variables(self) -> Mapping[str, Sequence[VariableUse]]:
        """Every variable that the files name in values, with all its uses."""
        uses: dict[str, list[VariableUse]] = {}
        for document in self._documents:
            for scalar in document.templates:
                for name, use in variables_of(scalar):
                    uses.setdefault(name, []).append(use)
        return uses

    def to_json(self) -> Plain:
        """Return what `docker compose config --format json` prints, `$` doubled.

        Raises:
            BaselineError: a build has an SSH key with a path; Compose can't print that as JSON either.
        """
        for name, service in self.services.items():
            if any("=" in key for key in (service.get("build") or {}).get("ssh") or ()):
                refuse(f"service {name!r}: Compose can't print build.ssh with a path as JSON")
        shown: Plain = {"name": self.name, "services": self.services}
        for section in ("networks", "volumes", "secrets", "configs"):
            resources = getattr(self, section)
            if resources:
                shown[section] = resources
        printed: Plain = doubled({**shown, **self.extensions})
        return printed


def load(
    files: Sequence[str],
    *,
    read: Read,
    project_directory: str,
    environment: Mapping[str, str],
    project_name: str | None = None,
    profiles: Sequence[str] = (),
    symbolic: bool = False,
    knowledge: Knowledge = NO_MORE,
    by_default: bool = False,
    newer: bool = False,
    is_directory: Callable[[str], bool] | None = None,
) -> Project:
    """Load compose files as `docker compose -f FILE…` of Compose 2.40.3 does.

    Args:
        files: absolute POSIX paths in merge order.
        read: gives the bytes of any absolute path, None where there is no such file.
        project_directory: absolute folder that relative paths are relative to.
        environment: variables for interpolation, `.env` included (see `environment`); `HOME` says what `~` is.
        project_name: as `-p`. Else `COMPOSE_PROJECT_NAME`, the files' `name`, the folder's name.
        profiles: as `--profile`. Else `COMPOSE_PROFILES`.
        symbolic: variables that `environment` lacks become markers (see `interpolation`) instead of empty text, and
            missing env files are recorded instead of refused.
        knowledge: what is known of variables besides `environment`.
        by_default: a variable that chooses a file, and has no value, has its default instead of being refused.
        newer: take what Compose 5 knows besides: a service's `pre_start`, and jobs, of which nothing is kept.
        is_directory: tells folders from files; asked for an include's `project_directory` and for missing env files.

    Raises:
        BaselineError: for everything that Compose refuses, with file and line as far as there is one.
    """
    if not files:
        refuse("no compose file specified")
    without = set(knowledge.unset)
    while True:
        try:
            known = dict(environment)
            interpolator = Interpolator(known.get, symbolic, replace(knowledge, unset=without))
            loading = _Loading(read, project_directory, known, interpolator, newer, is_directory)
            return loading.project(list(files), project_name, profiles)
        except BaselineError as error:
            if not by_default or error.needs is None or error.needs.variable in without:
                guessed = {unscoped(name) for name in without.difference(knowledge.unset)}
                raise at(_about(error, interpolator, sorted(guessed)), Line(files[0])) from None
            without.add(error.needs.variable)
        except RecursionError:
            raise BaselineError("is nested too deeply", where=files[0]) from None
        except ValueError as error:
            # A number of thousands of digits somewhere: Compose calls it out of range, Python does not read it.
            raise BaselineError(f"holds a value that can't be read: {error}", where=files[0]) from None


def _about(error: BaselineError, interpolator: Interpolator, guessed: Sequence[str]) -> BaselineError:
    """Name variables in place of their markers, and add which ones chose files without having a value: that may be all
    that is wrong."""
    names = dict(enumerate(f"${{{expression.name}}}" for expression in interpolator.expressions))
    # In quotes a marker is written as it is in Python.
    what = error.what.replace(ascii(OPEN)[1:-1], OPEN).replace(ascii(CLOSE)[1:-1], CLOSE)
    what = put_back(what, lambda number: names.get(number, ""))
    if guessed:
        what += f" ({', '.join(f'`{name}`' for name in guessed)} chooses a file, and its value is not known here)"
    return error.reworded(what)


class _Loading:
    """The steps of one `load`."""

    def __init__(
        self,
        read: Read,
        directory: str,
        environment: dict[str, str],
        interpolator: Interpolator,
        newer: bool,
        is_directory: Callable[[str], bool] | None,
    ) -> None:
        self._directory = directory
        self._environment = environment
        self._is_directory = is_directory
        self._interpolator = interpolator
        home, symbolic = environment.get("HOME"), interpolator.symbolic
        self._files = Files(read, home, symbolic=symbolic, newer=newer, is_directory=is_directory)
        self._tree = Map()
        self._sources: Sources

    def project(self, files: list[str], given_name: str | None, profiles: Sequence[str]) -> Project:
        written = self._written_name(files)
        folder = normalised_name(posixpath.basename(self._directory))
        name = self._given_name(given_name) or (folder if written is None else written)
        self._environment["COMPOSE_PROJECT_NAME"] = name
        scope = Scope(
            directory=self._directory,
            base=self._directory,
            environment=self._environment,
            interpolator=self._interpolator,
        )
        self._tree = self._files.model(files, scope)
        if not self._tree:
            refuse("empty compose file")
        if not name:
            refuse("project name must not be empty", hint="set one with -p or name:")
        normalise(self._tree, name, self._environment.get)
        extensions = {key: as_json(self._tree.pop(key)) for key in list(self._tree) if key.startswith("x-")}
        self._sources = Sources(self._tree)
        fold_extensions(self._tree)
        services = self._decoded("services", SERVICE)
        wanted = profiles or [each.strip() for each in self._environment.get("COMPOSE_PROFILES", "").split(",")]
        enabled = {key: service for key, service in services.items() if is_on(service, wanted)}
        disabled = {key: service for key, service in services.items() if key not in enabled}
        resources = self._resources()
        Consistency(enabled, disabled, resources, self._sources.nearest).check()
        self_contained = not self._reads_more(services, resources)
        service_files = ServiceFiles(
            read=self._files.read, is_directory=self._is_directory, environment=self._environment,
            interpolator=self._interpolator, sources=self._sources,
        )  # fmt: skip
        service_files.complete(enabled, strict=not self._interpolator.symbolic)
        service_files.complete(disabled, strict=False, enabled=False)
        del resources["models"]
        return Project(
            name=name,
            written_name=written,
            services=enabled,
            disabled=disabled,
            extensions=extensions,
            sources=self._sources,
            expressions=tuple(self._interpolator.expressions),
            open_env_files=service_files.open_env,
            included=self._interpolator.included,
            raw_env_files=service_files.raw_env,
            label_files=service_files.label_files,
            open_label_files=service_files.open_labels,
            self_contained=self_contained,
            warnings=tuple(
                f'The "{name}" variable is not set. Defaulting to a blank string.'
                for name in self._interpolator.warnings
            ),
            _documents=tuple(document for documents in self._files.documents.values() for document in documents),
            resources=resources,
            **used(enabled, resources),
        )

    def _reads_more(self, services: dict[str, Plain], resources: dict[str, dict[str, Plain]]) -> bool:
        roots = [document.root for documents in self._files.documents.values() for document in documents]
        return (
            any("env_file" in service or "label_file" in service for service in services.values())
            or any("environment" in entry for kind in ("secrets", "configs") for entry in resources[kind].values())
            or any(type(root) is Map and "include" in root for root in roots)
        )

    def _given_name(self, given: str | None) -> str | None:
        given = given or self._environment.get("COMPOSE_PROJECT_NAME") or None
        if given is not None and normalised_name(given) != given:
            refuse(f"invalid project name {given!r}", hint="use lower-case letters, digits, - and _")
        return given

    def _written_name(self, files: list[str]) -> str | None:
        written = ""
        place = None
        for file in files:
            for document in self._files.documents_of(file):
                value = document.root.get("name") if type(document.root) is Map else None
                if type(value) is str and value:
                    written, place = value, document.root.places.get("name")
        if not written:
            return None
        text = self._interpolator.text(written, place)
        return text if OPEN in text else normalised_name(text)

    def _decoded(self, section: str, shape: Any) -> dict[str, Plain]:
        value = self._tree.get(section)
        try:
            decoded = Entries(shape)(value) if value else {}
        except BaselineError as error:
            raise error.reworded(f"{section}.{error.what}") from None
        return decoded if isinstance(decoded, dict) else {}

    def _resources(self) -> dict[str, dict[str, Plain]]:
        resources = {
            "networks": self._decoded("networks", NETWORK),
            "volumes": self._decoded("volumes", VOLUME),
            "secrets": self._decoded("secrets", FILE_OBJECT),
            "configs": self._decoded("configs", FILE_OBJECT),
            "models": dict(self._tree.get("models") or {}),
        }
        for config in resources["configs"].values():
            if config.get("environment"):
                config.pop("content", None)
        return resources
