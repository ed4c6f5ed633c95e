"""Where Compose v1 reads a file differently: its containers are compared with what it would have made of it."""

import io
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from homelab_assets.compose.scope import Private
from homelab_assets.drift.leaf import Difference
from homelab_assets.drift.rows.shapes import boolean
from homelab_assets.drift.view import Declared, Observed
from homelab_assets.late import late
from homelab_assets.model import Span

Raw = Callable[[str], str | None]
"""Text of a key of the service as it stands in the file, variables replaced; None where it isn't known."""

_DRIVE = late(r"[A-Za-z]:/")
_JOINED_AT_START = ("networks", "links", "external_links", "network_mode", "pid", "ipc")


def as_v1(declared: Declared, raw: Raw) -> Declared:
    """The service as Compose 1.29 understands it: commands split as a shell would, no configs, any restart, no Windows
    drives, no health check that says `disable`, be it `false`."""
    service = dict(declared.service)
    for key in ("command", "entrypoint"):
        if service.get(key) and (words := _words(raw(key))):
            service[key] = words
    service.pop("configs", None)
    if volumes := service.get("volumes"):
        service["volumes"] = [_without_drive(entry) for entry in volumes]
    policy = declared.deploy("restart_policy")
    if isinstance(policy, dict) and not policy.get("condition"):
        service["deploy"] = {**service["deploy"], "restart_policy": {**policy, "condition": "any"}}
    check = _yaml(raw("healthcheck"))
    if isinstance(check, dict) and "disable" in check:
        service["healthcheck"] = {"disable": True}
    if _yaml(raw("networks")) == []:
        service.pop("networks", None)
        service["network_mode"] = "none"
    return declared.read_as(service)


def _without_drive(entry: Any) -> Any:
    """A volume's entry of which v2 took the name for a Windows drive: it reads `d:/data` as one path, and what follows
    as another."""
    paths = [str(entry[key]) for key in ("source", "target") if entry.get(key)] if isinstance(entry, dict) else []
    if not paths or not _DRIVE.match(paths[0]):
        return entry
    name, _, target = paths[0].partition(":")
    return {"type": "volume", "source": name, "target": target, "read_only": "ro" in ",".join(paths[1:]).split(",")}


def _words(text: str | None) -> list[str] | None:
    """Split a command that is one string; None for a list, and for what can't be split."""
    value = _yaml(text)
    if not isinstance(value, str):
        return None
    try:
        return shlex.split(value)
    except ValueError:
        return None


def _yaml(text: str | None) -> Any:
    try:
        return yaml.safe_load(text) if text else None
    except (yaml.YAMLError, ValueError, RecursionError):
        # PyYAML makes dates of `2026-13-45`, and numbers of any length.
        return None


_VARIABLE = late(r"\$\$|\$\{[^}]*\}|\$[A-Za-z_][A-Za-z0-9_]*")


def _as_read_by_v2(raw: str, expected: str) -> bool:
    """Whether a text of an env file, in which v1 replaces no variables, may be what v2 makes of it."""
    literals = [re.escape(part) for part in _VARIABLE.split(raw)]
    between = [r"\$" if found == "$$" else ".*" for found in _VARIABLE.findall(raw)]
    pattern = "".join(part for pair in zip(literals, [*between, ""], strict=True) for part in pair)
    return re.fullmatch(pattern, expected, re.DOTALL) is not None


def read_from_env_file(sources: Mapping[tuple[str, ...], Span], declared: Declared, path: str) -> str | None:
    """What v1 and podman-compose, which have the same reader, make of a variable of an env file: `${X}` is what stands
    above it in that file, or the default. None where it's no variable of an env file in git."""
    if not in_env_file(sources, declared.name, path):
        return None
    from dotenv.parser import parse_stream
    from dotenv.variables import parse_variables

    data = declared.project.read(sources["services", declared.name, *path.split(".", 1)].file)
    if data is None or isinstance(data, Private):
        return None
    known: dict[str, str | None] = {}
    for binding in parse_stream(io.StringIO(data.decode("utf-8-sig", "replace"))):
        if binding.key is not None and binding.value is not None:
            known[binding.key] = "".join(atom.resolve(known) for atom in parse_variables(binding.value))
    return known.get(path.partition(".")[2])


def in_env_file(sources: Mapping[tuple[str, ...], Span], service: str, path: str) -> bool:
    """Whether a leaf of a service stands in an env file: v1 replaces no variables there.

    Args:
        sources: where values are written, by their path in the model.
    """
    written = sources.get(("services", service, *path.split(".", 1)))
    return written is not None and not written.file.endswith((".yml", ".yaml"))


def spelled_alike(expected: Any, observed: Any, *, env_file: bool = False) -> bool:
    """Whether both versions read two texts as one value: `true` and `True`, `1e+06` and `1000000.0`, `$` and `$$`.

    podman-compose, which has the same YAML reader, makes `True` of `yes` and `on` as well.

    Args:
        env_file: they come from such a file, of whose variables v1 knows nothing, or from a `.env` that v2 read.
    """
    if not isinstance(expected, str) or not isinstance(observed, str):
        return False
    if observed in ("True", "False"):
        return boolean(expected) is (observed == "True")
    if env_file and "$" in observed and _as_read_by_v2(observed, expected):
        return True
    try:
        return float(expected) == float(observed) and not expected.startswith("0x")
    except ValueError:
        return False


def not_yet(difference: Difference, container: Observed) -> bool:
    """Whether the difference is one that the first start makes good: v1 joins networks and namespaces only then."""
    root = difference.row.key.partition(".")[0]
    return (
        container.v1
        and container.state.get("Status") == "created"
        and root in _JOINED_AT_START
        and difference.change != "added"
    )
