"""What failed that nobody has been told of yet, and what has recovered?"""

from collections.abc import Collection, Sequence

from msgspec import Struct


class Verdict(Struct, frozen=True, kw_only=True):
    """The last verdict on a thing that passes or fails: an asset check, or a job's last run that ended."""

    thing: str
    passed: bool
    description: str


class News(Struct, frozen=True, kw_only=True):
    """What to tell: a thing that failed after it had passed, or passed after it had failed."""

    thing: str
    failed: bool
    description: str


def decide(failing: Collection[str] | None, verdicts: Sequence[Verdict]) -> tuple[list[str], tuple[News, ...]]:
    """Return what is known to fail now, and the news: each failure is told once, and once more when it has ended.

    Args:
        failing: things that were told to fail; None before the first look, which notes what fails and tells nothing.
        verdicts: one per thing. A thing without one (never judged, or just being judged) stays what it was.
    """
    known = set(failing or ())
    news = [
        News(thing=verdict.thing, failed=not verdict.passed, description=verdict.description)
        for verdict in sorted(verdicts, key=lambda verdict: verdict.thing)
        if verdict.passed == (verdict.thing in known)
    ]
    now = (known | {item.thing for item in news if item.failed}) - {item.thing for item in news if not item.failed}
    return sorted(now), tuple(news if failing is not None else ())
