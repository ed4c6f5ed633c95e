"""HL802: comments that ignore a rule still hide something."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL802",
    title="Comments that ignore a rule still hide something",
    severity="note",
    rationale="A forgotten exception hides the next finding in its place.",
    remedy="Remove the comment.",
    bad=Example(service="image: nginx:1.27.3  # homelab: ignore[HL001] there is no version"),
    good=Example(service="image: nginx:latest  # homelab: ignore[HL001] a test image"),
)


def check(context: Context) -> Iterator[Finding]:
    """Find nothing by itself: only who has run the other rules knows which comments were used, and calls `unused`."""
    return iter(())


def unused(file: str, line: int, rules: tuple[str, ...]) -> Finding:
    """Make the finding for a comment that hid nothing."""
    return Finding(message=f"{', '.join(rules)} is not found here any more", file=file, line=line)
