"""Values that stand behind git's `${VAR}`: sealed wherever they stand in an inspect document, before it is stored.

At capture nobody knows git. What is stored or recorded is sealed once more, with the values that the comparison has
found out. Values that nobody would hide (numbers, paths, host names, time zones) stay readable.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from homelab_assets.secrecy.names import names_a_secret
from homelab_assets.secrecy.vault import Vault

_ORDINARY = re.compile(
    r"""
      [+-]?[\d.,:]+[a-z%]{0,3}                                  # numbers, times, sizes, addresses
    | (?:true|false|yes|no|on|off|none|null|auto|default|info|debug|warn(?:ing)?|error|trace)
    | v?\d+(?:\.\d+)+(?:[-+.][\w.]+)?                          # versions
    | [0-9a-f:]+:[0-9a-f:]+(?:/\d+)? | [\d.]+/\d+              # addresses and subnets
    | \.{0,2}~?(?:/[\w.@+-]+)+/? | /                           # paths
    | [A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)? | UTC # time zones
    | [a-z]{2}_[A-Z]{2}(?:\.[\w-]+)?                            # locales
    | (?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?                       # host names
    | https?://[\w.-]+(?::\d+)?(?:/[\w.-]*)*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z]{,11}|.{,5}", re.DOTALL)
_IN_CONFIG = ("Env", "Labels", "Cmd", "Entrypoint", "Healthcheck", "Hostname", "Domainname", "WorkingDir", "User")
_IN_HOST_CONFIG = ("Binds", "Annotations", "LogConfig", "ExtraHosts")
_IN_CONTAINER = ("Path", "Args", "Mounts")
_COMPOSE = "com.docker.compose."


def is_ordinary(value: str) -> bool:
    """Say whether a value that came from outside of git is one that nobody would hide."""
    return len(value) < 4 or _ORDINARY.fullmatch(value) is not None


def named_secrets(variables: Mapping[str, str | None], vault: Vault) -> Iterator[str]:
    """Give, in clear, the values whose names say that they are secrets, for whoever looks for them elsewhere.

    Plain words are left out: `postgres` is a password in one place, and the name of an image or a user in the next.
    """
    for name, value in variables.items():
        clear = vault.reveal(value) if value and names_a_secret(name) else ""
        if not (is_ordinary(clear) or _WORD.fullmatch(clear) or "<secret#" in clear):
            yield clear


def anywhere(values: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern that finds these values, alone or as a part of a text; None where there are none."""
    longest_first = sorted(set(values), key=len, reverse=True)
    return (
        re.compile("|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in longest_first)) if longest_first else None
    )


def seal_values(container: Any, values: Iterable[str], vault: Vault) -> Any:
    """Seal these values wherever they stand in a container's inspect document, alone or as a part of a text.

    Args:
        container: an inspect document that is sealed already. values: in clear; ordinary ones stay as they are.
    """
    pattern = anywhere(value for value in values if not is_ordinary(value) and "<secret#" not in value)
    if pattern is None:
        return container

    def sealed(text: str) -> str:
        return pattern.sub(lambda match: vault.token(match[0]), text)

    return {
        **_changed_in(container, _IN_CONTAINER, sealed),
        "Config": _changed_in(container.get("Config"), _IN_CONFIG, sealed),
        "HostConfig": _changed_in(container.get("HostConfig"), _IN_HOST_CONFIG, sealed),
    }


def _changed_in(node: Any, keys: tuple[str, ...], change: Callable[[str], str]) -> Any:
    if not isinstance(node, dict):
        return node
    return {key: _changed(value, change) if key in keys else value for key, value in node.items()}


def _changed(node: Any, change: Callable[[str], str]) -> Any:
    if isinstance(node, str):
        return change(node)
    if isinstance(node, list):
        return [_changed(item, change) for item in node]
    if isinstance(node, dict):
        # Compose's own labels say where a container belongs: names and paths.
        return {k: v if str(k).startswith(_COMPOSE) else _changed(v, change) for k, v in node.items()}
    return node
