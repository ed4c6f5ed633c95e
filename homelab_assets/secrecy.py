"""What is a secret, and how it travels: as a token, never as itself.

A secret is replaced where it enters (capture, `.env`, credentials) by a token like `<secret#3f2a.9f86d081884c7d651a2b>`:
the first part names the installation's key, the second is a keyed fingerprint (HMAC-SHA-256) of the secret. Equal
secrets have equal tokens, so everything downstream compares, stores and prints tokens as ordinary text. A `Vault`
remembers, in memory only, what it sealed: `reveal` gives it back to the few that need it (the config hash, an apply plan).

A value is a secret if its name says so, if it looks like one, or if it stands where git has an unresolved `${VAR}`
(the last is judged by the comparison, which knows git's side).
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

TOKEN = re.compile(r"<secret#(?P<key>[0-9a-f]{4})\.(?P<mac>[0-9a-f]{20})>")
SHOWN = "<secret>"
SHOWN_CHANGED = "<secret changed>"

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORDS = frozenset(
    [
        "password",
        "passwd",
        "passphrase",
        "pass",
        "pwd",
        "pw",
        "token",
        "tokens",
        "secret",
        "secrets",
        "apikey",
        "apikeys",
        "key",
        "keys",
        "claim",
        "auth",
        "dsn",
        "credential",
        "credentials",
        "cred",
        "creds",
        "private",
        "salt",
        "webhook",
        "cookie",
        "jwt",
        "hmac",
        "psk",
        "htpasswd",
        "basicauth",
        "otp",
        "totp",
        "pin",
        "mnemonic",
        "license",
        "licence",
        "authkey",
        "accesskey",
        "secretkey",
        "privatekey",
        "signingkey",
        "encryptionkey",
        "requirepass",
        "userpass",
        "dbpass",
    ]
)
_JOINED = re.compile(r"passw(or)?d|passphrase|apikey|api_key|secret|token|credential|privatekey|authkey", re.IGNORECASE)
# The last word says that the value is about a secret, not one: AUTH_URL, TOKEN_TTL, API_KEY_FILE, PASSWORD_MIN_LENGTH.
_ABOUT = frozenset(
    [
        "url",
        "uri",
        "host",
        "hostname",
        "port",
        "enabled",
        "enable",
        "disable",
        "disabled",
        "required",
        "method",
        "type",
        "mode",
        "kind",
        "user",
        "username",
        "users",
        "file",
        "path",
        "dir",
        "directory",
        "name",
        "ttl",
        "timeout",
        "expiry",
        "expire",
        "expires",
        "expiration",
        "length",
        "size",
        "min",
        "max",
        "algorithm",
        "algo",
        "header",
        "domain",
        "provider",
        "issuer",
        "count",
        "rounds",
        "lifetime",
        "version",
        "format",
        "strategy",
        "backend",
        "level",
        "policy",
        "scope",
        "scopes",
        "audience",
        "endpoint",
        "rotation",
        "interval",
        "limit",
        "retries",
        "proxy",
        "realm",
        "group",
        "groups",
        "role",
        "roles",
        "sha256",
        "sha512",
        "md5",
        "checksum",
        "digest",
        "path",
        "server",
        "address",
        "addresses",
        "network",
        "networks",
        "bypass",
        "subnet",
        "cidr",
        "middlewares",
        "middleware",
        "service",
        "rule",
        "entrypoints",
        "entrypoint",
        "insecure",
        "priority",
        "pubkey",
        "public",
    ]
)
_PUBLIC_WORDS = frozenset({"public", "pubkey", "gpg"})
_DIGEST_WORDS = frozenset(
    [
        "sha",
        "sha1",
        "sha256",
        "sha512",
        "md5",
        "checksum",
        "digest",
        "revision",
        "commit",
        "hash",
        "ref",
        "version",
        "uuid",
        "guid",
        "id",
        "image",
        "volume",
    ]
)
# Plain words that a secret-sounding name may hold without being a secret: AUTH=basic, API_KEY=none.
_HARMLESS = re.compile(
    r"(?:|true|false|yes|no|on|off|none|null|basic|forms?|external|internal|oauth2?|oidc|ldap|saml|enabled|disabled"
    r"|required|optional|anonymous|any|all|default|md5|trust|scram-sha-256|[0-9]{1,2})",
    re.IGNORECASE,
)
_STRICT_WORDS = frozenset({"password", "passwd", "passphrase", "pass", "pwd", "pw", "pin", "secret", "psk"})
_STRICT_HARMLESS = re.compile(r"(?:|true|false|yes|no|on|off|none|null)", re.IGNORECASE)
_FILE_VALUE = re.compile(r"(?:/[\w.@-]+)+/?")

_PATTERNS = re.compile(
    r"""
      -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    | \bey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
    | \b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|gt[aop]_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}
        |dckr_pat_[\w-]{20,}|hf_[A-Za-z0-9]{20,}|pypi-[\w-]{40,}|xox[abeprs]-[\w-]{10,}|tskey-[\w-]{10,}|dop_v1_\w{40,}
        |sk-[\w-]{20,}|[sr]k_(?:live|test)_\w{16,}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|hvs\.[\w-]{20,}|sq0[a-z]{3}-[\w-]{20,}
        |SG\.[\w-]{16,}\.[\w-]{16,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AGE-SECRET-KEY-1[A-Z0-9]{50,}|claim-[\w-]{16,})
    | \b[0-9]{8,11}:[A-Za-z0-9_-]{32,}
    | \$(?:2[abxy]|apr1|[156y]|argon2(?:id|i|d)|pbkdf2(?:-sha\d+)?|scrypt|7)\$[\w./$=,+-]{8,}
    | \{(?:SSHA|SHA|PBKDF2)\}[\w+/=]{16,}
    | @ByteArray\([^)]{16,}\)
    """,
    re.VERBOSE | re.DOTALL,
)
# Each names one group `s`: the secret part alone, so that the rest stays readable and comparable.
_EMBEDDED = (
    re.compile(r"\b[a-zA-Z][\w+.-]*://[^/\s:@]*:(?P<s>[^/\s@]+)@"),
    re.compile(r"\b[a-zA-Z][\w+.-]*://(?P<s>[\w.+~-]{16,})@"),
    re.compile(
        r"(?:^|[?&;,\s\"'(\[{-])(?:[\w.-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|apikey|authkey|access[_-]?key|credentials?"
        r"|requirepass|PASS|PWD|PGPASSWORD|MYSQL_PWD|sig|signature))[\"']?(?:=|:\s?|\s+(?=[^\s=-]))[\"']?(?P<s>[^\s\"'&;,)}\]]{3,})",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:Bearer|Basic|Token)\s+(?P<s>[\w.+/=~-]{8,})", re.IGNORECASE),
    re.compile(r"\b(?:redis-cli|keydb-cli|valkey-cli)\b[^|;&]*?\s-a\s+[\"']?(?P<s>[^\s\"']+)"),
    re.compile(r"\b(?:mysql|mysqladmin|mariadb|mariadb-admin|mysqldump)\b[^|;&]*?\s-p[\"']?(?P<s>[^\s\"']+)"),
    re.compile(r"\bcurl\b[^|;&]*?\s(?:-u|--user)\s+[\"']?[^\s:\"']+:(?P<s>[^\s\"']+)"),
    re.compile(r"/api/webhooks/\d+/(?P<s>[\w-]{20,})|hooks\.slack\.com/services/(?P<t>[\w/]{20,})"),
)
_EMBEDDED_HINT = re.compile(
    r"://|pass|pwd|secret|token|key|credential|bearer|basic|redis-cli|valkey-cli|keydb-cli|mysql|mariadb|curl|webhook|hooks|sig",
    re.IGNORECASE,
)
_CANDIDATE = re.compile(r"[A-Za-z0-9+_=-]{20,}")
_RUN = re.compile(r"[A-Za-z0-9]{20,}")
_NOT_A_SECRET_BEFORE = re.compile(r"(?:sha256|sha512|sha1|md5)[:=-]$", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{[^}]*\}|\$[A-Za-z_]\w*")

_SECRET_FLAG = re.compile(
    r"--?(?:[\w-]*(?:password|passwd|passphrase|secret|token|api-?key|auth-?key|requirepass|masterauth|credentials?))",
    re.IGNORECASE,
)

# Labels that image builders set for everybody to read: hashes in them are revisions, not secrets.
_PUBLIC_LABELS = (
    "org.opencontainers.image.",
    "org.label-schema.",
    "com.docker.",
    "io.portainer.",
    "io.podman.",
    "desktop.docker.",
)


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """Split a name into lower-case words: `RADARR__API_KEY` and `radarrApiKey` give radarr, api, key."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=65536)
def names_a_secret(name: str) -> bool:
    """Say whether a variable, label or option of this name holds a secret. `TOKEN_TTL` and `KEY_FILE` do not."""
    parts = words(name)
    if not parts or (parts[-1] in _ABOUT and not name.lower().endswith(("basicauth.users", "digestauth.users"))):
        return False
    if name.lower().startswith(_PUBLIC_LABELS) or _PUBLIC_WORDS & set(parts):
        return False
    return bool(_SECRET_WORDS.intersection(parts) or _JOINED.search(name)) or parts[-1] == "users"


@lru_cache(maxsize=65536)
def looks_random(run: str) -> bool:
    """Say whether one unbroken run of letters and digits looks generated: often changing between the two kinds."""
    digits = sum(character.isdigit() for character in run)
    if not digits or digits == len(run):
        return False
    turns = sum(a.isdigit() != b.isdigit() for a, b in zip(run, run[1:], strict=False))
    cases = sum(a.isupper() != b.isupper() for a, b in zip(run, run[1:], strict=False) if a.isalpha() and b.isalpha())
    return len(set(run)) >= 8 and (turns >= 3 or cases >= 6)


def _is_uuid(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", text))


@lru_cache(maxsize=65536)
def find_secrets(text: str, entropy: bool = True) -> tuple[tuple[int, int], ...]:
    """Find the secrets inside a text by their looks.

    Args:
        entropy: also count long random-looking runs; False for fields that hold ids and digests by nature.

    Returns:
        (start, end) offsets, ascending, not overlapping.
    """
    if len(text) < 6:
        return ()
    found: list[tuple[int, int]] = [match.span() for match in _PATTERNS.finditer(text)]
    if _EMBEDDED_HINT.search(text):
        for pattern in _EMBEDDED:
            for match in pattern.finditer(text):
                group = "s" if match["s"] is not None else "t"
                if not _HARMLESS.fullmatch(match[group]) and not _VARIABLE.fullmatch(match[group]):
                    found.append(match.span(group))
    if entropy and len(text) >= 20:
        for match in _CANDIDATE.finditer(text):
            if _is_uuid(match[0]) or _NOT_A_SECRET_BEFORE.search(text, 0, match.start()):
                continue
            if any(looks_random(run) for run in _RUN.findall(match[0])) or _dense(match[0]):
                found.append(match.span())
    return _without_overlap(found)


def _dense(text: str) -> bool:
    """Say whether a longer text with `-`, `_`, `+` in it is random all the same (base64 and its URL-safe kin)."""
    if len(text) < 32 or not (any(c.isupper() for c in text) and any(c.islower() for c in text)):
        return False
    turns = sum(_kind(a) != _kind(b) for a, b in zip(text, text[1:], strict=False))
    return any(c.isdigit() for c in text) and turns >= len(text) // 3


def _kind(character: str) -> int:
    return 0 if character.islower() else 1 if character.isupper() else 2 if character.isdigit() else 3


def _without_overlap(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        elif end > start:
            kept.append((start, end))
    return tuple(kept)


def is_secret(name: str, value: str) -> bool:
    """Say whether `value`, standing under `name`, is or contains a secret."""
    return (
        _whole_is_secret(name, value) or bool(find_secrets(value, _entropy_counts(name))) or bool(TOKEN.search(value))
    )


def _whole_is_secret(name: str, value: str) -> bool:
    if not names_a_secret(name):
        return False
    if _FILE_VALUE.fullmatch(value) and "/" in value[1:]:
        return False
    harmless = _STRICT_HARMLESS if _STRICT_WORDS.intersection(words(name)) else _HARMLESS
    return not harmless.fullmatch(value)


@lru_cache(maxsize=65536)
def _entropy_counts(name: str) -> bool:
    parts = words(name)
    return not (name.lower().startswith(_PUBLIC_LABELS) or _DIGEST_WORDS.intersection(parts[-2:]))


def show(text: str, *, changed: bool = False) -> str:
    """Return text for people: each token as `<secret>`, or as `<secret changed>`."""
    return TOKEN.sub(SHOWN_CHANGED if changed else SHOWN, text)


def has_token(text: str) -> bool:
    """Say whether a sealed secret stands in the text."""
    return "<secret#" in text and TOKEN.search(text) is not None


class Vault:
    """Seals secrets with one installation's key and remembers, in memory only, what it sealed.

    Args:
        key: at least 16 random bytes, the same for all runs of an installation.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a fingerprint key has at least 16 bytes")
        self._key = key
        self.key_id = hashlib.sha256(b"key id" + key).hexdigest()[:4]
        self._raw: dict[str, str] = {}
        self._sealed: dict[tuple[str, str], str] = {}

    def __repr__(self) -> str:
        return f"Vault({self.key_id}, {len(self._raw)} secrets)"

    __str__ = __repr__

    def __reduce__(self) -> Any:
        raise TypeError("a vault stays in its process")

    def token(self, secret: str) -> str:
        """Seal a whole text as one secret. A token stays as it is."""
        if TOKEN.fullmatch(secret):
            return secret
        mac = hmac.new(self._key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:20]
        token = f"<secret#{self.key_id}.{mac}>"
        self._raw[token] = secret
        return token

    def seal(self, name: str, value: str) -> str:
        """Seal what is secret in a value that stands under a name (variable, label, option).

        The whole value becomes one token if its name says that it is a secret, else only the secret parts of it
        (the password inside a URL, a hash in a list of users). Ordinary text comes back unchanged; sealing twice
        changes nothing.
        """
        key = (name, value)
        sealed = self._sealed.get(key)
        if sealed is None:
            sealed = (
                self.token(value)
                if _whole_is_secret(name, value)
                else self.seal_text(value, entropy=_entropy_counts(name))
            )
            if len(self._sealed) < 200_000:
                self._sealed[key] = sealed
        return sealed

    def seal_text(self, text: str, *, entropy: bool = True) -> str:
        """Seal the secret parts of a text that has no name, such as an argument, a path or a message."""
        spans = find_secrets(text, entropy)
        if not spans:
            return text
        parts, last = [], 0
        tokens = [match.span() for match in TOKEN.finditer(text)]
        for start, end in spans:
            if any(a < end and start < b for a, b in tokens):
                continue
            parts += [text[last:start], self.token(text[start:end])]
            last = end
        return "".join(parts) + text[last:]

    def seal_args(self, arguments: Sequence[str]) -> list[str]:
        """Seal a command line given as a list: an argument after `--password` or its kin is a secret as a whole."""
        sealed: list[str] = []
        after_flag = False
        for argument in arguments:
            if after_flag and not argument.startswith("-"):
                sealed.append(self.token(argument) if argument else argument)
            else:
                name, equals, value = argument.partition("=")
                sealed.append(
                    f"{name}={self.seal(name, value)}"
                    if equals and name.isprintable() and " " not in name
                    else self.seal_text(argument)
                )
            after_flag = bool(_SECRET_FLAG.fullmatch(argument))
        return sealed

    def seal_mapping(self, mapping: Mapping[str, Any]) -> dict[str, Any]:
        """Seal the string values of a mapping by their keys, order kept; other values stay."""
        return {key: self.seal(key, value) if isinstance(value, str) else value for key, value in mapping.items()}

    def seal_assignment(self, assignment: str) -> str:
        """Seal one `NAME=value`, as environments are listed. A bare `NAME` stays."""
        name, equals, value = assignment.partition("=")
        return f"{name}={self.seal(name, value)}" if equals else assignment

    def seal_inspect(self, document: Any) -> Any:
        """Seal a whole inspect document (container, image, network, volume): a copy with the secrets as tokens.

        Health-check output and other free logs are dropped: nobody compares them, and anything may stand in them.
        """
        return _seal_node("", document, self)

    def reveal(self, text: str) -> str:
        """Put back what this vault sealed. Tokens of other installations, or of earlier runs, stay.

        The result must not leave the process.
        """
        return TOKEN.sub(lambda match: self._raw.get(match[0], match[0]), text) if "<secret#" in text else text

    def revealable(self, text: str) -> bool:
        """Say whether `reveal` would leave no token in the text."""
        return all(match[0] in self._raw for match in TOKEN.finditer(text))

    def same(self, one: str, other: str) -> bool | None:
        """Compare two sealed texts: True, False, or None where tokens of another key make it impossible to know."""
        if one == other:
            return True
        keys = {match["key"] for match in TOKEN.finditer(one)} | {match["key"] for match in TOKEN.finditer(other)}
        if keys - {self.key_id}:
            return None
        return self.reveal(one) == self.reveal(other)

    def redact(self, text: str) -> str:
        """Make a free text (a log line, an exception, an HTTP error) fit to be shown: known and recognisable secrets become `<secret>`."""
        for raw in sorted((raw for raw in self._raw.values() if len(raw) >= 6), key=len, reverse=True):
            if raw in text:
                text = text.replace(raw, SHOWN)
        return redact(text)


def redact(text: str) -> str:
    """Replace everything that looks like a secret by `<secret>`, without a vault. For text that is shown, not compared."""
    spans = find_secrets(text)
    parts, last = [], 0
    for start, end in spans:
        if TOKEN.search(text, max(0, start - 40), min(len(text), end + 40)):
            continue
        parts += [text[last:start], SHOWN]
        last = end
    return show("".join(parts) + text[last:])


_SealField = Callable[[Any, Vault], Any]


def _assignments(value: Any, vault: Vault) -> Any:
    return (
        [vault.seal_assignment(item) if isinstance(item, str) else item for item in value]
        if isinstance(value, list)
        else value
    )


def _arguments(value: Any, vault: Vault) -> Any:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return vault.seal_args(value)
    return vault.seal_text(value) if isinstance(value, str) else value


def _pairs(value: Any, vault: Vault) -> Any:
    return vault.seal_mapping(value) if isinstance(value, dict) else value


def _dropped(value: Any, vault: Vault) -> Any:
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


def _seal_node(name: str, node: Any, vault: Vault) -> Any:
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
