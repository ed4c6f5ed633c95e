"""A project: its files loaded, completed, checked and brought into Compose's canonical form."""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from homelab_assets.compose import dotenv
from homelab_assets.compose.consistency import Consistency
from homelab_assets.compose.documents import Document
from homelab_assets.compose.files import Files, Read, Scope, text_of
from homelab_assets.compose.interpolation import OPEN, Expression, Interpolator, VariableUse, variables_of
from homelab_assets.compose.normalise import normalise
from homelab_assets.compose.normalise import project_name as normalised_name
from homelab_assets.compose.problems import at, refuse
from homelab_assets.compose.scalars import Timestamp
from homelab_assets.compose.shapes import FILE_OBJECT, NETWORK, SERVICE, VOLUME, Entries
from homelab_assets.compose.sources import Sources
from homelab_assets.compose.tree import Map, Seq
from homelab_assets.errors import BaselineError
from homelab_assets.model import Span

Plain = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Project:
    """What Compose would deploy.

    Attributes:
        name: project name. working_dir: absolute folder that relative paths were resolved against.
        services, disabled: canonical services by name, those that are on and those that are off by their profiles.
        networks, volumes, secrets, configs: canonical resources that services use, by key.
        extensions: top-level `x-` keys.
        sources: canonical path → where its value is written, see `sources`.
        expressions: what the markers in values stand for, by number (symbolic loading only).
        open_env_files: service → `env_file` paths that are not there; its set of variables is open (symbolic only).
        label_files: service → its `label_file` paths, which count for the config hash.
        open_label_files: those that are not there (symbolic only).
        warnings: remarks that Compose makes, such as variables that are not set.
    """

    name: str
    working_dir: str
    services: dict[str, Plain]
    disabled: dict[str, Plain]
    networks: dict[str, Plain]
    volumes: dict[str, Plain]
    secrets: dict[str, Plain]
    configs: dict[str, Plain]
    extensions: Plain
    sources: Mapping[tuple[str, ...], Span]
    expressions: tuple[Expression, ...] = ()
    open_env_files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    label_files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    open_label_files: Mapping[str, Sequence[str]] = field(default_factory=dict)
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
        doubled: Plain = _doubled({**shown, **self.extensions})
        return doubled


def load(
    files: Sequence[str],
    *,
    read: Read,
    project_directory: str,
    environment: Mapping[str, str],
    project_name: str | None = None,
    profiles: Sequence[str] = (),
    symbolic: bool = False,
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
        is_directory: tells folders from files; asked only for the `project_directory` of an `include`.

    Raises:
        BaselineError: for everything that Compose refuses, with file and line as far as there is one.
    """
    if not files:
        refuse("no compose file specified")
    try:
        loading = _Loading(read, project_directory, dict(environment), symbolic, is_directory)
        return loading.project(list(files), project_name, profiles)
    except RecursionError:
        raise BaselineError("is nested too deeply", where=files[0]) from None


class _Loading:
    """The steps of one `load`."""

    def __init__(
        self,
        read: Read,
        directory: str,
        environment: dict[str, str],
        symbolic: bool,
        is_directory: Callable[[str], bool] | None,
    ) -> None:
        self._directory = directory
        self._environment = environment
        self._symbolic = symbolic
        self._interpolator = Interpolator(environment.get, symbolic)
        self._files = Files(read=read, home=environment.get("HOME"), symbolic=symbolic, is_directory=is_directory)
        self._tree = Map()
        self._sources: Sources
        self._open_env: dict[str, list[str]] = {}
        self._label_files: dict[str, list[str]] = {}
        self._open_labels: dict[str, list[str]] = {}

    def project(self, files: list[str], given_name: str | None, profiles: Sequence[str]) -> Project:
        name = self._name(files, given_name)
        self._environment["COMPOSE_PROJECT_NAME"] = name
        scope = Scope(
            directory=self._directory,
            base=self._directory,
            environment=self._environment,
            interpolator=self._interpolator,
        )
        self._tree = self._files.model(files, scope)
        if not self._tree:
            refuse("empty compose file", hint=files[0])
        if not name:
            refuse("project name must not be empty", hint="set one with -p or name:")
        normalise(self._tree, name, self._environment.get)
        extensions = {key: _plain(self._tree.pop(key)) for key in list(self._tree) if key.startswith("x-")}
        self._sources = Sources(self._tree)
        fold_extensions(self._tree)
        services = self._decoded("services", SERVICE)
        wanted = profiles or [each.strip() for each in self._environment.get("COMPOSE_PROFILES", "").split(",")]
        enabled = {key: service for key, service in services.items() if _is_on(service, wanted)}
        disabled = {key: service for key, service in services.items() if key not in enabled}
        resources = self._resources()
        Consistency(enabled, disabled, resources, self._sources.node_of_service).check()
        self._finish(enabled, strict=not self._symbolic)
        self._finish(disabled, strict=False)
        del resources["models"]
        return Project(
            name=name,
            working_dir=self._directory,
            services=enabled,
            disabled=disabled,
            extensions=extensions,
            sources=self._sources,
            expressions=tuple(self._interpolator.expressions),
            open_env_files=self._open_env,
            label_files=self._label_files,
            open_label_files=self._open_labels,
            warnings=tuple(
                f'The "{name}" variable is not set. Defaulting to a blank string.'
                for name in self._interpolator.warnings
            ),
            _documents=tuple(document for documents in self._files.documents.values() for document in documents),
            **_used(enabled, resources),
        )

    def _name(self, files: list[str], given: str | None) -> str:
        given = given or self._environment.get("COMPOSE_PROJECT_NAME") or None
        if given is not None:
            if normalised_name(given) != given:
                refuse(f"invalid project name {given!r}", hint="use lower-case letters, digits, - and _")
            return given
        written = ""
        place = None
        for file in files:
            for document in self._files.documents_of(file):
                value = document.root.get("name") if type(document.root) is Map else None
                if type(value) is str and value:
                    written, place = value, document.root.places.get("name")
        if not written:
            return normalised_name(posixpath.basename(self._directory))
        text = self._interpolator.text(written, place)
        return text if OPEN in text else normalised_name(text)

    def _decoded(self, section: str, shape: Any) -> dict[str, Plain]:
        value = self._tree.get(section)
        try:
            decoded = Entries(shape)(value) if value else {}
        except BaselineError as error:
            raise BaselineError(f"{section}.{error.what}", where=error.where, hint=error.hint) from None
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

    def _finish(self, services: dict[str, Plain], *, strict: bool) -> None:
        """Read env files and label files, and let `scale` decide the number of replicas."""
        for name, service in services.items():
            try:
                self._read_env_files(name, service, strict)
                self._read_label_files(name, service, strict)
            except BaselineError as error:
                raise at(error, self._sources.node_of_service(name, "env_file")) from None
            if "scale" in service and "deploy" in service:
                service["deploy"]["replicas"] = service["scale"]
            services[name] = {key: service[key] for key in SERVICE.attributes if key in service}

    def _read_env_files(self, name: str, service: Plain, strict: bool) -> None:
        files = service.pop("env_file", None)
        own: dict[str, str | None] = service.get("environment") or {}
        for key in own:
            if own[key] is None and key in self._environment:
                own[key] = self._environment[key]
        if not files:
            return
        known = {key: value for key, value in own.items() if value is not None}
        lookup = dotenv.lookup_first(self._environment, dict(known))
        lines: dict[str, tuple[str, int]] = {}
        for entry in files:
            found = self._read_variables(entry["path"], entry.get("format"), known, lookup)
            if found is None and entry["required"] and strict:
                refuse(f"env file {entry['path']} not found", hint="create it, or set required: false")
            elif found is None:
                self._open_env.setdefault(name, []).append(entry["path"])
            else:
                lines.update({key: (entry["path"], line) for key, line in found.items()})
        merged = {**known, **own}
        if merged:
            service["environment"] = {key: merged[key] for key in sorted(merged)}
        self._sources.add_env_lines(name, {key: where for key, where in lines.items() if key not in own})

    def _read_variables(
        self, path: str, format_: str | None, known: dict[str, str], lookup: Callable[[str], str | None]
    ) -> dict[str, int] | None:
        data = None if OPEN in path else self._files.read(path)
        if data is None:
            return None
        lines: dict[str, int] = {}
        if format_ == "raw":
            known.update(dotenv.parse_raw(text_of(data), lookup, file=path))
        elif format_ in (None, "", ".env"):
            dotenv.parse_into(known, text_of(data), lookup, file=path, interpolator=self._interpolator, lines=lines)
        else:
            refuse(f"unsupported env_file format {format_!r}")
        return lines

    def _read_label_files(self, name: str, service: Plain, strict: bool) -> None:
        files = service.pop("label_file", None)
        if not files:
            return
        labels: dict[str, str] = {}
        self._label_files[name] = files
        for path in files:
            data = None if OPEN in path else self._files.read(path)
            if data is not None:
                labels.update(dotenv.parse(text_of(data), labels.get, file=path))
            elif strict:
                refuse(f"label file {path} not found")
            else:
                self._open_labels.setdefault(name, []).append(path)
        labels.update(service.get("labels") or {})
        if labels:
            service["labels"] = {key: labels[key] for key in sorted(labels)}


def fold_extensions(tree: Map, path: tuple[str, ...] = ()) -> None:
    """Move `x-` keys below `#extensions`, as Compose does before it reads a section.

    In a section nobody sees them again; in a free mapping such as `labels` they become an entry of that name.
    """
    if not (len(path) == 1 or (len(path) == 3 and path[0] == "services" and path[2] == "depends_on")):
        extensions = {key: tree.pop(key) for key in [key for key in tree if key.startswith("x-")]}
        if extensions:
            tree["#extensions"] = Map(extensions)
    for key, value in tree.items():
        if type(value) is Map and key != "#extensions":
            fold_extensions(value, (*path, key))
        elif type(value) is Seq:
            for index, item in enumerate(value):
                if type(item) is Map:
                    fold_extensions(item, (*path, key, str(index)))


def _is_on(service: Plain, profiles: Sequence[str]) -> bool:
    return "profiles" not in service or any(each == "*" or each in service["profiles"] for each in profiles)


def _used(services: Mapping[str, Plain], resources: Mapping[str, dict[str, Plain]]) -> dict[str, dict[str, Plain]]:
    """Keep the resources that services use."""
    wanted: dict[str, set[str]] = {section: set() for section in resources}
    for service in services.values():
        wanted["networks"].update(service.get("networks") or ())
        for volume in service.get("volumes") or ():
            if volume.get("type") in ("volume", "bind-or-volume") and volume.get("source"):
                wanted["volumes"].add(volume["source"])
        for reference in (*(service.get("secrets") or ()), *((service.get("build") or {}).get("secrets") or ())):
            wanted["secrets"].add(reference.get("source"))
        wanted["configs"].update(reference.get("source") for reference in service.get("configs") or ())
    return {
        section: {key: value for key, value in found.items() if key in wanted[section]}
        for section, found in resources.items()
    }


def _plain(value: Any) -> Any:
    """A tree as JSON shows it; an empty list in an extension is null, as Compose prints it."""
    if type(value) is Map:
        return {key: _plain(item) for key, item in value.items()}
    if type(value) is Seq:
        return [_plain(item) for item in value] or None
    if type(value) is float and not -1.8e308 < value < 1.8e308:
        refuse(f"a number that JSON can't hold: {value}")
    return value.text if isinstance(value, Timestamp) else value


def _doubled(value: Any) -> Any:
    if type(value) is str:
        return value.replace("$", "$$") if "$" in value else value
    if isinstance(value, dict):
        return {_doubled(key): _doubled(item) for key, item in value.items()}
    return [_doubled(item) for item in value] if isinstance(value, list) else value
