"""The table of secrets and of ordinary values, filled with made-up parts, and what is left of them after sealing."""

import base64
import json
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import UUID

from homelab_assets.secrecy import Vault, redact, show
from homelab_assets_tests.security.plants import HEX, Seeds

FOLDER = Path(__file__).parent
_HOLE = re.compile(r"\{(a|A|h|H|d|b|w|u|jb)(\d*)\}")
_SECRET = re.compile("«(.*?)»", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One entry. `text`: as it stands in a home; `hidden`: the parts that nobody may see."""

    kind: str
    entry: str
    text: str | list[str]
    hidden: tuple[str, ...]

    def shown(self) -> str:
        """What people see of it: sealed as its kind is, then shown."""
        vault = Vault(b"0123456789abcdef")
        if isinstance(self.text, list):
            return "\0".join(map(show, vault.seal_args(self.text)))
        return redact(self.text) if self.kind == "texts" else show(vault.seal_assignment(self.text))

    def leaks(self) -> bool:
        """Say whether any hidden part can be read."""
        shown = self.shown()
        return any(part in shown for part in self.hidden)

    def unreadable(self) -> bool:
        """Say whether anything of an ordinary entry was hidden."""
        return self.shown() != ("\0".join(self.text) if isinstance(self.text, list) else self.text)


def cases(name: str) -> Iterator[Case]:
    """Read a table (`secrets` or `ordinary`): one entry a line, the arguments of a command apart by ` | `."""
    seeds, kind = Seeds(random=Random(7)), ""
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if section := re.fullmatch(r"\[(\w+)\]", line):
            kind = section[1]
        elif line and not line.startswith("# "):
            text, hidden = _filled(line.split(" | ") if kind == "arguments" else line, seeds)
            yield Case(kind=kind, entry=line, text=text, hidden=hidden)


def _filled(entry: str | list[str], seeds: Seeds) -> tuple[str | list[str], tuple[str, ...]]:
    if isinstance(entry, list):
        parts = [_filled(part, seeds) for part in entry]
        return [str(text) for text, _ in parts], tuple(one for _, hidden in parts for one in hidden)
    hidden: list[str] = []

    def secret(match: re.Match[str]) -> str:
        made: list[str] = []
        whole = _HOLE.sub(lambda hole: _keep(made, _make(hole[1], int(hole[2] or 0), seeds)), match[1])
        # Each made-up part counts for itself: half a secret that can be read is a leak too.
        hidden.extend([part for part in made if len(part) >= 4] or [whole])
        return whole

    text = _SECRET.sub(secret, entry)
    return _HOLE.sub(lambda hole: _make(hole[1], int(hole[2] or 0), seeds), text).replace("\\n", "\n"), tuple(hidden)


def _keep(made: list[str], part: str) -> str:
    made.append(part)
    return part


def _make(kind: str, count: int, seeds: Seeds) -> str:
    match kind:
        case "a":
            return seeds.chars(count)
        case "A":
            return seeds.chars(count, string.ascii_uppercase + "234567")
        case "h":
            return seeds.chars(count, HEX)
        case "H":
            return seeds.chars(count, HEX.upper())
        case "d":
            return seeds.chars(count, "123456789")
        case "b":
            return base64.b64encode(seeds.random.randbytes(count * 3 // 4 if count > 32 else count)).decode()
        case "u":
            return str(UUID(int=seeds.random.getrandbits(128), version=4))
        case "jb":
            return base64.b64encode(json.dumps({"user": "larry", "password": seeds.word()}).encode()).decode()
        case _:
            return seeds.word()
