"""Where free text stands in inspect documents, and how each such place is sealed."""

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from homelab_assets.secrecy.vault import Vault

_SealField = Callable[[Any, "Vault"], Any]
_SURROGATE = re.compile(r"\\ud[89a-f]")


def seal_document(document: Any, vault: "Vault") -> Any:
    """Seal a whole inspect document: a copy with the secrets as tokens. See `Vault.seal_inspect`."""
    if _SURROGATE.search(json.dumps(document)):
        # JSON can hold halves of characters, which no file, terminal or database takes.
        document = json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
    return _seal_node("", document, vault)


def _assignments(value: Any, vault: "Vault") -> Any:
    return (
        [vault.seal_assignment(item) if isinstance(item, str) else item for item in value]
        if isinstance(value, list)
        else value
    )


def _arguments(value: Any, vault: "Vault") -> Any:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return vault.seal_args(value)
    return vault.seal_text(value) if isinstance(value, str) else value


def _pairs(value: Any, vault: "Vault") -> Any:
    """A mapping; `/info` lists the engine's labels as `name=value`."""
    return vault.seal_mapping(value) if isinstance(value, dict) else _assignments(value, vault)


def _paths(value: Any, vault: "Vault") -> Any:
    return {vault.seal_name(path): options for path, options in value.items()} if isinstance(value, dict) else value


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
    "Log": _dropped,
    "ExecIDs": _dropped,
    "History": _dropped,
    "RegistryConfig": lambda value, vault: None,
    "HttpProxy": _arguments,
    "HttpsProxy": _arguments,
}


def _seal_node(name: str, node: Any, vault: "Vault") -> Any:
    if isinstance(node, dict):
        if name == "LogConfig" and isinstance(node.get("Config"), dict):
            return {**node, "Config": vault.seal_mapping(node["Config"])}
        return {
            key: _FIELDS[key](value, vault) if key in _FIELDS and value is not None else _seal_node(key, value, vault)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_seal_node(name, item, vault) for item in node]
    if isinstance(node, str) and len(node) >= 12 and not node.isalnum():
        return vault.seal_text(node, entropy=False)
    return node
