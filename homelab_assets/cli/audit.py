"""`drift-detector audit`: the `daily_audit` job in this process, with progress, and where the reports are."""

import shlex
import shutil
import sys
from pathlib import Path

import click

from homelab_assets.cli.common import INCOMPLETE, Options, complain, verb
from homelab_assets.rendering.json_text import json_text


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
    outcome = run_job(lab, "daily_audit", progress=lambda text: options.say(f"  {text}"))
    if outcome.document is None:
        complain("\n".join(outcome.errors) or "the audit did not run")
        return INCOMPLETE
    match options.format:
        case "json":
            options.write(json_text(outcome.document.to_json()))
        case "markdown":
            from homelab_assets.rendering.drift_markdown import drift_markdown

            options.write(drift_markdown(outcome.document))
        case _:
            from homelab_assets.rendering.drift_terminal import drift_terminal

            options.write(drift_terminal(outcome.document, color=options.color, verbose=options.verbose))
    for name, path in outcome.files.items():
        options.say(f"{name}: {path}")
    for text in outcome.errors:
        complain(text)
    settings = "" if outcome.home in (None, Path.cwd()) else f"DAGSTER_HOME={shlex.quote(str(outcome.home))} "
    settings += f"HOMELAB_LAB={shlex.quote(options.lab_file)} " if options.lab_file else ""
    options.say(f"the UI: {settings}{_dagster()} dev -m homelab_assets.definitions, then http://127.0.0.1:3000")
    return INCOMPLETE if outcome.errors else outcome.document.exit_code


def _dagster() -> str:
    """Return how to call Dagster from here: it is installed beside this program, which may not be in the PATH."""
    beside = Path(sys.argv[0]).with_name("dagster")
    return shlex.quote(str(beside)) if shutil.which("dagster") is None and beside.exists() else "dagster"
