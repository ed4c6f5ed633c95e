"""`drift-detector cleanup`: find stale files."""

from typing import TYPE_CHECKING

import click

from homelab_assets.cli.common import Options, open_vault, verb

if TYPE_CHECKING:
    from homelab_assets.repository.stale import CleanupReport


@click.command("cleanup")
@verb()
def command(options: Options) -> int:
    """Find compose files, services, env files and stack-targets entries that nothing runs from any more.

    Looks at all hosts and repositories of the lab. Nothing is deleted, in git or on a host.

    Exit code: 0 nothing is stale, 1 something is, 2 a host or a repository could not be read.
    """
    from homelab_assets.audit import run_audit
    from homelab_assets.repository.cleanup import find_stale

    lab = options.lab()
    audit = run_audit(lab, vault=open_vault(lab, create=False), progress=options.say if options.verbose else None)
    report = find_stale(audit.baselines, audit.captures, audit.document)
    options.write(_render(report, options))
    return report.exit_code


def _render(report: "CleanupReport", options: Options) -> str:
    from homelab_assets.rendering import cleanup_report as rendering

    match options.format:
        case "json":
            return rendering.cleanup_json(report)
        case "markdown":
            return rendering.cleanup_markdown(report)
        case _:
            return rendering.cleanup_terminal(report, color=options.color)
