"""The way from an audit to pull requests, for the command line and for Dagster."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from homelab_assets.drift.document import Item
from homelab_assets.errors import UserError
from homelab_assets.lab.settings import Lab
from homelab_assets.model import Baseline
from homelab_assets.remediation.apply import Policy, apply_plans
from homelab_assets.remediation.dashboard import Outcome
from homelab_assets.remediation.decide import Limits
from homelab_assets.remediation.identity import Identity, kebab
from homelab_assets.remediation.loading import load_model
from homelab_assets.remediation.markdown import code
from homelab_assets.remediation.plan import RemediationPlan
from homelab_assets.remediation.planner import Recheck, plan_remediation
from homelab_assets.secrecy import Vault

if TYPE_CHECKING:
    from homelab_assets.audit import Audit
    from homelab_assets.remediation.adopt import Adoption

Progress = Callable[[str], None]


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
        key = (identity.host, identity.stack, identity.service)
        return [item for v in document.services if (v.host, v.stack, v.service) == key for item in v.items]

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
    """Bring the pull requests of all repositories in line with the plans.

    Repositories without a forge get patch and body under `reports/pull-requests/`. One repository that fails does not
    stop the others.

    Args:
        whole: the audit was not narrowed to a host, stack or service.
    """
    from homelab_assets.forge import open_forge
    from homelab_assets.locking import exclusive

    outcomes: list[Outcome] = []
    with exclusive(lab.state / "remediation.lock", doing="opening pull requests"):
        for name, repository in lab.repositories.items():
            own = [plan for plan in plans if plan.repository == name]
            if not own and not any(ref.repository == name for ref in audit.document.baselines):
                continue
            try:
                forge = open_forge(lab, repository)
                if forge is None:
                    outcomes += write_proposals(lab.reports / "pull-requests", name, own, whole=whole)
                    continue
                with forge as opened:
                    outcomes += apply_plans(
                        own, audit.document, repository, opened, policy=policy_of(lab), whole=whole, progress=progress
                    )
            except UserError as error:
                nobody = Identity(host="-", stack="-", service=name)
                outcomes += [Outcome(status="failed", identity=nobody, why=str(error))]
    return outcomes


def write_proposals(
    directory: Path, repository: str, plans: Sequence[RemediationPlan], *, whole: bool
) -> list[Outcome]:
    """Write patch and body of each plan; where everything was audited, drop those whose drift is gone."""
    from homelab_assets.forge.none import drop_others, write_proposal

    outcomes, kept = [], []
    for plan in plans:
        if not plan.actionable:
            why = plan.refused[0].why if plan.refused else ""
            outcomes.append(Outcome(status="refused", identity=plan.identity, title=plan.title, why=why))
            continue
        who = plan.identity
        kept.append("-".join(kebab(part) for part in (repository, who.host, who.stack, who.service)))
        file, _ = write_proposal(directory, kept[-1], title=plan.title, body=plan.body, patch=plan.patch)
        outcomes.append(
            Outcome(status="written", identity=who, title=plan.title, reference=f"{directory.name}/{file.name}")
        )
    if whole and directory.is_dir():
        drop_others(directory, kept, prefix=f"{kebab(repository)}-")
    return outcomes


def open_adoption(lab: Lab, adoption: "Adoption", repository_name: str) -> str:
    """Propose a new stack: a branch and a pull request, or files where there is no forge. Return what was done.

    A pull request that is open already for the container, or that a person closed, stays as it is.
    """
    from homelab_assets.forge import open_forge
    from homelab_assets.forge.none import write_proposal
    from homelab_assets.remediation.adoption_body import adoption_body, adoption_marker, adoption_title
    from homelab_assets.remediation.branches import COMMITTER
    from homelab_assets.remediation.patch import patch_of
    from homelab_assets.remediation.plan import LABEL
    from homelab_assets.remediation.proof import Overlay
    from homelab_assets.remediation.repository_docs import with_target
    from homelab_assets.repository.git import Git
    from homelab_assets.repository.remotes import push, remote_branch
    from homelab_assets.repository.trees import GitTree
    from homelab_assets.repository.worktrees import temporary_worktree

    repository = lab.repositories[repository_name]
    git = Git(repository.path)
    base = git.resolve(repository.ref or git.default_ref())
    tree = GitTree(git, base)
    taken = [path for path in adoption.files if tree.read(path) is not None]
    if taken:
        raise UserError("is there already", where=taken[0], hint="adopt is for containers that git does not know")
    files: dict[str, bytes | None] = dict(adoption.files)
    targets = tree.read("stack-targets.yml")
    if targets is not None:
        files["stack-targets.yml"] = with_target(targets.decode(), adoption.stack, adoption.host).encode()
    title, body = adoption_title(adoption), adoption_body(adoption)
    forge = open_forge(lab, repository)
    if forge is None:
        name = f"adopt-{kebab(repository_name)}-{adoption.host}-{adoption.stack}"
        patch = patch_of(Overlay(tree, {}), files)
        written, _ = write_proposal(lab.reports / "pull-requests", name, title=title, body=body, patch=patch)
        return f"written to {written}"
    branch, remote = f"feat/adopt-{kebab(adoption.host)}-{adoption.stack}", repository.forge.remote
    with forge as opened:
        for pull in opened.pulls():
            if adoption_marker(adoption) in pull.body and pull.state != "merged":
                return f"{pull.state} already: {pull.url}"
        if remote_branch(git, remote, branch) is None:
            with temporary_worktree(git, base) as worktree:
                commit = worktree.commit(files, f"{title}\n", COMMITTER)
                push(git, remote, commit, branch)
        named = (repository.ref or "").removeprefix(f"{remote}/") if "/" in (repository.ref or "") else ""
        into = repository.forge.base or named or opened.default_branch()
        draft = bool(adoption.weakenings or adoption.variables)
        pull = opened.open_pull(head=branch, base=into, title=title, body=body, draft=draft, labels=[LABEL])
    return f"opened {pull.url}"
