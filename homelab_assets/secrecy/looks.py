"""What a secret looks like, wherever it stands: known formats, and long random text."""

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from homelab_assets.late import late
from homelab_assets.secrecy.places import find_placed
from homelab_assets.secrecy.tokens import TOKEN

_PATTERNS = late(
    r"""
      -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY(?:[ ]BLOCK)?-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY(?:[ ]BLOCK)?-----|\Z)
      # Most begin a word: the look whether one begins comes before all of them, and fails nearly everywhere.
    | \b(?:(?<!-)ey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
        |gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|gt[aop]_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}
        |dckr_pat_[\w-]{20,}|hf_[A-Za-z0-9]{20,}|pypi-AgE[\w-]{40,}|xox[abeprs]-[\w-]{10,}|tskey-[\w-]{10,}|dop_v1_\w{40,}
        |sk-(?=[\w-]{0,200}\d)[\w-]{20,}|[sr]k_(?:live|test)_\w{16,}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|hvs\.[\w-]{20,}|sq0[a-z]{3}-[\w-]{20,}
        |SG\.[\w-]{16,}\.[\w-]{16,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AGE-SECRET-KEY-1[A-Z0-9]{50,}|claim-(?=[\w-]{0,200}[\dA-Z])[\w-]{16,}
        |[0-9]{8,11}:[A-Za-z0-9_-]{32,}
        |[MNO][A-Za-z0-9_-]{22,27}\.[\w-]{5,7}\.[\w-]{27,}
        |0\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.\w{20,}:[\w+/=]{16,})
    | (?<=/bot)[0-9]{8,11}:[A-Za-z0-9_-]{32,}
    | \$\$?(?:2[abxy]|apr1|[156y]|argon2(?:id|i|d)|pbkdf2(?:-sha\d+)?|scrypt|7)\$[\w./$=,+-]{8,}
    | \{(?:SSHA|SHA|PBKDF2)\}[\w+/=]{16,}
    | @ByteArray\([^)]{16,2000}\)
    """,
    re.VERBOSE | re.DOTALL,
)
_CANDIDATE = late(r"[A-Za-z0-9+_-]{20,}={0,2}")
_RUN = late(r"[A-Za-z0-9]{20,}")
# Base64 with slashes in it. What begins with a slash or a dot is a path.
_BASE64 = late(r"(?<![\w+/.~=-])[A-Za-z0-9+][A-Za-z0-9+/]{22,}={0,2}(?![\w+/=])")
_WORD = late(r"[A-Z]?[a-z]{3,}|\b[A-Z]{4,}\b")
# For everybody to read: digests, fingerprints and public keys, commits, the names of devices.
_PUBLIC = late(
    r"""
      \b(?:sha(?:1|224|256|384|512)|md5)[:=-][A-Za-z0-9+/]{22,}={0,2}
    | \b(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-[\w-]+)\s+AAAA[\w+/]+={0,2}
    | \b(?:commits?|revision|tree|blob|compare)[/ :]+[0-9a-f]{40}\b
    | /dev/[\w.:/+-]+
    """,
    re.VERBOSE | re.IGNORECASE,
)


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
    return bool(re.fullmatch(r"(?:[A-Z]{3}-)?[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", text))


@lru_cache(maxsize=65536)
def find_secrets(text: str, entropy: bool = True) -> tuple[tuple[int, int], ...]:
    """Find the secrets inside a text by their looks. What is sealed already is none.

    Args:
        entropy: also count long random-looking runs; False for fields that hold ids and digests by nature.

    Returns:
        (start, end) offsets, ascending, not overlapping.
    """
    if len(text) < 6:
        return ()
    found: list[tuple[int, int]] = [match.span() for match in _PATTERNS.finditer(text)]
    found += find_placed(text)
    if entropy and len(text) >= 20:
        found += _random_runs(text)
    if not found:
        return ()
    return _without_overlap(_unsealed(text, found) if "<secret#" in text else found)


def _unsealed(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Leave out what a token stands in."""
    starts, ends = zip(*(match.span() for match in TOKEN.finditer(text)), (len(text), len(text)), strict=True)
    # The first token that ends behind the start of a place is the first that may stand in it.
    return [(start, end) for start, end in spans if end <= starts[bisect_right(ends, start, hi=len(ends) - 1)]]


def looks_generated(text: str) -> bool:
    """Say whether a text holds the format of a known secret, and that part is no chain of words.

    For what is a name first, such as the key of a label: it takes more to be a secret than a value.
    """
    found = [*_PATTERNS.finditer(text)] if len(text) >= 16 else []
    return any(_words_share(match[0].partition("-")[2] or match[0]) < 0.5 for match in found)


def _random_runs(text: str) -> Iterator[tuple[int, int]]:
    """Find the long runs of characters that nobody made up. UUIDs and what is public are no secrets."""
    found = [match.span() for match in _CANDIDATE.finditer(text) if _is_random(match[0])]
    found += [match.span() for match in _BASE64.finditer(text) if _is_base64(match[0])]
    public = [match.span() for match in _PUBLIC.finditer(text)] if found else []
    for start, end in found:
        if not any(first <= start and end <= last for first, last in public):
            yield start, end


def _is_random(text: str) -> bool:
    return not _is_uuid(text) and (any(map(looks_random, _RUN.findall(text))) or _dense(text))


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
