"""The files that a service names: `env_file` and `label_file`, read into its variables and labels."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from homelab_assets.compose import dotenv
from homelab_assets.compose.interpolation import OPEN, Interpolator
from homelab_assets.compose.problems import at, refuse
from homelab_assets.compose.scope import Partial, Private, Read, text_of
from homelab_assets.compose.shapes import SERVICE
from homelab_assets.compose.sources import Sources
from homelab_assets.errors import BaselineError

Plain = dict[str, Any]


class ServiceFiles(Struct, kw_only=True):
    """Reads the files of a project's services.

    Attributes:
        is_directory: tells a folder, which Compose refuses, from a file that is not there; None takes all for files.
        environment: the project's variables. interpolator: replaces those that env files name.
        open_env, open_labels: service → paths that are not there, each with the names from files before it that it may
            set anew. raw_env: those of format `raw`. label_files: service → all its label files.
    """

    read: Read
    is_directory: Callable[[str], bool] | None
    environment: Mapping[str, str]
    interpolator: Interpolator
    sources: Sources
    open_env: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    raw_env: set[str] = field(default_factory=set)
    label_files: dict[str, list[str]] = field(default_factory=dict)
    open_labels: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)

    def complete(self, services: dict[str, Plain], *, strict: bool, enabled: bool = True) -> None:
        """Read env files and label files, and let `scale` decide the number of replicas.

        Args:
            strict: refuse what is not there. enabled: refuse what Compose can't read, which it doesn't try where a
                profile is off.
        """
        for name, service in services.items():
            self._read_env_files(name, service, strict, enabled)
            self._read_label_files(name, service, strict, enabled)
            if "scale" in service and "deploy" in service:
                service["deploy"]["replicas"] = service["scale"]
            services[name] = {key: service[key] for key in SERVICE.in_order(frozenset(service))}

    def _read_env_files(self, name: str, service: Plain, strict: bool, enabled: bool) -> None:
        files = service.pop("env_file", None)
        own: dict[str, str | None] = service.get("environment") or {}
        for key in own:
            if own[key] is None and key in self.environment:
                own[key] = self.environment[key]
        if not files:
            return
        known = {key: value for key, value in own.items() if value is not None}
        lookup = dotenv.lookup_first(self.environment, dict(known))
        lines: dict[str, tuple[str, int]] = {}
        unread: dict[str, frozenset[str]] = {}
        for index, entry in enumerate(files):
            path, before = entry.get("path", ""), dict(known)
            try:
                found = self._read_variables(path, entry.get("format"), known, lookup)
                if found is None and entry["required"] and strict:
                    refuse(f"env file {path} not found", hint="create it, or set required: false")
                if found is None and strict and self.is_directory is not None and self.is_directory(path):
                    refuse(f"env file {path} is a directory")
            except BaselineError as error:
                if enabled:
                    raise at(error, self.sources.nearest("services", name, "env_file", str(index))) from None
                found, known = None, before
            if found is None:
                unread[path] = frozenset(lines.keys() - own.keys())
                if entry.get("format") == "raw":
                    self.raw_env.add(path)
            else:
                lines.update({key: (path, line) for key, line in found.items()})
                unread = _without(unread, found)
        if unread:
            self.open_env[name] = unread
        merged = {**known, **own}
        if not strict:
            # What a file only names is passed on, if whoever deploys has it: that is not known here.
            merged = {**dict.fromkeys(lines), **merged}
        if merged:
            service["environment"] = {key: merged[key] for key in sorted(merged)}
        self.sources.add_env_lines(name, {key: where for key, where in lines.items() if key not in own})

    def _read_variables(
        self, path: str, format_: str | None, known: dict[str, str], lookup: Callable[[str], str | None]
    ) -> dict[str, int] | None:
        data = None if OPEN in path else self.read(path)
        # What a private file says is known as another format has it.
        if data is None or (format_ == "raw" and isinstance(data, Private)):
            return None
        lines: dict[str, int] = {}
        if isinstance(data, Partial):
            told: dict[str, str] = {}
            dotenv.parse_into(told, text_of(data), lookup, file=path, lines=lines)
            # It sets what it only names, whatever earlier files say.
            for key in lines:
                known.pop(key, None)
            known.update(told)
        elif format_ == "raw":
            known.update(dotenv.parse_raw(data, lookup, file=path, lines=lines))
        elif format_ in (None, "", ".env"):
            dotenv.parse_into(known, text_of(data), lookup, file=path, interpolator=self.interpolator, lines=lines)
        else:
            refuse(f"unsupported env_file format {format_!r}")
        return lines

    def _read_label_files(self, name: str, service: Plain, strict: bool, enabled: bool) -> None:
        files = service.pop("label_file", None)
        if not files:
            return
        labels: dict[str, str] = {}
        own = service.get("labels") or {}
        unread: dict[str, frozenset[str]] = {}
        self.label_files[name] = files
        for index, path in enumerate(files):
            data = None if OPEN in path else self.read(path)
            try:
                found = None if data is None else dotenv.parse(text_of(data), labels.get, file=path)
            except BaselineError:
                if enabled:
                    raise
                found = None
            if found is not None:
                labels.update(found)
                unread = _without(unread, found)
            elif strict:
                place = self.sources.nearest("services", name, "label_file", str(index))
                refuse(f"label file {path} not found", place)
            else:
                unread[path] = frozenset(labels.keys() - own.keys())
        if unread:
            self.open_labels[name] = unread
        labels.update(own)
        if labels:
            service["labels"] = {key: labels[key] for key in sorted(labels)}


def _without(unread: Mapping[str, frozenset[str]], found: Iterable[str]) -> dict[str, frozenset[str]]:
    """What the files that are not there may still set anew, after a later one that is."""
    return {path: names.difference(found) for path, names in unread.items()}
