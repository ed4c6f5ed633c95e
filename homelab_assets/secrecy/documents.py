"""Where free text stands in inspect documents, and how each such place is sealed."""

import json
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from homelab_assets.secrecy.vault import Vault

_SealField = Callable[[Any, "Vault"], Any]


def seal_document(document: Any, vault: "Vault") -> Any:
    """Seal a whole inspect document; what holds no secret is shared with it. See `Vault.seal_inspect`."""
    if not _is_well_formed(document):
        # JSON can hold halves of characters, which no file, terminal or database takes.
        document = json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
    return _seal_value("", document, vault)


def _is_well_formed(document: Any) -> bool:
    """Say whether all texts in a document are whole. Encoding is the fastest look at them."""
    try:
        msgspec.json.encode(document)
    except (ValueError, OverflowError, RecursionError):
        return False
    return True


def _assignments(value: Any, vault: "Vault") -> Any:
    if not isinstance(value, list):
        return value
    sealed = [vault.seal_assignment(item) if isinstance(item, str) else item for item in value]
    return value if sealed == value else sealed


def _arguments(value: Any, vault: "Vault") -> Any:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        sealed = vault.seal_args(value)
        return value if sealed == value else sealed
    return vault.seal_text(value) if isinstance(value, str) else value


def _pairs(value: Any, vault: "Vault") -> Any:
    """A mapping; `/info` lists the engine's labels as `name=value`."""
    if not isinstance(value, dict):
        return _assignments(value, vault)
    sealed = vault.seal_mapping(value)
    return value if sealed == value else sealed


def _paths(value: Any, vault: "Vault") -> Any:
    return {vault.seal_name(path): options for path, options in value.items()} if isinstance(value, dict) else value


def _reference(value: Any, vault: "Vault") -> Any:
    """An image reference, or several: its tag isn't the value of its name, as in `my-auth:1.2`."""
    if isinstance(value, list):
        sealed = [_reference(item, vault) for item in value]
        return value if sealed == value else sealed
    return vault.seal_name(value) if isinstance(value, str) else value


def _dropped(value: Any, vault: "Vault") -> Any:
    return []


# Where free text stands in inspect documents, by the name of the field. All else holds ids, names, paths and numbers.
_FIELDS: dict[str, _SealField] = {
    "Env": _assignments,
    "Labels": _pairs,
    "Annotations": _pairs,
    "Options": _pairs,
    "DriverOpts": _pairs,
    "StorageOpt": _pairs,
    "Sysctls": _pairs,
    "Tmpfs": _paths,
    "Cmd": _arguments,
    "Entrypoint": _arguments,
    "Args": _arguments,
    "Test": _arguments,
    "Image": _reference,
    "ImageName": _reference,
    "RepoTags": _reference,
    "Log": _dropped,
    "ExecIDs": _dropped,
    "History": _dropped,
    "RegistryConfig": lambda value, vault: None,
    "HttpProxy": _arguments,
    "HttpsProxy": _arguments,
}


# Texts that the engine alone writes: moments, ids and paths of its own. Nobody can put a secret there; a network may
# have such a name all the same.
_OF_THE_ENGINE = frozenset(
    ("Id", "Created", "CreatedAt", "StartedAt", "FinishedAt", "SandboxID", "SandboxKey", "EndpointID", "NetworkID",
     "ResolvConfPath", "HostnamePath", "HostsPath", "LogPath")
)  # fmt: skip
_NO_TEXT = frozenset((type(None), bool, int, float))


def _seal_value(name: str, value: Any, vault: "Vault") -> Any:
    """Seal what stands under a name."""
    kind = type(value)
    if kind is str:
        return vault.seal_plain(value)
    if kind is dict:
        return _seal_dict(name, value, vault)
    if kind is list:
        items = [_seal_value(name, item, vault) for item in value]
        return items if any(map(operator.is_not, items, value)) else value
    return value


def _seal_dict(name: str, node: dict[str, Any], vault: "Vault") -> dict[str, Any]:
    """Seal a mapping. Of the millions of values of a fleet most need nothing: those cost one look at their type."""
    if name == "LogConfig" and isinstance(node.get("Config"), dict):
        return {**node, "Config": _pairs(node["Config"], vault)}
    sealed = {}
    for key, value in node.items():
        if not value or (kind := type(value)) in _NO_TEXT or (kind is str and key in _OF_THE_ENGINE):
            continue
        seal_field = _FIELDS.get(key)
        if seal_field is not None:
            better = seal_field(value, vault)
        else:
            better = vault.seal_plain(value) if kind is str else _seal_value(key, value, vault)
        if better is not value:
            sealed[key] = better
    return {**node, **sealed} if sealed else node
