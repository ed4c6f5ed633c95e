"""`drift-detector audit`: the `daily_audit` job in this process, with progress, and where the reports are."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from homelab_assets.cli.common import INCOMPLETE, Options, complain, open_vault, render_drift, verb
from homelab_assets.errors import UserError
from homelab_assets.secrecy import redact

if TYPE_CHECKING:
    from homelab_assets.lab.settings import Lab


@click.command("audit")
@verb()
def command(options: Options) -> int:
    """Run the daily audit and say where the reports are.

    It is the job `daily_audit` of Dagster's code location, so its results are in the UI too. Exit code: 0 no drift,
    1 drift, 2 something could not be audited.
    """
    lab = options.lab()
    from homelab_assets.orchestration.run import run_job

    if not lab.demo:
        options.say(str(lab.file))
    try:
        outcome = run_job(lab, "daily_audit", progress=lambda text: options.say(f"  {text}"))
    except UserError as error:
        # What runs and what git says can be read all the same, and is what was asked.
        complain(redact(str(error)))
        return _without_a_trace(lab, options)
    if outcome.document is None:
        complain("\n".join(outcome.errors) or "the audit did not run")
        return _without_a_trace(lab, options)
    options.write(render_drift(outcome.document, options))
    for name, path in outcome.files.items():
        options.say(f"{name}: {path}")
    for text in outcome.errors:
        complain(text)
    settings = "" if outcome.home in (None, Path.cwd()) else f"DAGSTER_HOME={shlex.quote(str(outcome.home))} "
    settings += f"HOMELAB_LAB={shlex.quote(options.lab_file)} " if options.lab_file else ""
    # Dagster keeps what sensors have seen by the location's name: here that of workspace.yaml, which `make ui` takes.
    location = "" if Path("workspace.yaml").is_file() else " -m homelab_assets.definitions"
    options.say(f"the UI: {settings}{_dagster()} dev{location}, then http://127.0.0.1:3000")
    return INCOMPLETE if outcome.errors else outcome.document.exit_code


def _without_a_trace(lab: "Lab", options: Options) -> int:
    """Print the findings of an audit that could not be kept: they are not for a broken disk to hide."""
    from homelab_assets.audit import run_audit

    options.say("this audit can't be stored: auditing once more, to print what is found")
    options.write(render_drift(run_audit(lab, vault=open_vault(lab, create=False)).document, options))
    return INCOMPLETE


def _dagster() -> str:
    """Return how to call Dagster from here: it is installed beside this program, which may not be in the PATH."""
    beside = Path(sys.argv[0]).with_name("dagster")
    return shlex.quote(str(beside)) if shutil.which("dagster") is None and beside.exists() else "dagster"
