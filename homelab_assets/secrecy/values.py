"""Values that stand behind git's `${VAR}`: sealed wherever they stand in an inspect document, before it is stored.

At capture nobody knows git. What is stored or recorded is sealed once more, with the values that the comparison has
found out. Values that nobody would hide (numbers, paths, host names, time zones) stay readable.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from homelab_assets.late import late
from homelab_assets.secrecy.names import names_a_secret
from homelab_assets.secrecy.tokens import outside
from homelab_assets.secrecy.vault import Vault

_ORDINARY = late(
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
_WORD = late(r"[A-Za-z]{,11}|.{,5}", re.DOTALL)
_TELLING = 8
"""So long is a value that stands in a longer word by no chance."""

_Change = Callable[[str], str]
_InField = Callable[[Any, _Change], Any]
_COMPOSE = "com.docker.compose."


def is_ordinary(value: str) -> bool:
    """Say whether a value that came from outside of git is one that nobody would hide."""
    return len(value) < 4 or _ORDINARY.fullmatch(value) is not None


def tells_nothing(value: str) -> bool:
    """Say whether a value is ordinary, or a plain word: `postgres` is a password in one place, and the name of an image
    or a user in the next."""
    return is_ordinary(value) or _WORD.fullmatch(value) is not None


def named_secrets(variables: Mapping[str, str | None], vault: Vault) -> Iterator[str]:
    """Give, in clear, the values whose names say that they are secrets, for whoever looks for them elsewhere; those
    that tell nothing are left out."""
    for name, value in variables.items():
        if value and names_a_secret(name):
            clear = vault.reveal(value)
            if not (tells_nothing(clear) or "<secret#" in clear):
                yield clear


class Anywhere:
    """Finds values wherever they stand: alone or as a part of a text, also as a URL holds them."""

    def __init__(self, values: Iterable[str]) -> None:
        written = {text for value in values for text in (value, value if value.isalnum() else quote(value, safe=""))}
        self._longest_first = sorted(written, key=len, reverse=True)

    def replaced(self, text: str, put: Callable[[str], str]) -> str:
        """Put something else in the places of the values, but for what is hidden already."""
        return outside(text, lambda part: self._replaced(part, put))

    def _replaced(self, text: str, put: Callable[[str], str]) -> str:
        # One pattern of all values would be tried at every place of every text; hardly any text holds one.
        present = [value for value in self._longest_first if value in text]
        if not present:
            return text
        return re.sub("|".join(map(_found_by, present)), lambda match: put(match[0]), text)


def _found_by(value: str) -> str:
    """A pattern for a value: one that may be a word is no part of a longer one, any other may be (`pre_${VALUE}`)."""
    may_be_a_word = len(value) < _TELLING or _WORD.fullmatch(value) is not None
    return rf"(?<!\w){re.escape(value)}(?!\w)" if may_be_a_word else re.escape(value)


def seal_values(document: Any, values: Iterable[str], vault: Vault) -> Any:
    """Seal these values wherever they stand in an inspect document of a container, network or volume, alone or as a
    part of a text.

    Args:
        document: sealed already. values: in clear; ordinary ones stay as they are.
    """
    hidden = Anywhere(value for value in values if not is_ordinary(value) and "<secret#" not in value)
    # A token may bring to light what the value in its place hid, such as the `;` that seemed to end a command.
    return vault.seal_inspect(_changed_in(document, _DOCUMENT, lambda text: hidden.replaced(text, vault.token)))


def _changed_in(node: Any, fields: Mapping[str, _InField], change: _Change) -> Any:
    if not isinstance(node, dict):
        return node
    return {key: fields[key](value, change) if key in fields else value for key, value in node.items()}


def _everywhere(node: Any, change: _Change) -> Any:
    if isinstance(node, str):
        return change(node)
    if isinstance(node, list):
        return [_everywhere(item, change) for item in node]
    if isinstance(node, dict):
        # Compose's own labels say where a container belongs: names and paths.
        return {k: v if str(k).startswith(_COMPOSE) else _everywhere(v, change) for k, v in node.items()}
    return node


def _environment(node: Any, change: _Change) -> Any:
    """Change the values of variables. A name that is such a value by chance stays the name."""

    def assigned(text: str) -> str:
        name, equals, value = text.partition("=")
        return f"{name}={change(value)}" if equals else change(text)

    return _everywhere(node, assigned)


def _test(node: Any, change: _Change) -> Any:
    return [*node[:1], *_everywhere(node[1:], change)] if isinstance(node, list) else _everywhere(node, change)


def _in(fields: Mapping[str, _InField]) -> _InField:
    return lambda node, change: _changed_in(node, fields, change)


def _each(fields: Mapping[str, _InField]) -> _InField:
    return lambda node, change: [_changed_in(one, fields, change) for one in node] if isinstance(node, list) else node


# Where somebody's own texts stand. What else there is are words of the engine, such as the type of a mount: a value of
# a `.env` that is the same by chance must not change what they say.
# The name of a volume, as that of a network, tells which one is meant.
_DRIVER = _in({"Options": _everywhere})
_MOUNT = {
    **dict.fromkeys(("Source", "Destination", "Target"), _everywhere),
    "VolumeOptions": _in({"Subpath": _everywhere, "Labels": _everywhere, "DriverConfig": _DRIVER}),
}
_CONFIG = dict.fromkeys(("Labels", "Cmd", "Entrypoint", "Hostname", "Domainname", "WorkingDir", "User"), _everywhere)
_HOST_CONFIG = dict.fromkeys(
    ("Binds", "Annotations", "ExtraHosts", "Dns", "DnsSearch", "DnsOptions", "GroupAdd", "SecurityOpt", "CgroupParent",
     "Sysctls", "StorageOpt", "Tmpfs"),
    _everywhere,
)  # fmt: skip
_DOCUMENT = {
    # Of a network and a volume.
    "Labels": _everywhere,
    "Options": _everywhere,
    # Of a container.
    "Path": _everywhere,
    "Args": _everywhere,
    "Mounts": _each(_MOUNT),
    "Config": _in({**_CONFIG, "Env": _environment, "Healthcheck": _in({"Test": _test})}),
    "HostConfig": _in({**_HOST_CONFIG, "Mounts": _each(_MOUNT), "LogConfig": _in({"Config": _everywhere})}),
}
