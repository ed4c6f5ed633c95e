"""What the name of a variable, label or option says about its value."""

import re
from functools import lru_cache

from homelab_assets.late import late
from homelab_assets.secrecy.tokens import TOKEN

_WORD = late(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# SIM905: words are easier to read than a column of quoted ones.
_SECRET_WORDS = frozenset(
    """
    password passwd passphrase pass pwd pw token tokens secret secrets apikey apikeys key keys claim auth dsn
    credential credentials cred creds private salt webhook cookie jwt hmac psk htpasswd basicauth otp totp pin
    mnemonic license licence authkey accesskey secretkey privatekey signingkey encryptionkey requirepass masterauth
    seed bearer digestauth community presharedkey accountkey masterkey sharedkey licensekey passkey rsskey
    """.split()  # noqa: SIM905
)
_JOINED = late(r"passw(or)?d|passphrase|apikey|api_key|secret|token(?!iz)|credential|privatekey|authkey", re.IGNORECASE)
# The last word says that the value is about a secret, not one: AUTH_URL, TOKEN_TTL, API_KEY_FILE, PASSWORD_MIN_LENGTH.
_ABOUT = frozenset(
    """
    url uri host hostname port enabled enable disable disabled required method type mode kind user username users
    file path dir directory name ttl timeout expiry expire expires expiration length size min max algorithm algo
    header domain provider issuer count rounds lifetime version format strategy backend level policy scope scopes
    audience endpoint rotation interval limit retries proxy realm group groups role roles checksum
    digest server address addresses network networks bypass subnet cidr middlewares middleware service rule
    entrypoints entrypoint insecure priority pubkey public in age refresh secure samesite prefix ratio time headers
    usersfile checking certresolver scheme
    """.split()  # noqa: SIM905
)
_PUBLIC_WORDS = frozenset({"public", "pubkey", "gpgkey", "gpgkeys"})
_PUBLIC_ENDS = frozenset({("gpg", "key"), ("gpg", "keys"), ("authorized", "keys")})
# `SMTPPASS` and `ROOTPW` are one word each; these end so by chance.
_RUN_TOGETHER = late(r"(?!(?:by|com|encom|tres|sur|over|under|multi)pass$)\w+(?:pass|pwd|passwd)|\w{2,6}pw")
# What a login says about somebody, not the claim of a server: OIDC_GROUPS_CLAIM.
_CLAIMED = frozenset({"username", "user", "name", "group", "groups", "role", "roles", "email"})
_DIGEST_WORDS = frozenset(
    """
    sha checksum digest revision commit hash ref version uuid guid id image volume
    """.split()  # noqa: SIM905
)
# Plain words that a secret-sounding name may hold without being a secret: AUTH=basic, API_KEY=none.
HARMLESS = late(
    r"(?:|true|false|yes|no|on|off|none|null|basic|forms?|external|internal|oauth2?|oidc|ldap|saml|enabled|disabled"
    r"|required|optional|anonymous|any|all|default|md5|trust|scram-sha-256|change-me|value|[0-9]{1,2})",
    re.IGNORECASE,
)
_STRICT_WORDS = frozenset({"password", "passwd", "passphrase", "pass", "pwd", "pw", "pin", "secret", "psk", "private"})
# `change-me` is what this project writes into a `.env.sample`.
_STRICT_HARMLESS = late(r"(?:|true|false|yes|no|on|off|none|null|change-me)", re.IGNORECASE)
_OF_LOGINS = frozenset({"auth", "basicauth", "digestauth", "htpasswd"})
_LOGIN = late(r"[\w.-]+:[^:/\s$][^:\s]{2,}:")
_FILE_VALUE = late(r"(?:/[\w.@-]+)+/?")

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
    name = TOKEN.sub("", name)
    parts = words(name)
    if not parts or (parts[-1] in _ABOUT and not _lists_logins(parts)):
        return False
    if name.lower().startswith(_PUBLIC_LABELS) or _is_public(parts) or parts[0] == "no":
        return False
    if parts[-1] == "claim" and _CLAIMED.intersection(parts[-2:-1]):
        return False
    return (
        bool(_SECRET_WORDS.intersection(parts) or _JOINED.search(name))
        or parts[-1] == "authorization"
        or any(_RUN_TOGETHER.fullmatch(part) for part in parts)
    )


def _lists_logins(parts: tuple[str, ...]) -> bool:
    """Say whether a name is one of users with their passwords."""
    return parts[-1] == "users" and not _OF_LOGINS.isdisjoint(parts)


def _is_public(parts: tuple[str, ...]) -> bool:
    """Say whether a name speaks of a key that everybody may read."""
    public = _PUBLIC_WORDS.intersection(parts) or parts[-2:] in _PUBLIC_ENDS
    return bool(public) and not _STRICT_WORDS.intersection(parts)


def is_whole_secret(name: str, value: str) -> bool:
    """Say whether the whole value is a secret because its name says so."""
    parts = words(name)
    if parts[-1:] == ("users",):
        return ":" in value if _lists_logins(parts) else _LOGIN.match(value) is not None
    if not names_a_secret(name):
        return False
    if (_FILE_VALUE.fullmatch(value) and "/" in value[1:]) or (parts[-1] == "tokens" and value.isdigit()):
        return False
    harmless = _STRICT_HARMLESS if _STRICT_WORDS.intersection(parts) else HARMLESS
    return not harmless.fullmatch(value)


@lru_cache(maxsize=65536)
def entropy_counts(name: str) -> bool:
    """Say whether random-looking text under this name is suspect; digests, ids and image labels look so by nature."""
    parts = words(name)
    return not (name.lower().startswith(_PUBLIC_LABELS) or _is_public(parts) or _DIGEST_WORDS.intersection(parts[-2:]))
