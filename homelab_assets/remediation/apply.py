"""Carry the plans out: push branches, open, update, close and reopen pull requests, keep the dashboard.

Safe to repeat, and safe to kill at any point: what a run left undone, the next one finds by the marker in the pull
request or in the branch's commit.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from homelab_assets.drift.document import DriftDocument
from homelab_assets.errors import UserError
from homelab_assets.forge.model import Forge, PullRequest, Refusal
from homelab_assets.lab.settings import RepositorySettings
from homelab_assets.remediation.branches import forget_branches, look_at_branches, push_plan
from homelab_assets.remediation.dashboard import MARKER, TITLE, Outcome, dashboard_body
from homelab_assets.remediation.decide import Decision, Gone, Limits, decide, reason_gone
from homelab_assets.remediation.identity import DRIFT, Identity, Kind, mark_closed
from homelab_assets.remediation.plan import LABEL
from homelab_assets.remediation.proposal import Proposal
from homelab_assets.repository.git import Git
from homelab_assets.repository.remotes import remote_branch
from homelab_assets.repository.worktrees import prune_worktrees

# What these decisions need of the forge or the remote.
_ASKING = ("open", "adopt-branch", "update", "unchanged", "reopen", "close", "edited", "abandon")
_EDITED = "<!-- homelab-assets:edited -->"
_ABANDONED = "<!-- homelab-assets:abandoned -->"


class Policy(Struct, frozen=True, kw_only=True):
    """How far the tool may go by itself. `auto_merge`: `never`, or `cosmetic` after checks passed."""

    limits: Limits = field(default_factory=Limits)
    auto_merge: str = "never"


def apply_plans(
    plans: Sequence[Proposal],
    document: DriftDocument,
    repository: RepositorySettings,
    forge: Forge,
    *,
    policy: Policy,
    whole: bool = True,
    progress: Callable[[str], None] | None = None,
) -> list[Outcome]:
    """Bring the pull requests about the drift of one repository in line with the plans, and then the dashboard.

    Args:
        whole: the document covers the whole lab, so that what it lacks is gone.

    Returns:
        as `carry_out`, which also says what it raises.
    """

    def gone(identity: Identity) -> str | None:
        return reason_gone(identity, plans, document, whole)

    outcomes = carry_out(plans, repository, forge, policy=policy, gone=gone, progress=progress)
    if whole:
        outcomes += _dashboard(forge, outcomes, document)
    return outcomes


def carry_out(
    plans: Sequence[Proposal],
    repository: RepositorySettings,
    forge: Forge,
    *,
    policy: Policy,
    gone: Gone | None,
    kind: Kind = DRIFT,
    progress: Callable[[str], None] | None = None,
) -> list[Outcome]:
    """Bring the pull requests of one kind in one repository in line with the plans.

    Args:
        plans: of this repository and kind. gone: judges open pull requests without a plan; None leaves them alone.

    Returns:
        one outcome for each service, in order of urgency. One that failed does not stop the others.

    Raises:
        UserError: nothing could be done at all: the forge or the remote can't be reached, or refuses the token.
    """
    git, remote = Git(repository.path), repository.forge.remote
    commits = [plan.commit for plan in plans if plan.commit]
    base = commits[0] if commits else git.resolve(repository.ref or git.default_ref())
    pulls = list(forge.pulls())
    # What a killed run left is gone after the next one, whether or not that has something to push.
    prune_worktrees(git)
    try:
        branches = look_at_branches(git, remote, base, pulls, kind)
        decisions = decide(
            plans, pulls, branches, gone=gone, limits=policy.limits, behind=_behind(git, remote), kind=kind
        )  # fmt: skip
        worker = _Worker(git, remote, repository, forge, policy, kind)
        outcomes = []
        for decision in decisions:
            if decision.verb == "aside":
                continue
            outcome = worker.attempt(decision)
            outcomes.append(outcome)
            if progress:
                progress(f"{outcome.identity.name}: {outcome.status}" + (f": {outcome.why}" if outcome.why else ""))
    finally:
        forget_branches(git)
    return outcomes


def _behind(git: Git, remote: str) -> Callable[[str, PullRequest], bool]:
    def behind(commit: str, pull: PullRequest) -> bool:
        if not pull.merge_commit or git.is_ancestor(pull.merge_commit, commit):
            return False
        # What has all that the remote's branch has waits for nothing: the branch was rewritten without the merge.
        head = remote_branch(git, remote, pull.base)
        return head is None or not git.is_ancestor(head, commit)

    return behind


class _Worker:
    def __init__(
        self, git: Git, remote: str, repository: RepositorySettings, forge: Forge, policy: Policy, kind: Kind
    ) -> None:
        self._git, self._remote, self._forge, self._policy = git, remote, forge, policy
        self._repository, self._kind = repository, kind
        self._stopped = ""
        self._base: str | None = None

    def attempt(self, decision: Decision) -> Outcome:
        if self._stopped and decision.verb in _ASKING:
            return _outcome("failed", decision, why=self._stopped)
        try:
            return self._do(decision)
        except UserError as error:
            if isinstance(error, Refusal) and error.kind == "auth":
                raise
            if isinstance(error, Refusal) and error.kind in ("rate", "unreachable"):
                # Each of the others would wait just as long, and in vain.
                self._stopped = f"not tried any more: {error.what}"
            return _outcome("failed", decision, why=str(error))

    def _do(self, decision: Decision) -> Outcome:
        match decision.verb:
            case "open" | "adopt-branch":
                return self._open(decision)
            case "update" | "unchanged":
                return self._update(decision)
            case "reopen":
                return self._reopen(decision)
            case "close":
                return self._close(decision)
            case "edited":
                self._once(decision, _EDITED, "This branch has commits of yours, so the audit leaves it alone.")
                return _outcome("edited", decision)
            case "abandon":
                text = "The branch has commits of yours, so this stays open for you to close."
                self._once(decision, _ABANDONED, f"{decision.why}. {text}")
                return _outcome("kept", decision)
            case "keep":
                return _outcome("kept", decision)
            case verb:
                return _outcome(verb, decision)

    def _open(self, decision: Decision) -> Outcome:
        plan, name = _plan(decision), decision.branch.name if decision.branch else decision.name
        if decision.push:
            push_plan(self._git, self._remote, plan, name, expected=decision.branch.commit if decision.branch else None)
        pull = self._forge.open_pull(
            head=name, base=self._into(), title=plan.title, body=plan.body, draft=plan.draft, labels=plan.labels
        )
        return self._merged(decision, pull) or _outcome("opened", decision, pull)

    def _update(self, decision: Decision) -> Outcome:
        plan, pull = _plan(decision), decision.pull
        assert pull is not None
        if decision.push:
            expected = decision.branch.commit if decision.branch else None
            commit = push_plan(self._git, self._remote, plan, pull.head, expected=expected)
            pull = replace(pull, head_commit=commit)
        if decision.edit or decision.push:
            head = pull.head_commit
            pull = self._forge.update_pull(pull, title=plan.title, body=plan.body, draft=plan.draft, labels=plan.labels)
            pull = replace(pull, head_commit=head)
        changed = decision.edit or decision.push
        return self._merged(decision, pull) or _outcome("updated" if changed else "unchanged", decision, pull)

    def _reopen(self, decision: Decision) -> Outcome:
        plan, pull = _plan(decision), decision.pull
        assert pull is not None
        branch = decision.branch
        if branch is None:
            push_plan(self._git, self._remote, plan, pull.head, expected=None)
        try:
            # First reopened, then pushed: a forge does not reopen a pull request whose branch was rewritten.
            pull = self._forge.reopen_pull(pull, body=plan.body)
        except Refusal as error:
            if error.kind not in ("invalid", "conflict"):
                raise
            return self._open(replace(decision, verb="open", pull=None, branch=None, name=plan.branch, push=True))
        if branch is not None:
            push_plan(self._git, self._remote, plan, pull.head, expected=branch.commit)
        pull = self._forge.update_pull(pull, title=plan.title, body=plan.body, draft=plan.draft, labels=plan.labels)
        return _outcome("reopened", decision, pull)

    def _close(self, decision: Decision) -> Outcome:
        pull = decision.pull
        assert pull is not None
        # The mark first: killed between the two, the next run closes what is marked; the other way round the
        # tool's own closing would look like a person's.
        self._forge.close_pull(pull, body=mark_closed(pull.body))
        self._forge.comment(
            pull.number, f"Closed: {decision.why}. Should {self._kind.returns} return, this is opened again."
        )
        return _outcome("closed", decision)

    def _once(self, decision: Decision, mark: str, text: str) -> None:
        pull = decision.pull
        assert pull is not None
        if not any(mark in body for body in self._forge.comments(pull.number)):
            self._forge.comment(pull.number, f"{text}\n\n{mark}")

    def _merged(self, decision: Decision, pull: PullRequest) -> Outcome | None:
        """Merge where the policy allows it: cosmetic, complete, checked. Everything else waits for a person.

        So does what a person made a draft.
        """
        plan = _plan(decision)
        if self._policy.auto_merge != "cosmetic" or not plan.cosmetic or pull.draft:
            return None
        if self._forge.checks(pull.head_commit) != "passed":
            return None
        self._forge.merge(pull)
        return _outcome("merged", decision, pull, why="cosmetic, and its checks passed")

    def _into(self) -> str:
        if self._base is None:
            ref, remote = self._repository.ref or "", f"{self._remote}/"
            named = ref.removeprefix(remote) if ref.startswith(remote) else ""
            self._base = self._repository.forge.base or named or self._forge.default_branch()
        return self._base


def _plan(decision: Decision) -> Proposal:
    assert decision.plan is not None
    return decision.plan


def _outcome(status: str, decision: Decision, pull: PullRequest | None = None, *, why: str | None = None) -> Outcome:
    pull = pull or decision.pull
    return Outcome(
        status=status,
        identity=decision.identity,
        title=decision.plan.title if decision.plan else pull.title if pull else "",
        number=pull.number if pull else None,
        reference=pull.url if pull else "",
        why=decision.why if why is None else why,
    )


def _dashboard(forge: Forge, outcomes: Sequence[Outcome], document: DriftDocument) -> list[Outcome]:
    """Bring the one issue up to date; return a failure, for it must not hide the pull requests."""
    try:
        body = dashboard_body(outcomes, document)
        known = [issue for issue in forge.issues(LABEL) if MARKER in issue.body]
        if known:
            issue = known[-1]
            if issue.body.replace("\r\n", "\n").strip() != body.strip() or not issue.open:
                forge.update_issue(issue, title=TITLE, body=body)
        elif any(outcome.status != "closed" for outcome in outcomes) or document.ignored:
            forge.open_issue(title=TITLE, body=body, labels=[LABEL])
    except UserError as error:
        nobody = Identity(host="-", stack="-", service="dashboard")
        return [Outcome(status="failed", identity=nobody, why=str(error))]
    return []
