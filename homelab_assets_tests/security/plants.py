"""Secrets to plant, made up anew for every run of the tests from a fixed seed, and the search for them."""

import base64
import html
import json
import sqlite3
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import quote

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One secret. `text` is what stands in the field, `secret` the part of it that nobody may see."""

    kind: str
    text: str
    secret: str


@dataclass(slots=True)
class Seeds:
    """Makes secrets, and remembers them all by the place where each was planted."""

    random: Random = field(default_factory=lambda: Random(4))
    planted: dict[str, str] = field(default_factory=dict)

    def chars(self, count: int, alphabet: str = ALNUM) -> str:
        """Return random characters."""
        return "".join(self.random.choices(alphabet, k=count))

    def word(self) -> str:
        """Return a password as people make them up: nothing but its name or its place gives it away."""
        words = ("sunny", "otter", "copper", "violet", "meadow", "harbor", "pickle", "thunder", "maple", "falcon")
        return "-".join([*self.random.sample(words, 2), self.chars(4, string.ascii_lowercase)])

    def keep(self, place: str, secret: str) -> str:
        """Remember a secret that is planted at this place, and return it."""
        self.planted[f"{place} #{len(self.planted)}"] = secret
        return secret

    def plant(self, kind: str, place: str) -> str:
        """Make a secret of a kind, remember it, and return the text to plant."""
        made = KINDS[kind](self)
        self.keep(f"{place}: {kind}", made.secret)
        return made.text


def _whole(make: Callable[[Seeds], str]) -> Callable[[Seeds], Plant]:
    def plant(seeds: Seeds) -> Plant:
        text = make(seeds)
        return Plant(kind="", text=text, secret=text)

    return plant


def _inside(before: str, make: Callable[[Seeds], str], after: str = "") -> Callable[[Seeds], Plant]:
    def plant(seeds: Seeds) -> Plant:
        secret = make(seeds)
        return Plant(kind="", text=f"{before}{secret}{after}", secret=secret)

    return plant


def _bytes(seeds: Seeds, count: int) -> bytes:
    return seeds.random.randbytes(count)


def _private_key(seeds: Seeds) -> Plant:
    lines = [base64.b64encode(_bytes(seeds, 48)).decode() for _ in range(5)]
    text = "\n".join(["-----BEGIN OPENSSH PRIVATE KEY-----", *lines, "-----END OPENSSH PRIVATE KEY-----"])
    # Its middle line is what a search must look for: a report may break or escape lines.
    return Plant(kind="", text=text, secret=lines[2])


def _jwt(seeds: Seeds) -> str:
    parts = ({"alg": "HS256"}, {"sub": seeds.chars(12)})
    head = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*head, base64.urlsafe_b64encode(_bytes(seeds, 32)).decode().rstrip("=")])


KINDS: Mapping[str, Callable[[Seeds], Plant]] = {
    "GitHub token": _whole(lambda s: f"ghp_{s.chars(36)}"),
    "GitHub fine-grained token": _whole(lambda s: f"github_pat_{s.chars(22)}_{s.chars(59)}"),
    "GitLab token": _whole(lambda s: f"glpat-{s.chars(20)}"),
    "Gitea token, hex": _whole(lambda s: s.chars(40, HEX)),
    "AWS key id": _whole(lambda s: f"AKIA{s.chars(16, string.ascii_uppercase + string.digits)}"),
    "AWS secret": _whole(lambda s: base64.b64encode(_bytes(s, 30)).decode()),
    "Google key": _whole(lambda s: f"AIza{s.chars(35)}"),
    "Stripe key": _whole(lambda s: f"sk_live_{s.chars(24)}"),
    "Slack token": _whole(lambda s: f"xoxb-{s.chars(12, string.digits)}-{s.chars(24)}"),
    "Tailscale key": _whole(lambda s: f"tskey-auth-{s.chars(12)}-{s.chars(24)}"),
    "Docker Hub token": _whole(lambda s: f"dckr_pat_{s.chars(27)}"),
    "Telegram bot": _whole(lambda s: f"{s.chars(9, '123456789')}:{s.chars(35)}"),
    "Cloudflare token": _whole(lambda s: s.chars(40)),
    "JWT": _whole(_jwt),
    "*arr key": _whole(lambda s: s.chars(32, HEX)),
    "Plex token": _whole(lambda s: s.chars(20)),
    "Plex claim": _whole(lambda s: f"claim-{s.chars(20)}"),
    "bcrypt": _inside("admin:", lambda s: f"$2y$05${s.chars(53)}"),
    "bcrypt, doubled": _inside("admin:", lambda s: f"$$2y$$05$${s.chars(53)}"),
    "apr1": _inside("larry:", lambda s: f"$apr1${s.chars(8)}${s.chars(22)}"),
    "SHA htpasswd": _inside("larry:", lambda s: "{SHA}" + base64.b64encode(_bytes(s, 20)).decode()),
    "argon2": _whole(
        lambda s: f"$argon2id$v=19$m=65536,t=3,p=4${s.chars(22)}${s.chars(43)}",
    ),
    "qBittorrent hash": _inside(
        '"@ByteArray(',
        lambda s: base64.b64encode(_bytes(s, 16)).decode() + ":" + base64.b64encode(_bytes(s, 64)).decode(),
        ')"',
    ),
    "WireGuard key": _whole(lambda s: base64.b64encode(_bytes(s, 32)).decode()),
    "base64 of 24 bytes": _whole(lambda s: base64.b64encode(_bytes(s, 24)).decode()),
    "hex of 32 bytes": _whole(lambda s: s.chars(64, HEX)),
    "age key": _whole(lambda s: f"AGE-SECRET-KEY-1{s.chars(58, string.ascii_uppercase + string.digits)}"),
    "private key": _private_key,
    "URL with password": _inside("postgres://n8n:", Seeds.word, "@db:5432/n8n"),
    "URL with token": _inside("https://", lambda s: s.chars(24), "@git.home.arpa/x.git"),
    "URL with userless password": _inside("redis://:", Seeds.word, "@cache:6379/0"),
    "URL with apikey": _inside("http://prowlarr:9696/1/api?t=caps&apikey=", lambda s: s.chars(12), "&extended=1"),
    "Plex URL": _inside("http://plex:32400/library?X-Plex-Token=", lambda s: s.chars(20)),
    "Discord webhook": _inside("https://discord.com/api/webhooks/1187654321987654321/", lambda s: s.chars(68)),
    "Slack webhook": _inside(
        "https://hooks.slack.com/services/", lambda s: f"T{s.chars(8)}/B{s.chars(8)}/{s.chars(24)}"
    ),
    "JDBC": _inside("jdbc:postgresql://db/x?user=n8n&password=", Seeds.word),
    "ADO": _inside("Server=db;User Id=sa;Password=", Seeds.word, ";Encrypt=true"),
    "libpq": _inside("host=db user=n8n password=", Seeds.word, " dbname=n8n"),
    "JSON": _inside('{"user": "larry", "password": "', Seeds.word, '", "port": 1}'),
    "YAML": _inside("user: larry\npassword: ", Seeds.word, "\nport: 1"),
    "bearer": _inside("Authorization: Bearer ", lambda s: s.chars(16)),
    "basic": _inside("Authorization: Basic ", lambda s: base64.b64encode(f"larry:{s.word()}".encode()).decode()),
    "header": _inside("X-Api-Key: ", lambda s: s.chars(12)),
}
"""How secrets look that need no telling name."""

NAMES = (
    "POSTGRES_PASSWORD", "DB_PASS", "MYSQL_ROOT_PASSWORD", "REDIS_PWD", "API_KEY", "RADARR__AUTH__APIKEY", "N8N_ENCRYPTION_KEY",
    "CF_DNS_API_TOKEN", "PLEX_CLAIM", "SENTRY_DSN", "SMTP_SECRET", "OIDC_CLIENT_SECRET", "JWT_SALT", "WEBUI_PIN", "ADMIN_CREDENTIALS",
    "BASIC_AUTH", "SESSION_COOKIE", "SIGNING_KEY", "LICENSE", "FTLCONF_webserver_api_password", "WIREGUARD_PRIVATE_KEY",
    "vpnPassword", "Auth-Token", "GF_SECURITY_ADMIN_PASSWORD",
)  # fmt: skip
"""Names that say that a value is a secret, whatever it looks like."""

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("server", "--password", "{}"), ("server", "--api-key={}"), ("server", "--token={}", "--verbose"), ("redis-server", "--requirepass", "{}"),
    ("sh", "-c", "exec app --secret {} --port 80"), ("sh", "-c", "PGPASSWORD={} psql -h db"), ("sh", "-c", "mysqladmin ping -uroot -p{}"),
    ("sh", "-c", "curl -fsS -u larry:{} http://localhost/health"), ("sh", "-c", "redis-cli -a {} ping"),
    ("sh", "-c", "wget -qO- 'http://localhost/api?apikey={}'"), ("tunnel", "run", "--token", "{}"), ("x", "-Dspring.datasource.password={}"),
)  # fmt: skip
"""Commands with a place for a word that only its place gives away."""


def forms(secret: str) -> Iterator[bytes]:
    """Give everything that a secret may have become on its way: as it is, escaped, encoded."""
    raw = secret.encode()
    yield raw
    yield quote(secret, safe="").encode()
    yield html.escape(secret).encode()
    yield json.dumps(secret)[1:-1].encode()
    # Somewhere inside a longer encoded text: the three ways to fall into groups of three bytes, without the ends.
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        inner = encoded[4 if shift else 0 : len(encoded) - 4]
        if len(inner) >= 10:
            yield inner
            yield base64.urlsafe_b64encode(b"\0" * shift + raw)[4 if shift else 0 : len(encoded) - 4]
    yield raw.hex().encode()


def hits(texts: Mapping[str, bytes], planted: Mapping[str, str]) -> list[str]:
    """Return where any form of any planted secret stands: `place planted -> text found in`."""
    wanted = {place: set(forms(secret)) for place, secret in planted.items()}
    return [
        f"{place} -> {name}"
        for name, data in texts.items()
        for place, looks in wanted.items()
        if any(look in data for look in looks)
    ]


def files_below(*folders: Path, leave_out: Iterable[Path] = ()) -> dict[str, bytes]:
    """Read everything below folders; databases also row by row, so that nothing hides across pages."""
    out = [path.resolve() for path in leave_out]
    found: dict[str, bytes] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if (
                not path.is_file()
                or path.is_symlink()
                or any(one in path.resolve().parents or one == path.resolve() for one in out)
            ):
                continue
            found[str(path)] = path.read_bytes()
            found[f"{path} (its name)"] = str(path).encode()
            if found[str(path)].startswith(b"SQLite format 3"):
                found[f"{path} (its rows)"] = _rows(path)
    return found


def _rows(database: Path) -> bytes:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        return "\n".join(
            "\x1f".join(str(value) for value in row)
            for table in tables
            for row in connection.execute(f'select * from "{table}"')
        ).encode("utf-8", "surrogatepass")
    finally:
        connection.close()
