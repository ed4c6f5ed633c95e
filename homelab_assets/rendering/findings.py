"""What checkers of all kinds hand to SARIF, GitHub annotations and JUnit: findings with a place, and their rules."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from homelab_assets.late import late

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")

# What XML 1.0 and terminals can't hold, and what turns text around or hides in it; lone surrogates come from file names
# that are no UTF-8.
_UNPRINTABLE = late(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufffe\uffff"
    r"\U000e0000-\U000e0fff]"
)


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was found.

    Attributes:
        rule: id of the rule, or the kind of finding. message: one sentence, without secrets.
        file: relative to the checked folder, POSIX; None where there is no file. line: 1-based.
        remedy: what to do about it.
    """

    rule: str
    level: Level
    message: str
    file: str | None = None
    line: int | None = None
    remedy: str = ""


class Rule(Struct, frozen=True, kw_only=True):
    """What a finding's `rule` means."""

    id: str
    title: str
    level: Level
    rationale: str = ""
    remedy: str = ""


def printable(text: str) -> str:
    """Return text without characters that XML, JSON readers or terminals stumble over; each becomes `?`."""
    return _UNPRINTABLE.sub("?", text)


def rules_of(findings: Iterable[Finding], known: Iterable[Rule] = ()) -> tuple[Rule, ...]:
    """Return the rules that findings name, known ones first and in their order."""
    rules = {rule.id: rule for rule in known}
    for finding in findings:
        rules.setdefault(finding.rule, Rule(id=finding.rule, title=finding.rule, level=finding.level))
    return tuple(rules.values())
