"""`drift-detector cleanup`: find stale files, and propose to remove them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from homelab_assets.cli.common import INCOMPLETE, Options, complain_of_gaps, fetch, open_vault, render_outcomes, verb
from homelab_assets.errors import UserError

if TYPE_CHECKING:
    from homelab_assets.remediation.cleanup_plan import CleanupPlan
    from homelab_assets.repository.stale import CleanupReport, Confidence


@click.command("cleanup")
@click.option("--open", "open_", is_flag=True, help="Open pull requests that remove what is stale, one a stack.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before opening them.")
@click.option(
    "--confidence",
    "least",
    type=click.Choice(("high", "medium", "low")),
    default="medium",
    help="How sure the report must be of what is removed. Default: medium.",
)
@verb()
def command(options: Options, open_: bool, yes: bool, least: "Confidence") -> int:
    """Find compose files, services, env files and stack-targets entries that nothing runs from any more.

    Looks at all hosts and repositories of the lab. Nothing is deleted, in git or on a host: with --open, and when that
    is confirmed, pull requests propose to remove it from git.

    Exit code: 0 nothing is stale, 1 something is, 2 a host or a repository could not be read, or a request not opened.
    """
    from homelab_assets.audit import run_audit
    from homelab_assets.remediation.cleanup_plan import plan_cleanup
    from homelab_assets.remediation.flow import open_cleanups
    from homelab_assets.remediation.loading import load_model
    from homelab_assets.repository.cleanup import find_stale

    lab = options.lab()
    progress = options.say if options.verbose else None
    if open_:
        fetch(lab, options)
    audit = run_audit(lab, vault=open_vault(lab, create=False), progress=progress)
    complain_of_gaps(audit.document)
    report = find_stale(audit.baselines, audit.captures, audit.document)
    if not open_:
        options.write(_render(report, options))
        return report.exit_code
    documentation = lab.remediation.get("documentation", True)
    plans = plan_cleanup(report, audit.baselines, load=load_model, least=least, documentation=documentation)
    _confirm(plans, yes)
    outcomes = open_cleanups(lab, report, plans, progress=progress)
    options.write(render_outcomes(outcomes, options))
    return INCOMPLETE if any(outcome.status == "failed" for outcome in outcomes) else report.exit_code


def _confirm(plans: Sequence["CleanupPlan"], yes: bool) -> None:
    from homelab_assets.remediation.cleanup_body import what_of
    from homelab_assets.rendering.markdown import terminal_safe

    ready = [plan for plan in plans if plan.actionable]
    for plan in ready:
        click.echo(terminal_safe(f"{plan.repository} / {plan.identity.stack}: {plan.title}"), err=True)
        for item in plan.items:
            click.echo(terminal_safe(f"  {item.kind}: {what_of(item)}"), err=True)
    if not ready or yes:
        return
    question = "Open a pull request" if len(ready) == 1 else f"Open {len(ready)} pull requests"
    try:
        agreed = click.confirm(f"{question} to remove this from git?", err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        raise UserError("not confirmed, so nothing was opened", hint="answer y, or say --yes where nobody can be asked")


def _render(report: "CleanupReport", options: Options) -> str:
    from homelab_assets.rendering import cleanup_report as rendering

    match options.format:
        case "json":
            return rendering.cleanup_json(report)
        case "markdown":
            return rendering.cleanup_markdown(report)
        case _:
            return rendering.cleanup_terminal(report, color=options.color)
