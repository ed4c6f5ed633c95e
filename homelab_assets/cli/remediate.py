"""`drift-detector remediate`: show or open a pull request per drifted service."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from homelab_assets.cli.common import (
    FINDINGS,
    INCOMPLETE,
    OK,
    Options,
    complain_of_gaps,
    fetch,
    open_vault,
    render_outcomes,
    verb,
)

if TYPE_CHECKING:
    from homelab_assets.remediation.plan import RemediationPlan
    from homelab_assets.remediation.readme_plan import ReadmePlan


@click.command("remediate")
@click.option("--service", metavar="NAME", help="Only this service (or container).")
@click.option("--open", "open_", is_flag=True, help="Push branches and open, update or close pull requests.")
@verb()
def command(options: Options, service: str | None, open_: bool) -> int:
    """Show, or with --open make, one pull request per drifted service that makes git say what runs.

    A README whose table of services is behind gets one of its own.
    Nothing is merged, and nothing changes on a host. Without --open nothing changes anywhere.

    Exit code: 0 no drift, 1 drift, 2 something could not be audited or opened.
    """
    from homelab_assets.audit import run_audit
    from homelab_assets.remediation.flow import open_pull_requests, plan_audit, readmes_of

    lab = options.lab()
    vault = open_vault(lab, create=open_)
    progress = options.say if options.verbose else None
    if open_:
        fetch(lab, options)
    audit = run_audit(lab, vault=vault, service=service, progress=progress)
    complain_of_gaps(audit.document)
    plans = plan_audit(lab, audit, vault=vault)
    if not open_:
        readmes = readmes_of(lab, audit).values() if service is None else ()
        options.write(_plans(plans, [plan for plan in readmes if plan is not None], options))
        failed = False
    else:
        outcomes = open_pull_requests(lab, audit, plans, whole=service is None, progress=progress)
        options.write(render_outcomes(outcomes, options))
        failed = any(outcome.status == "failed" for outcome in outcomes)
    if failed or not audit.document.complete:
        return INCOMPLETE
    return FINDINGS if plans else OK


def _plans(plans: "Sequence[RemediationPlan]", readmes: "Sequence[ReadmePlan]", options: Options) -> str:
    from homelab_assets.rendering import remediation_text as text

    match options.format:
        case "json":
            return text.plans_json(plans, readmes)
        case "markdown":
            return text.plans_markdown([*plans, *readmes])
        case _:
            return text.plans_terminal([*plans, *readmes], color=options.color, verbose=options.verbose)
