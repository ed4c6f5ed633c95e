"""Secrets and configs that are files: Compose mounts them read-only."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from homelab_assets.compose.interpolation import OPEN
from homelab_assets.drift.leaf import Leaf, Row
from homelab_assets.drift.project_view import may_be
from homelab_assets.drift.rows.mount import Mount, below_a_home, below_home, bound_labels, lent, mounts_of
from homelab_assets.drift.rows.shapes import unseen
from homelab_assets.drift.view import Declared, Observed, clean, once

SECRETS = "/run/secrets/"

File = tuple[str, str, bool]
"""A mounted file: path in the container, path on the host, whether the container may write to it."""


@once
def file_targets(declared: Declared) -> dict[str, str]:
    """Paths at which git mounts secrets and configs, with the leaf's path."""
    return {target: path for path, target, _ in declared_files(declared)}


def declared_files(declared: Declared) -> Iterator[tuple[str, str, str]]:
    """Path of the leaf, target, and name, of each secret and config of the service."""
    for key, folder in (("secrets", SECRETS), ("configs", "/")):
        for entry in declared.get(key) or ():
            entry = {"source": entry} if isinstance(entry, str) else entry
            name = str(entry.get("source"))
            target = str(entry.get("target") or name)
            yield f"{key}.{name}", clean(target if target.startswith("/") else folder + target), name


@once
def files_of_project(declared: Declared) -> dict[str, str]:
    """Host files of the project's secrets and configs, with the path of their leaf: of several the service's own."""
    files = {
        f"{key}.{name}": file
        for key in ("configs", "secrets")
        for name in _definitions(declared, key)
        if (file := _file_of(declared, key, name))
    }
    own = {path for path, _, _ in declared_files(declared)}
    return {files[path]: path for path in sorted(files, key=own.__contains__)}


def is_secret(target: str, mount: Mount) -> bool:
    return target.startswith(SECRETS) and mount.type == "bind" and mount.read_only is True


def is_file_of_git(target: str, mount: Mount, container: Observed, declared: Declared) -> bool:
    """Whether a mount that the service doesn't ask for is a secret or config all the same: Compose never asks for one
    as what the engine calls a bind."""
    return target not in bound_labels(container) and (
        is_secret(target, mount) or mount.source in files_of_project(declared)
    )


def _definitions(declared: Declared, key: str) -> Mapping[str, Any]:
    return declared.project.secrets if key == "secrets" else declared.project.configs


def _file_of(declared: Declared, key: str, name: str) -> str:
    """The host's file of a secret or config, "" where it is none."""
    file = (_definitions(declared, key).get(name) or {}).get("file")
    return clean(str(file)) if file else ""


def _expected_files(key: str) -> Any:
    def expected(declared: Declared) -> dict[str, Leaf]:
        found: dict[str, list[File]] = {}
        for path, target, name in declared_files(declared):
            if path.startswith(key + "."):
                found.setdefault(path, []).append((target, _file_of(declared, key, name), False))
        return {
            path: Leaf(frozenset(mounts), _write_files(path, mounts, declared))
            if all(file for _, file, _ in mounts)
            else unseen("its content is copied into the container, where inspect doesn't show it")
            for path, mounts in found.items()
        }

    return expected


def _observed_files(key: str) -> Any:
    def observed(container: Observed, declared: Declared) -> dict[str, Leaf]:
        known = files_of_project(declared)
        if not (declared.get(key) or known or _maybe_files(container)):
            return {}
        targets = file_targets(declared)
        others = _volume_targets(declared) | lent(container) | bound_labels(container).keys()
        files = {path: file for file, path in known.items()}
        found: dict[str, list[File]] = {}
        for target, mount in mounts_of(container).items():
            path = targets.get(target)
            if path is None and target not in others:
                path = known.get(mount.source) or _at_open_target(target, mount, targets)
                if path is None and is_secret(target, mount):
                    path = f"secrets.{posixpath.basename(target)}"
            if path and path.startswith(key + "."):
                file = _as_named(mount.source, files.get(path, ""))
                found.setdefault(path, []).append((target, file, not mount.read_only))
        return {path: Leaf(frozenset(mounts), _write_files(path, mounts, declared)) for path, mounts in found.items()}

    return observed


def _as_git_says(container: Observed, declared: Declared) -> dict[str, Leaf]:
    """Secrets with their targets below the usual folder: `target: ${X}` may be any path, or the rest of one there."""
    below = {path for target, path in file_targets(declared).items() if target.startswith(SECRETS + OPEN)}
    return {
        path: Leaf(frozenset(map(_put_below, leaf.value))) if path in below else leaf
        for path, leaf in _observed_files("secrets")(container, declared).items()
    }


def _put_below(file: File) -> File:
    target, source, writable = file
    return (target if target.startswith(SECRETS) else SECRETS + target), source, writable


def _at_open_target(target: str, mount: Mount, targets: dict[str, str]) -> str | None:
    """The leaf of the only secret or config that a variable may have put here."""
    paths = {path for template, path in targets.items() if may_be(template, target)}
    return paths.pop() if len(paths) == 1 and mount.type == "bind" and mount.read_only else None


def _as_named(source: str, file: str) -> str:
    """A host path, as git has it where that may be meant: below whoever's home."""
    tail = below_home(file)
    return source if tail is None or not below_a_home(tail, source) else file


def _volume_targets(declared: Declared) -> set[str]:
    entries = declared.get("volumes") or ()
    return {clean(str(entry.get("target") or "")) for entry in entries if isinstance(entry, dict)}


@once
def _maybe_files(container: Observed) -> bool:
    return any(mount.get("RW") is False for mount in container.container.get("Mounts") or ())


def _write_files(path: str, mounts: list[File], declared: Declared) -> Any:
    """Mounts of one secret or config as the service would list them; a foreign or writable file as the volume it is."""
    key, _, name = path.partition(".")
    names = {
        file: other.partition(".")[2] for file, other in files_of_project(declared).items() if other.startswith(key)
    }
    names[_file_of(declared, key, name)] = name
    written = [
        f"{declared.project.relative(file)}:{target}{'' if writable else ':ro'}"
        if writable or file not in names
        else _write_file(key, names[file], target)
        for target, file, writable in sorted(mounts)
    ]
    return written[0] if len(written) == 1 else written


def _write_file(key: str, name: str, target: str) -> Any:
    usual = clean((SECRETS if key == "secrets" else "/") + name)
    return name if target == usual else {"source": name, "target": target}


ROWS: tuple[Row, ...] = (
    Row(
        key="secrets", kind="keyed", where="Mounts (read-only binds)",
        expected=_expected_files("secrets"), observed=_observed_files("secrets"), sight=_as_git_says,
    ),
    Row(
        key="configs", kind="keyed", where="Mounts (read-only binds)",
        expected=_expected_files("configs"), observed=_observed_files("configs"),
    ),
)  # fmt: skip
