"""`drift-detector diff`: capture, load and compare now; print; write nothing."""

import click

from homelab_assets.cli.common import Options, open_vault, render_drift, verb


@click.command("diff")
@click.option("--host", metavar="NAME", help="Only this host.")
@click.option("--stack", metavar="NAME", help="Only this stack.")
@click.option("--service", metavar="NAME", help="Only this service (or container).")
@click.option(
    "--working-tree", is_flag=True, help="Compare with the files as they lie in the clones, not with the refs."
)
@verb(formats=("terminal", "json", "markdown", "github", "sarif"))
def command(options: Options, host: str | None, stack: str | None, service: str | None, working_tree: bool) -> int:
    """Capture, load and compare now; print; write nothing.

    Where there is no lab.yaml, the demo lab is laid out in the state folder first, as for any verb.

    Exit code: 0 no drift, 1 drift, 2 something could not be audited.
    """
    from homelab_assets.audit import run_audit

    lab = options.lab()
    audit = run_audit(
        lab,
        vault=open_vault(lab, create=False),
        host=host,
        stack=stack,
        service=service,
        working_tree=working_tree,
        progress=options.say if options.verbose else None,
    )
    options.write(render_drift(audit.document, options))
    return audit.document.exit_code
