"""Which failed checks has nobody been told of yet?"""

from collections.abc import Sequence
from dataclasses import dataclass

from homelab_assets.model import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One evaluation of an asset check. `number` grows with every event of the log."""

    number: int
    check: str
    passed: bool
    severity: str
    description: str
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What to tell: a check that failed after it had passed, or passed after it had failed."""

    check: str
    failed: bool
    severity: str
    description: str
    run_id: str


def decide(state: Json, evaluations: Sequence[Evaluation]) -> tuple[Json, tuple[News, ...]]:
    """Return the new state and the news. A check that stays failed is told once, and again when it has recovered.

    Args:
        state: `{"after": number, "failing": [check, …]}`.
        evaluations: in the order of the log; those up to `after` are skipped.
    """
    failing = set(state["failing"])
    after = state["after"]
    latest: dict[str, Evaluation] = {}
    for evaluation in evaluations:
        if evaluation.number > after:
            latest[evaluation.check] = evaluation
    news = tuple(
        News(
            check=check,
            failed=not evaluation.passed,
            severity=evaluation.severity,
            description=evaluation.description,
            run_id=evaluation.run_id,
        )
        for check, evaluation in sorted(latest.items())
        if evaluation.passed == (check in failing)
    )
    failing |= {item.check for item in news if item.failed}
    failing -= {item.check for item in news if not item.failed}
    after = max([after, *(evaluation.number for evaluation in evaluations)])
    return {"after": after, "failing": sorted(failing)}, news
