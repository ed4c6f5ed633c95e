"""Paths in compose files: relative to a base, as Go joins and cleans them. No file is looked at."""

import posixpath
from typing import Any

from homelab_assets.compose.interpolation import OPEN
from homelab_assets.compose.problems import refuse
from homelab_assets.compose.tree import Map, Rules, Seq, apply

_REMOTE = ("https://", "http://", "git://", "ssh://", "github.com/", "git@")


def clean(path: str) -> str:
    """Return the shortest equal path. What `..` undoes stays where it holds a marker: that may be several folders."""
    if not path:
        return "."
    if OPEN in path and ".." in path:
        return _clean_open(path)
    result = posixpath.normpath(path)
    return result[1:] if result.startswith("//") else result


def _clean_open(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and (parts or path[0] != "/"):
            if parts and parts[-1] != ".." and OPEN not in parts[-1]:
                parts.pop()
            else:
                parts.append(part)
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/" * (path[0] == "/") + "/".join(parts)


def join(base: str, path: str) -> str:
    """Join and clean; an absolute second part is put below the base, as Go does."""
    return clean(f"{base}/{path}") if base and path else clean(base or path) if base or path else ""


def relative(path: str, base: str) -> str:
    """Return `path` as seen from `base`, both absolute."""
    return posixpath.relpath(path, base)


def is_windows_absolute(path: str) -> bool:
    """`C:\\x`, `C:/x` or `\\\\server\\share`."""
    if len(path) >= 2 and path[1] == ":":
        return path[0].isascii() and path[0].isalpha() and path[2:3] in ("/", "\\")
    return len(path) >= 2 and path[0] in "/\\" and path[1] in "/\\"


class Resolver:
    """Makes the paths of a tree absolute, or relative to a further base that is applied later.

    Args:
        base: what relative paths are relative to. home: what `~` stands for, None to leave it.
    """

    def __init__(self, base: str, home: str | None) -> None:
        self._base = base
        self._home = home

    def resolve(self, tree: Map) -> None:
        """Change the tree's paths in place."""
        apply(tree, _PATHS, self)

    def _expand(self, path: str) -> str:
        return join(self._home, path[1:]) if path.startswith("~") and self._home else path

    def _path(self, value: Any) -> Any:
        if type(value) is Seq:
            for index, item in enumerate(value):
                value[index] = self._path(item)
            return value
        if type(value) is not str:
            refuse("a path must be a string")
        path = self._expand(value)
        return path if not path or path[0] in ("/", OPEN) else join(self._base, path)

    def _either(self, value: Any) -> Any:
        if type(value) is not str:
            return value
        path = self._expand(value)
        return path if path[:1] in ("/", OPEN) or is_windows_absolute(path) else join(self._base, path)

    def _context(self, value: Any) -> Any:
        if type(value) is not str or "://" in value or value.startswith(("service:", *_REMOTE)):
            return value
        return self._path(value)

    def _further_context(self, value: Any) -> Any:
        if type(value) is not str:
            refuse("an additional context must be a string")
        return self._context(value)

    def _mount(self, value: Any) -> Any:
        if type(value) is Map and value.get("type") == "bind":
            if "source" not in value:
                refuse('invalid mount config for type "bind": field Source must not be empty')
            value["source"] = self._either(value["source"])
        return value

    def _driver_options(self, value: Any) -> Any:
        if type(value) is Map and value.get("driver") == "local":
            options = value.get("driver_opts")
            if type(options) is Map and options.get("o") == "bind" and "device" in options:
                options["device"] = self._either(options["device"])
        return value


_PATHS: Rules[Any] = Rules(
    {
        "services.*.build.context": Resolver._context,
        "services.*.build.additional_contexts.*": Resolver._further_context,
        "services.*.build.ssh.*": Resolver._either,
        "services.*.env_file.*.path": Resolver._path,
        "services.*.label_file.*": Resolver._path,
        "services.*.extends.file": Resolver._path,
        "services.*.develop.watch.*.path": Resolver._path,
        "services.*.volumes.*": Resolver._mount,
        "configs.*.file": Resolver._either,
        "secrets.*.file": Resolver._either,
        "volumes.*": Resolver._driver_options,
    }
)
