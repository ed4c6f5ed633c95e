"""What the name of a variable, label or option says about its value."""

import re
from functools import lru_cache

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
_TOKEN = re.compile(r"<secret#[0-9a-f.]*>")
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
HARMLESS = re.compile(
    r"(?:|true|false|yes|no|on|off|none|null|basic|forms?|external|internal|oauth2?|oidc|ldap|saml|enabled|disabled"
    r"|required|optional|anonymous|any|all|default|md5|trust|scram-sha-256|[0-9]{1,2})",
    re.IGNORECASE,
)
_STRICT_WORDS = frozenset({"password", "passwd", "passphrase", "pass", "pwd", "pw", "pin", "secret", "psk"})
_STRICT_HARMLESS = re.compile(r"(?:|true|false|yes|no|on|off|none|null)", re.IGNORECASE)
_FILE_VALUE = re.compile(r"(?:/[\w.@-]+)+/?")

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
    # A name that was sealed itself says nothing about its value.
    name = _TOKEN.sub("", name)
    parts = words(name)
    if not parts or (parts[-1] in _ABOUT and not name.lower().endswith(("basicauth.users", "digestauth.users"))):
        return False
    if name.lower().startswith(_PUBLIC_LABELS) or _PUBLIC_WORDS & set(parts):
        return False
    return bool(_SECRET_WORDS.intersection(parts) or _JOINED.search(name)) or parts[-1] == "users"


def is_whole_secret(name: str, value: str) -> bool:
    """Say whether the whole value is a secret because its name says so."""
    if not names_a_secret(name):
        return False
    if _FILE_VALUE.fullmatch(value) and "/" in value[1:]:
        return False
    harmless = _STRICT_HARMLESS if _STRICT_WORDS.intersection(words(name)) else HARMLESS
    return not harmless.fullmatch(value)


@lru_cache(maxsize=65536)
def entropy_counts(name: str) -> bool:
    """Say whether random-looking text under this name is suspect; digests, ids and image labels look so by nature."""
    parts = words(name)
    return not (name.lower().startswith(_PUBLIC_LABELS) or _DIGEST_WORDS.intersection(parts[-2:]))
