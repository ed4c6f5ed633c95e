"""`drift-detector`: the project at a terminal. A module per verb, imported only when its verb is used."""

import atexit
import gc
import importlib
import io
import os
import sys

import click

from homelab_assets import __version__

_VERBS = {
    "init": "Look around and write a commented lab.yaml.",
    "diff": "Capture, load and compare now; print; write nothing.",
    "audit": "Run the daily audit and say where the reports are.",
    "baseline": "Print the canonical compose model of files, as JSON.",
    "capture": "Record a host as a capture.",
    "validate": "Check repositories against the structure conventions.",
    "cleanup": "Find stale files.",
    "remediate": "Show or open a pull request per drifted service.",
    "adopt": "Make a compose stack for a container that git does not know.",
    "pipeline": "Validate the media pipeline end to end.",
    "docs": "Write catalog, diagrams, map, audit trail and runbooks.",
    "status": "Show health, last audit, last pipeline test and what to do next.",
}


class Verbs(click.Group):
    """Knows all verbs by name and imports the module of the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = importlib.import_module(f"homelab_assets.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(_VERBS.items()))


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="drift-detector")
def main() -> None:
    """Make git the truth again: what runs on the Docker hosts, against what git says should run."""
    # Models and captures hold hardly any cycles: the collector's usual rhythm costs a tenth of the time.
    gc.set_threshold(100_000, 20, 20)
    # Nor is it to search them all once more when the process ends.
    atexit.register(gc.freeze)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that knows no UTF-8, or a name that is none: shown by its code, never a crash.
        sys.stdout.reconfigure(errors="backslashreplace")


def program(command: click.Command = main) -> None:
    """Run the command as a program. A defect is not completed: Python's own exit code for it would tell of findings."""
    _open_what_is_closed()
    try:
        command()
    except Exception as error:
        from homelab_assets.cli.common import INCOMPLETE, complain
        from homelab_assets.secrecy.defects import traced

        complain(f"a defect of drift-detector, please report it\n{traced(error)}")
        sys.exit(INCOMPLETE)


def _open_what_is_closed() -> None:
    """Let a stream that the caller closed (`>&-`) lead nowhere: the next opened file must not get its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, "w" if number else "r"))
