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
from homelab_assets.remediation.plan import Recheck, RemediationPlan, plan_remediation
from homelab_assets.secrecy import Vault

if TYPE_CHECKING:
    from homelab_assets.audit import Audit

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
