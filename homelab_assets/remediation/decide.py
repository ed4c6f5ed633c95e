"""What to do with each plan and each pull request that is there already. Pure: the world as values in, decisions out.

The rules, in the words of the people who read the pull requests: one for each service; updated only when something
changed; never over a person's commits; not again after a person said no; closed when the drift is gone.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Literal

from msgspec import Struct

from homelab_assets.drift.document import DriftDocument, Status
from homelab_assets.forge.model import PullRequest
from homelab_assets.remediation.identity import (
    DRIFT,
    Identity,
    Kind,
    closed_by_us,
    marker_path,
    read_body_marker,
    read_marker,
)
from homelab_assets.remediation.proposal import Proposal

Verb = Literal[
    "open", "adopt-branch", "update", "unchanged", "reopen", "edited", "declined", "merged", "waiting", "refused",
    "close", "abandon", "keep", "aside",
]  # fmt: skip

Gone = Callable[[Identity], str | None]
"""Says why a pull request without a plan has no purpose any more; None: that can't be known, "": nobody asked."""


class Branch(Struct, frozen=True, kw_only=True):
    """A branch of the remote, as this tool sees it.

    Attributes:
        ours: no person has put a commit on it. trailers: identity, digest and content of its newest commit.
        conflicts: it can't be merged into the base as that is now, or would bring back commits that the base dropped.
    """

    name: str
    commit: str
    ours: bool
    trailers: tuple[str, str, str] | None = None
    conflicts: bool = False


class Limits(Struct, frozen=True, kw_only=True):
    """How many pull requests are opened in one run, and may be open at once."""

    max_new_per_run: int = 5
    max_open: int = 10


class Decision(Struct, frozen=True, kw_only=True):
    """What to do about one service.

    Attributes:
        pull: the pull request that it is about. branch: the remote's branch that stands already.
        name: of the new branch. push: whether the branch gets a new commit. edit: whether the texts change.
        why: for people.
    """

    verb: Verb
    identity: Identity
    plan: Proposal | None = None
    pull: PullRequest | None = None
    branch: Branch | None = None
    name: str = ""
    push: bool = False
    edit: bool = False
    why: str = ""


def decide(
    plans: Sequence[Proposal],
    pulls: Sequence[PullRequest],
    branches: Mapping[str, Branch],
    *,
    gone: Gone | None,
    limits: Limits,
    behind: Callable[[str, PullRequest], bool],
    kind: Kind = DRIFT,
) -> list[Decision]:
    """Decide about all services of one repository.

    Args:
        plans: of this repository, actionable or not. pulls: of this repository, newest first.
        branches: by name, those that this tool may have made.
        gone: judges the open pull requests without a plan; None leaves them alone.
        behind: (commit, merged pull request) → whether the base branch has that merge, and the commit not yet.

    Returns:
        decisions, most urgent plans first, closings last.
    """
    ours: dict[Identity, list[tuple[PullRequest, str]]] = {}
    for pull in pulls:
        if found := read_marker(pull.body, kind):
            ours.setdefault(found[0], []).append((pull, found[1]))
    active = {plan.identity: plan for plan in plans if plan.actionable}
    decisions = [
        _about(plan, ours.get(identity, []), branches, behind, kind)
        for identity, plan in sorted(active.items(), key=lambda item: item[1].urgency)
    ]
    decisions += [
        Decision(verb="refused", identity=plan.identity, plan=plan, why=plan.refusal)
        for plan in plans
        if not plan.actionable
    ]
    if gone is not None:
        decisions += _stale(ours, active, branches, gone)
    return _limited(decisions, limits)


def _about(
    plan: Proposal,
    known: Sequence[tuple[PullRequest, str]],
    branches: Mapping[str, Branch],
    behind: Callable[[str, PullRequest], bool],
    kind: Kind,
) -> Decision:
    identity = plan.identity
    for pull, _ in known:
        if pull.state == "open":
            return _about_open(plan, pull, branches.get(pull.head))
    for pull, digest in known:
        if pull.state == "merged" and behind(plan.commit, pull):
            why = "merged, but the baseline is older than that: fetch the clone"
            return Decision(verb="merged", identity=identity, plan=plan, pull=pull, why=why)
        if pull.state == "closed" and not closed_by_us(pull.body) and digest == plan.digest:
            why = "a person closed it for these very changes"
            return Decision(verb="declined", identity=identity, plan=plan, pull=pull, why=why)
    newest = known[0][0] if known else None
    if newest is not None and newest.state == "closed" and closed_by_us(newest.body):
        branch = branches.get(newest.head)
        if branch is None or branch.ours:
            why = f"{kind.returns} is back"
            return Decision(verb="reopen", identity=identity, plan=plan, pull=newest, branch=branch, push=True, why=why)
    used = {pull.head for pull, _ in known}
    left = next((b for b in branches.values() if b.name not in used and b.ours and _is_about(b, identity)), None)
    if left is not None:
        fresh = left.trailers is not None and left.trailers[1:] == (plan.digest, plan.content) and not left.conflicts
        why = "its branch was pushed before, but no pull request was opened"
        return Decision(verb="adopt-branch", identity=identity, plan=plan, branch=left, push=not fresh, why=why)
    return Decision(verb="open", identity=identity, plan=plan, name=_free(plan.branch, branches), push=True)


def _free(name: str, branches: Mapping[str, Branch]) -> str:
    """Return a branch name that nobody uses: what stands there already is not this tool's."""
    return next(n for n in (name, *(f"{name}-{count}" for count in range(2, 1000))) if n not in branches)


def _is_about(branch: Branch, identity: Identity) -> bool:
    return branch.trailers is not None and branch.trailers[0] == marker_path(identity)


def _about_open(plan: Proposal, pull: PullRequest, branch: Branch | None) -> Decision:
    # Whose closing mark is left, because a person reopened it, could not be declined any more.
    edit = read_body_marker(pull.body) != plan.fingerprint or closed_by_us(pull.body)
    missing = set(plan.labels) - set(pull.labels)
    if branch is None:
        why = "its branch has vanished, and is pushed again"
        return Decision(verb="update", identity=plan.identity, plan=plan, pull=pull, push=True, edit=True, why=why)
    if not branch.ours:
        why = "a person pushed to its branch, so it is left alone"
        return Decision(verb="edited", identity=plan.identity, plan=plan, pull=pull, branch=branch, why=why)
    current = branch.trailers is not None and branch.trailers[1:] == (plan.digest, plan.content)
    if current and not branch.conflicts and not edit and not missing:
        return Decision(verb="unchanged", identity=plan.identity, plan=plan, pull=pull, branch=branch)
    if current:
        why = "it does not fit the base any more, and is made anew"
    elif branch.trailers is not None and branch.trailers[1] == plan.digest:
        why = "git changed beside it, and it is made anew"
    else:
        why = "what it is about has changed"
    return Decision(
        verb="update",
        identity=plan.identity,
        plan=plan,
        pull=pull,
        branch=branch,
        push=not current or branch.conflicts,
        edit=edit or bool(missing),
        why=why if not current or branch.conflicts else "its description is brought up to date",
    )


def _stale(
    ours: Mapping[Identity, Sequence[tuple[PullRequest, str]]],
    active: Mapping[Identity, Proposal],
    branches: Mapping[str, Branch],
    gone: Gone,
) -> list[Decision]:
    """Decide about open pull requests that have nothing to propose any more."""
    decisions = []
    for identity, known in sorted(ours.items()):
        for pull, _ in known:
            if pull.state != "open" or identity in active:
                continue
            reason = gone(identity)
            branch = branches.get(pull.head)
            if not reason:
                verb: Verb = "keep" if reason is None else "aside"
                reason = "not all that it is about could be audited, so nothing is known" if reason is None else ""
            else:
                verb = "close" if branch is None or branch.ours else "abandon"
            decisions.append(Decision(verb=verb, identity=identity, pull=pull, branch=branch, why=reason))
    return decisions


# Git or the host has nothing any more that the other could say.
_GONE: Set[Status] = {"missing", "orphan", "unmanaged"}


def reason_gone(identity: Identity, plans: Sequence[Proposal], document: DriftDocument, whole: bool) -> str | None:
    """Say why a pull request has no purpose any more; None where that can't be known, "" where it was not asked for."""
    verdicts = [verdict for verdict in document.services if verdict.subject == identity.subject]
    statuses = {verdict.status for verdict in verdicts}
    if statuses and statuses <= _GONE and not document.problems:
        return "the service is gone, from git or from the host"
    if verdicts:
        if statuses <= {"clean", "stopped"}:
            ignored = any(one.subject == identity.subject for one in document.ignored)
            return "a rule in `lab.yaml` ignores this drift now" if ignored else "host and git agree: the drift is gone"
        plan = next((plan for plan in plans if plan.identity == identity), None)
        if plan is not None and plan.refusal:
            return f"nothing is left that can be backported: {plan.refusal}"
        return None
    host = next((host for host in document.hosts if host.name == identity.host), None)
    if not whole:
        return ""
    if (host is not None and host.status != "captured") or document.problems:
        return None
    return "the service is gone, from git or from the host" if host is not None else "the host is gone from `lab.yaml`"


def _limited(decisions: list[Decision], limits: Limits) -> list[Decision]:
    """Let as many pull requests be opened as the limits allow; the others wait."""
    there = sum(
        decision.verb in ("update", "unchanged", "edited", "keep", "aside", "abandon") for decision in decisions
    )
    room = min(limits.max_new_per_run, max(0, limits.max_open - there))
    result = []
    for decision in decisions:
        if decision.verb in ("open", "adopt-branch", "reopen"):
            if room <= 0:
                why = (
                    f"{limits.max_open} pull requests are open already"
                    if limits.max_open - there < limits.max_new_per_run
                    else f"at most {limits.max_new_per_run} are opened in one run"
                )
                decision = Decision(verb="waiting", identity=decision.identity, plan=decision.plan, why=why)
            room -= 1
        result.append(decision)
    return result
