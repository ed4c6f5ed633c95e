"""What a secret looks like, wherever it stands: known formats, places in URLs and commands, long random text."""

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache

from homelab_assets.secrecy.names import HARMLESS

_PATTERNS = re.compile(
    r"""
      -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|\Z)
    | \bey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
    | \b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|gt[aop]_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}
        |dckr_pat_[\w-]{20,}|hf_[A-Za-z0-9]{20,}|pypi-[\w-]{40,}|xox[abeprs]-[\w-]{10,}|tskey-[\w-]{10,}|dop_v1_\w{40,}
        |sk-(?=[\w-]*\d)[\w-]{20,}|[sr]k_(?:live|test)_\w{16,}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|hvs\.[\w-]{20,}|sq0[a-z]{3}-[\w-]{20,}
        |SG\.[\w-]{16,}\.[\w-]{16,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AGE-SECRET-KEY-1[A-Z0-9]{50,}|claim-(?=[\w-]*[\dA-Z])[\w-]{16,})
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
        r"(?:^|[?&;,\s\"'(\[{-])(?:[\w.-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|apikey|authkey|passkey|rsskey|access[_-]?key|credentials?"
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
# Base64 with slashes in it. What begins with a slash or a dot is a path.
_BASE64 = re.compile(r"(?<![\w+/.~=-])[A-Za-z0-9+][A-Za-z0-9+/]{22,}={0,2}(?![\w+/=])")
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|\b[A-Z]{4,}\b")
# Digests and fingerprints are for everybody to read: an image's, a file's, an SSH host key's.
_DIGEST = re.compile(r"\b(?:sha(?:1|224|256|384|512)|md5)[:=-][A-Za-z0-9+/]{22,}={0,2}", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{[^}]*\}|\$[A-Za-z_]\w*")


@lru_cache(maxsize=65536)
def looks_random(run: str) -> bool:
    """Say whether one unbroken run of letters and digits looks generated: often changing between the two kinds."""
    digits = sum(character.isdigit() for character in run)
    if not digits or digits == len(run):
        return False
    turns = sum(a.isdigit() != b.isdigit() for a, b in itertools.pairwise(run))
    cases = sum(a.isupper() != b.isupper() for a, b in itertools.pairwise(run) if a.isalpha() and b.isalpha())
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
                if not HARMLESS.fullmatch(match[group]) and not _is_variable(text, *match.span(group)):
                    found.append(match.span(group))
    if entropy and len(text) >= 20:
        found += _random_runs(text)
    return _without_overlap(found)


def looks_generated(text: str) -> bool:
    """Say whether a text holds the format of a known secret, and that part is no chain of words.

    For what is a name first, such as the key of a label: it takes more to be a secret than a value.
    """
    found = [*_PATTERNS.finditer(text)] if len(text) >= 16 else []
    return any(_words_share(match[0].partition("-")[2] or match[0]) < 0.5 for match in found)


def _random_runs(text: str) -> Iterator[tuple[int, int]]:
    """Find the long runs of characters that nobody made up. UUIDs and digests are no secrets."""
    digests = [match.span() for match in _DIGEST.finditer(text)]
    for match in _CANDIDATE.finditer(text):
        digest = any(start <= match.start() and match.end() <= end for start, end in digests)
        if digest or _is_uuid(match[0]):
            continue
        if any(looks_random(run) for run in _RUN.findall(match[0])) or _dense(match[0]):
            yield match.span()
    for match in _BASE64.finditer(text):
        digest = any(start <= match.start() and match.end() <= end for start, end in digests)
        if not digest and _is_base64(match[0]):
            yield match.span()


def _is_base64(text: str) -> bool:
    """Say whether this is the base64 of random bytes: dense, all kinds of characters, few slashes, hardly a word."""
    if len(text) < 32 and not text.endswith("="):
        return False
    kinds = {_kind(character) for character in text}
    turns = sum(_kind(a) != _kind(b) for a, b in itertools.pairwise(text))
    few_slashes = text.count("/") <= 2 + len(text) // 24
    return kinds >= {0, 1, 2} and turns >= len(text) // 3 and few_slashes and _words_share(text) <= 0.5


def _words_share(text: str) -> float:
    """The part of a text's characters that stand in runs like words."""
    return sum(map(len, _WORD.findall(text))) / max(len(text), 1)


def _is_variable(text: str, start: int, end: int) -> bool:
    """Say whether the place holds a reference such as `${PASSWORD}`, which git may show, up to its closing brace."""
    variable = _VARIABLE.match(text, start)
    return variable is not None and variable.end() >= end


def _dense(text: str) -> bool:
    """Say whether a longer text with `-`, `_`, `+` in it is random all the same (base64 and its URL-safe kin)."""
    if len(text) < 32 or not (any(c.isupper() for c in text) and any(c.islower() for c in text)):
        return False
    turns = sum(_kind(a) != _kind(b) for a, b in itertools.pairwise(text))
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
