"""What `ssh_config` says about a host: HostName, User, Port, IdentityFile, ProxyJump and their kin."""

import getpass
import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from homelab_assets.engine.address import Address, parse_address
from homelab_assets.errors import CaptureError, ConfigurationError
from homelab_assets.lab.settings import HostSettings

_INCLUDE = re.compile(r"\s*Include[ \t=]+(?P<patterns>.+?)\s*$", re.IGNORECASE)
_BLOCK = re.compile(r"\s*(Host|Match)[ \t=]", re.IGNORECASE)
_FORGETFUL = frozenset({"/dev/null", "none"})
_DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")


class SshTarget(Struct, frozen=True, kw_only=True):
    """One SSH login, ready to be used.

    Attributes:
        alias: the host as the URL names it. host, port, user: as resolved.
        key_name: name in `known_hosts`, if it is another (HostKeyAlias).
        identities: private key files that exist. only_identities: leave other keys of the agent alone.
        known_hosts: files, those that exist. config: the `ssh_config` that was named in `lab.yaml`, else None.
        jumps: hosts to go through, first hop first. command: a ProxyCommand instead.
    """

    alias: str
    host: str
    port: int
    user: str
    key_name: str | None = None
    identities: Sequence[Path] = ()
    only_identities: bool = False
    known_hosts: Sequence[Path] = ()
    config: Path | None = None
    jumps: Sequence["SshTarget"] = ()
    command: str | None = None

    def ssh_words(self, program: str = "ssh") -> str:
        """Return the start of a command line that reaches this host with the `ssh` program."""
        config = f" -F {self.config}" if self.config else ""
        port = f" {'-p'} {self.port}" if self.port != 22 and self.alias == self.host else ""
        return f"{program}{config}{port} {self.user}@{self.alias}"


def resolve_target(address: Address, settings: HostSettings, *, depth: int = 0) -> SshTarget:
    """Find out how to log in, as `ssh` does: what `lab.yaml` says outranks the user's `ssh_config`, that the system's.

    Raises:
        CaptureError: a file can't be read, the key that `lab.yaml` names is not there, or ProxyJump goes in circles.
    """
    if settings.identity_file and not settings.identity_file.is_file():
        raise CaptureError(
            f"there is no SSH key {settings.identity_file}", hint="correct `identity_file` in lab.yaml, or put it there"
        )
    found = _lookup(address.host, settings.ssh_config)
    user = address.user or found.get("user") or getpass.getuser()
    port = address.port or int(found.get("port", 22))
    home = Path.home() / ".ssh"
    identities = [settings.identity_file] if settings.identity_file else _paths(found.get("identityfile"))
    known = [settings.known_hosts] if settings.known_hosts else _paths(found.get("userknownhostsfile"))
    # Who had `ssh` forget all keys still has to show us which are right, and a hint must name a file that remembers.
    known = [path for path in known if str(path) not in _FORGETFUL] or [home / "known_hosts", home / "known_hosts2"]
    system = [] if settings.known_hosts else [Path("/etc/ssh/ssh_known_hosts")]
    target = SshTarget(
        alias=address.host,
        host=found.get("hostname", address.host),
        port=port,
        user=user,
        key_name=found.get("hostkeyalias"),
        identities=[path for path in identities or [home / name for name in _DEFAULT_KEYS] if path.is_file()],
        only_identities=settings.identity_file is not None or found.get("identitiesonly", "no").lower() == "yes",
        known_hosts=[*known[:1], *(path for path in [*known[1:], *system] if path.is_file())],
        config=settings.ssh_config,
        command=found.get("proxycommand"),
    )
    return replace(target, jumps=_jumps(found.get("proxyjump"), address, settings, depth))


def _jumps(value: str | None, address: Address, settings: HostSettings, depth: int) -> Sequence[SshTarget]:
    if not value or value.lower() == "none":
        return ()
    if depth > 8:
        raise CaptureError("ProxyJump goes in circles", hint=f"look at ProxyJump of {address.host} in ssh_config")
    # The identity that lab.yaml names is for the host itself; jump hosts have what ssh_config says.
    settings = replace(settings, identity_file=None)
    hops: list[SshTarget] = []
    for hop in value.split(","):
        try:
            hop_address = parse_address(hop if hop.startswith("ssh://") else f"ssh://{hop.strip()}")
        except ConfigurationError:
            raise CaptureError(f"ProxyJump {hop.strip()} is no host", hint="write [user@]host[:port]") from None
        resolved = resolve_target(hop_address, settings, depth=depth + 1)
        hops += [*(resolved.jumps if not hops else ()), replace(resolved, jumps=())]
    return hops


def _lookup(host: str, config: Path | None) -> dict[str, Any]:
    from paramiko import SSHConfig
    from paramiko.ssh_exception import ConfigParseError

    home = Path.home() / ".ssh" / "config"
    # The first value counts in ssh_config, so the user's file stands before the system's.
    files = [config] if config else [home, Path("/etc/ssh/ssh_config")]
    text = "\n".join(_with_includes(file, required=file is config) for file in files)
    try:
        found = dict(SSHConfig.from_text(text).lookup(host))
        int(found.get("port", 22))
        return found
    except (ConfigParseError, ValueError) as error:
        raise CaptureError(f"ssh_config can't be understood: {error}", where=str(config or home)) from None
    except Exception as error:
        # `Match exec` runs a command, as it does for ssh; whatever goes wrong with that comes out here.
        what = f"ssh_config can't be understood: {type(error).__name__} in a `Match`"
        raise CaptureError(what, where=str(config or home), hint="see `ssh -G HOST`") from None


def _with_includes(file: Path, *, required: bool = False, depth: int = 0) -> str:
    """Return a file's text with its `Include`s put in place, which paramiko does not do itself."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        if not required:
            return ""
        raise CaptureError(f"can't be read: {error.strerror}", where=str(file), hint="see `ssh_config`") from None
    # ssh_config(5): relative names are in ~/.ssh, or in /etc/ssh for the system's file.
    base = Path("/etc/ssh") if file.is_relative_to("/etc/ssh") else Path.home() / ".ssh"
    lines: list[str] = []
    block = "Host *"
    for line in text.splitlines():
        if _BLOCK.match(line):
            block = line
        if not (include := _INCLUDE.match(line)):
            lines.append(line)
            continue
        if depth < 16:
            patterns = [str(base / os.path.expanduser(item.strip('"'))) for item in include["patterns"].split()]
            paths = [Path(path) for pattern in patterns for path in sorted(glob.glob(pattern))]
            # What follows the Include belongs to the block that it stands in, not to the last one of the included file.
            lines += [*(_with_includes(path, depth=depth + 1) for path in paths), block]
    return "\n".join(lines)


def _paths(value: str | Sequence[str] | None) -> list[Path]:
    items = value.split() if isinstance(value, str) else (value or [])
    return [Path(os.path.expanduser(item.strip('"'))) for item in items]
