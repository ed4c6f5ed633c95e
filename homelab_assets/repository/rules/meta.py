"""What a structure rule says of itself, and what it finds."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from homelab_assets.rendering.findings import Level

FAMILIES = {
    "HL0": "image",
    "HL1": "naming and layout",
    "HL2": "network",
    "HL3": "volumes",
    "HL4": "environment and secrets",
    "HL5": "labels",
    "HL6": "health and limits",
    "HL8": "comments that ignore rules",
    "HL9": "could not be checked",
}


class Example(Struct, frozen=True, kw_only=True):
    """A small repository that shows a rule.

    Attributes:
        service: lines of the service `web` in the stack `app`; keys that are not given here are filled in so that
            every other rule is content. without: keys that are not filled in.
        compose: lines of the compose file besides `services`.
        files: further files by path, or other content for the usual ones; None leaves a usual one out.
    """

    service: str = ""
    without: Sequence[str] = ()
    compose: str = ""
    files: Mapping[str, str | None] = field(default_factory=dict)


class Meta(Struct, frozen=True, kw_only=True):
    """A rule. Ids are never reused; the first three characters name the family.

    Attributes:
        title: what the convention is. severity: of its findings. rationale: why. remedy: what to do.
        bad, good: examples; the bad one makes exactly this rule fire, the good one none.
        since: version that brought the rule. fixable: `--fix` can mend it.
    """

    id: str
    title: str
    severity: Level
    rationale: str
    remedy: str
    bad: Example
    good: Example
    since: str = "0.1.0"
    fixable: bool = False

    @property
    def family(self) -> str:
        """What the rule is about."""
        return FAMILIES[self.id[:3]]


class Finding(Struct, frozen=True, kw_only=True):
    """One place that does not follow a rule. Messages name things, never values that may be secret.

    Attributes:
        rule: id; filled in by the one who runs the rule.
        file, line: where a person would change it; no line where the file as a whole, or its absence, is meant.
        names: what a fix needs to know, such as the variables that are missing.
    """

    message: str
    file: str
    line: int | None = None
    rule: str = ""
    severity: Level = "warning"
    stack: str | None = None
    service: str | None = None
    names: tuple[str, ...] = ()
