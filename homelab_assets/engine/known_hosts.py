"""Host keys, judged as OpenSSH judges them (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). Pure."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

Verdict = Literal["known", "unknown", "changed", "revoked"]


class KnownHost(Struct, frozen=True, kw_only=True):
    """One line: whom it names, and the key. `marker` is empty, `@revoked` or `@cert-authority`."""

    patterns: str
    key_type: str
    key: bytes
    marker: str = ""

    def names(self, name: str) -> bool:
        """Say whether the line speaks of this name (`host`, or `[host]:port` where the port is not 22), in any case of
        its letters: OpenSSH hashes names in lower case."""
        name = name.lower()
        if self.patterns.startswith("|1|"):
            return _hashed_name_matches(self.patterns, name)
        named = False
        for pattern in self.patterns.lower().split(","):
            if fnmatchcase(name, _as_glob(pattern.removeprefix("!"))):
                if pattern.startswith("!"):
                    return False
                named = True
        return named


def parse_known_hosts(text: str) -> list[KnownHost]:
    """Read a `known_hosts` file. Comments and lines that nobody understands are left out, as OpenSSH does."""
    lines = []
    for line in text.splitlines():
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#"):
            continue
        try:
            key = base64.b64decode(fields[2], validate=True)
        except (binascii.Error, ValueError):
            continue
        lines.append(KnownHost(patterns=fields[0], key_type=fields[1], key=key, marker=marker))
    return lines


def judge(known: Iterable[KnownHost], name: str, key_type: str, key: bytes) -> Verdict:
    """Judge the key that a host shows.

    Args:
        name: as `host_name` returns it. key_type: like `ssh-ed25519`. key: the public key's wire format.

    Returns:
        `changed` if other keys, but not this one, are known under the name; a host with a new kind of key counts as
        changed, because nothing vouches for it.
    """
    lines = [line for line in known if line.marker != "@cert-authority" and line.names(name)]
    if any(line.marker == "@revoked" and line.key == key for line in lines):
        return "revoked"
    lines = [line for line in lines if not line.marker]
    if any(line.key == key and line.key_type == key_type for line in lines):
        return "known"
    return "changed" if lines else "unknown"


def known_types(known: Iterable[KnownHost], name: str) -> Sequence[str]:
    """Return the kinds of key that are known for a name, to ask the host for one of these."""
    return [line.key_type for line in known if not line.marker and line.names(name)]


def host_name(host: str, port: int) -> str:
    """Return the name under which `known_hosts` lists a host."""
    return host if port == 22 else f"[{host}]:{port}"


def fingerprint(key: bytes) -> str:
    """Return a key's fingerprint as `ssh-keygen -l` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _hashed_name_matches(pattern: str, name: str) -> bool:
    try:
        _, _, salt, digest = pattern.split("|")
        expected = base64.b64decode(digest)
        return hmac.compare_digest(hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest(), expected)
    except (ValueError, binascii.Error):
        return False


def _as_glob(pattern: str) -> str:
    # Only * and ? are wild in known_hosts; a bracket is literal there, but not in fnmatch.
    return pattern.replace("[", "[[]")
