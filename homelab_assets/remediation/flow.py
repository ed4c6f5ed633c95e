"""The way from an audit to pull requests, for the command line and for Dagster."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from homelab_assets.drift.document import Item
from homelab_assets.errors import UserError
from homelab_assets.lab.settings import Lab, RepositorySettings
from homelab_assets.model import Baseline
from homelab_assets.remediation.apply import Policy, apply_plans, carry_out
from homelab_assets.remediation.dashboard import Outcome
from homelab_assets.remediation.decide import Gone, Limits
from homelab_assets.remediation.identity import (
    ADOPTION,
    CLEANUP,
    DOCUMENTS,
    DRIFT,
    PIPELINE,
    README_TABLE,
    Identity,
    Kind,
)
from homelab_assets.remediation.loading import load_model
from homelab_assets.remediation.markdown import code
from homelab_assets.remediation.no_forge import write_proposals
from homelab_assets.remediation.plan import RemediationPlan
from homelab_assets.remediation.planner import Recheck, plan_remediation
from homelab_assets.remediation.proposal import Proposal
from homelab_assets.remediation.readme_plan import ReadmePlan, plan_readmes
from homelab_assets.secrecy import Vault

if TYPE_CHECKING:
    from homelab_assets.audit import Audit
    from homelab_assets.forge import Forge
    from homelab_assets.remediation.adopt import Adoption
    from homelab_assets.remediation.cleanup_plan import CleanupPlan
    from homelab_assets.repository.stale import CleanupReport
    from homelab_assets.repository.trees import GitTree

Progress = Callable[[str], None]
Carry = Callable[[Sequence[Proposal], RepositorySettings, "Forge"], list[Outcome]]
_ALONE = Policy(limits=Limits(max_new_per_run=1, max_open=1))
"""For the one proposal that somebody asked for."""


def plan_audit(lab: Lab, audit: "Audit", *, vault: Vault) -> tuple[RemediationPlan, ...]:
    """Plan what to do about every drifted service of an audit; each plan is proved by a second comparison."""
    return plan_remediation(
        audit.document,
        audit.baselines.baselines,
        load=load_model,
        report=_report(lab, audit.document.generated_at),
        documentation=lab.remediation.get("documentation", True),
        recheck=_recheck(lab, audit, vault),
    )


def _report(lab: Lab, moment: str) -> str:
    from homelab_assets.reports import local_day

    name = f"drift-{local_day(moment, lab.schedule.get('timezone'))}.md"
    base = lab.remediation.get("report_url")
    return f"[{name}]({base.rstrip('/')}/{name})" if base else code(f"reports/{name}")


def _recheck(lab: Lab, audit: "Audit", vault: Vault) -> Recheck:
    from homelab_assets.drift.compare import compare_all
    from homelab_assets.drift.policy import policy_from

    policy = policy_from(lab.drift, lab.lines, str(lab.file))

    def compare(baselines: Sequence[Baseline], identity: Identity) -> list[Item]:
        document = compare_all(
            [capture for capture in audit.captures if capture.host == identity.host],
            [baseline for baseline in baselines if baseline.endpoint in (identity.host, None)],
            vault=vault,
            policy=policy,
            now=audit.document.generated_at,
        )
        return [item for one in document.services if one.subject == identity.subject for item in one.items]

    return compare


def policy_of(lab: Lab) -> Policy:
    """Return what `remediation` in `lab.yaml` allows."""
    settings = lab.remediation
    limits = Limits(
        max_new_per_run=settings.get("max_new_per_run", Limits().max_new_per_run),
        max_open=settings.get("max_open", Limits().max_open),
    )
    return Policy(limits=limits, auto_merge=settings.get("auto_merge", "never"))


def open_pull_requests(
    lab: Lab,
    audit: "Audit",
    plans: Sequence[RemediationPlan],
    *,
    whole: bool = True,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Bring the pull requests about drift of all repositories in line with the plans.

    Repositories without a forge get patch and body under `reports/pull-requests/`. One repository that fails does not
    stop the others.

    Args:
        whole: the audit was not narrowed to a host, stack or service.
    """

    def carry(own: Sequence[Proposal], repository: RepositorySettings, forge: "Forge") -> list[Outcome]:
        done = apply_plans(own, audit.document, repository, forge, policy=policy, whole=whole, progress=progress)
        if _has_room(done, policy.limits):
            calm.append(repository.name)
        return done

    policy, calm = policy_of(lab), [name for name, one in lab.repositories.items() if one.forge.kind == "none"]
    audited = [ref.repository for ref in audit.document.baselines]
    outcomes = _everywhere(lab, plans, audited, carry, DRIFT, whole)
    return outcomes + (_open_readmes(lab, audit, [name for name in audited if name in calm]) if whole else [])


def _has_room(outcomes: Sequence[Outcome], limits: Limits) -> bool:
    """Whether one more pull request may be opened: none failed or waits, and the limits allow it."""
    statuses = [outcome.status for outcome in outcomes]
    new = sum(status in ("opened", "reopened") for status in statuses)
    there = sum(status in ("updated", "unchanged", "edited", "kept") for status in statuses)
    troubled = "failed" in statuses or "waiting" in statuses
    return not troubled and new < limits.max_new_per_run and new + there < limits.max_open


def readmes_of(lab: Lab, audit: "Audit") -> dict[str, ReadmePlan | None]:
    """Plan what to do about the READMEs that list other services than git has; see `plan_readmes`."""
    names = [ref.repository for ref in audit.document.baselines]
    if not lab.remediation.get("documentation", True):
        return dict.fromkeys(names)
    return plan_readmes(audit.document, audit.baselines.baselines, load=load_model)


def _open_readmes(lab: Lab, audit: "Audit", audited: Sequence[str]) -> list[Outcome]:
    plans = {name: plan for name, plan in readmes_of(lab, audit).items() if name in audited}

    def carry(own: Sequence[Proposal], repository: RepositorySettings, forge: "Forge") -> list[Outcome]:
        why = "the README lists what git has" if repository.name in plans else None
        return carry_out(own, repository, forge, policy=_ALONE, gone=lambda identity: why, kind=README_TABLE)

    known = [plan for plan in plans.values() if plan is not None]
    return _everywhere(lab, known, audited, carry, README_TABLE, not audit.document.problems)


def open_cleanups(
    lab: Lab, report: "CleanupReport", plans: Sequence["CleanupPlan"], *, progress: Progress | None = None
) -> list[Outcome]:
    """Bring the pull requests that remove what is stale in line with the plans; see `open_pull_requests`."""
    unjudged = {(open_.repository, open_.stack) for open_ in report.unjudged}

    def carry(own: Sequence[Proposal], repository: RepositorySettings, forge: "Forge") -> list[Outcome]:
        def gone(identity: Identity) -> str | None:
            known = not report.incomplete and (repository.name, identity.stack) not in unjudged
            return "nothing of the stack is stale any more" if known else None

        return carry_out(own, repository, forge, policy=policy_of(lab), gone=gone, kind=CLEANUP, progress=progress)

    return _everywhere(lab, plans, [ref.repository for ref in report.baselines], carry, CLEANUP, not report.incomplete)


def open_adoption(lab: Lab, adoption: "Adoption", repository_name: str) -> Outcome:
    """Propose a new stack: a branch and a pull request, or files where there is no forge.

    Raises:
        UserError: git has a stack of that name.
    """
    from homelab_assets.remediation.adoption_plan import plan_adoption

    plan = plan_adoption(adoption, repository_name, *_base(lab.repositories[repository_name]))

    def carry(own: Sequence[Proposal], repository: RepositorySettings, forge: "Forge") -> list[Outcome]:
        return carry_out(own, repository, forge, policy=_ALONE, gone=None, kind=ADOPTION)

    (outcome,) = _everywhere(lab, [plan], [repository_name], carry, ADOPTION, False)
    return outcome


def open_documents(lab: Lab, documents: Mapping[str, str], moment: str) -> Outcome | None:
    """Propose generated documents to the repository that `documentation.repository` names.

    Args:
        documents: text by path in the repository. moment: of the audit, ISO 8601 UTC.

    Returns:
        What became of the pull request; None where git has these documents already, and none was open.

    Raises:
        UserError: `lab.yaml` names no repository for them.
    """
    from homelab_assets.remediation.documents_plan import plan_documents

    name = lab.documentation.get("repository")
    if not name:
        raise UserError(
            "no repository is named for the documents",
            where=str(lab.file),
            hint="add `documentation: {repository: NAME}`",
        )
    tree, commit = _base(lab.repositories[name])
    plan = plan_documents(documents, repository=name, tree=tree, commit=commit, moment=moment)

    def carry(own: Sequence[Proposal], repository: RepositorySettings, forge: "Forge") -> list[Outcome]:
        current = "git has these documents now"
        return carry_out(own, repository, forge, policy=_ALONE, gone=lambda identity: current, kind=DOCUMENTS)

    plans = [plan] if plan.actionable or plan.left else []
    return next(iter(_everywhere(lab, plans, [name], carry, DOCUMENTS, True)), None)


def open_fixes(
    lab: Lab,
    plans: Sequence[Proposal],
    *,
    gone: Gone,
    whole: bool = True,
) -> list[Outcome]:
    """Bring the pull requests that mend the media pipeline in line with the plans; see `open_pull_requests`.

    Args:
        gone: says why a check needs no fix any more. whole: all of the chain was judged.
    """

    def carry(own: Sequence[Proposal], repository: RepositorySettings, forge: "Forge") -> list[Outcome]:
        return carry_out(own, repository, forge, policy=policy_of(lab), gone=gone, kind=PIPELINE)

    return _everywhere(lab, plans, list(lab.repositories), carry, PIPELINE, whole)


def _base(repository: RepositorySettings) -> tuple["GitTree", str]:
    """The files that new pull requests of a repository are based on, and the commit."""
    from homelab_assets.repository.git import Git
    from homelab_assets.repository.trees import GitTree

    git = Git(repository.path)
    commit = git.resolve(repository.ref or git.default_ref())
    return GitTree(git, commit), commit


def _everywhere(
    lab: Lab, plans: Sequence[Proposal], audited: Sequence[str], carry: Carry, kind: Kind, whole: bool
) -> list[Outcome]:
    """Carry out each repository's plans on its forge, or write them down where it has none."""
    from homelab_assets.forge import open_forge
    from homelab_assets.locking import exclusive

    outcomes: list[Outcome] = []
    with exclusive(lab.state / "remediation.lock", doing="opening pull requests"):
        for name, repository in lab.repositories.items():
            own = [plan for plan in plans if plan.repository == name]
            if not own and name not in audited:
                continue
            try:
                forge = open_forge(lab, repository)
                if forge is None:
                    others = [other for other in lab.repositories if other != name]
                    folder = lab.reports / "pull-requests"
                    outcomes += write_proposals(folder, name, own, kind=kind, whole=whole, others=others)
                    continue
                with forge as opened:
                    outcomes += carry(own, repository, opened)
                    _note(lab, name, opened)
            except UserError as error:
                nobody = Identity(host="-", stack="-", service=name)
                outcomes += [Outcome(status="failed", identity=nobody, why=str(error))]
    return outcomes


def _note(lab: Lab, repository: str, forge: "Forge") -> None:
    """Keep what the forge has now for the status; what was done counts more than a note of it."""
    from homelab_assets.audit import utc_now
    from homelab_assets.remediation.journal import record

    with suppress(UserError):
        record(lab.state, repository, forge.pulls(), utc_now())
