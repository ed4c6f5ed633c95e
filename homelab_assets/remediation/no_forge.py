"""No forge: each proposal is written down, under `reports/pull-requests/`, for somebody who carries it out by hand."""

from collections.abc import Sequence
from pathlib import Path

from homelab_assets.forge.none import body_of, drop_others, write_proposal
from homelab_assets.remediation.dashboard import Outcome
from homelab_assets.remediation.identity import ANY, DRIFT, KINDS, Kind, digest_of, kebab, read_marker
from homelab_assets.remediation.proposal import Proposal


def write_proposals(
    directory: Path,
    repository: str,
    plans: Sequence[Proposal],
    *,
    whole: bool,
    kind: Kind = DRIFT,
    others: Sequence[str] = (),
) -> list[Outcome]:
    """Write patch and body of each plan; where everything was audited, drop those of the same kind that are gone.

    Args:
        others: the lab's other repositories, whose files stay.
    """

    def prefix(name: str, kind: Kind = kind) -> str:
        return ("" if kind is DRIFT else f"{kind.word}-") + f"{kebab(name)}-"

    outcomes, kept = [], []
    for plan in plans:
        who = plan.identity
        if not plan.actionable:
            outcomes.append(Outcome(status="refused", identity=who, title=plan.title, why=plan.refusal))
            continue
        parts = dict.fromkeys(kebab(part or "") for part in who.subject if part != ANY)
        kept.append(_name_for(directory, prefix(repository) + "-".join(parts), plan, kind))
        file, _ = write_proposal(directory, kept[-1], title=plan.title, body=plan.body, patch=plan.patch)
        outcomes.append(Outcome(status="written", identity=who, title=plan.title, reference=str(file)))
    if whole and directory.is_dir():
        own = prefix(repository)
        every = {prefix(name, other) for name in (repository, *others) for other in KINDS}
        longer = [one for one in every if one.startswith(own) and one != own]
        drop_others(directory, kept, prefix=own, spared=longer)
    return outcomes


def _name_for(directory: Path, name: str, plan: Proposal, kind: Kind) -> str:
    """Return a plan's file name: longer where that of another, such as `a-b` + `c` beside `a` + `b-c`, reads alike."""
    there = read_marker(body_of(directory, name), kind)
    return name if there is None or there[0] == plan.identity else f"{name}-{digest_of(str(plan.identity))[:6]}"
