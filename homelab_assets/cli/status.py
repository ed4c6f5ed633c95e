"""`drift-detector status`: health, last audit, last pipeline test and what to do next, from what the last runs left."""

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from homelab_assets.cli.common import Options, verb
from homelab_assets.rendering.json_text import json_text

if TYPE_CHECKING:
    from homelab_assets.documentation.status import Status
    from homelab_assets.lab.settings import Lab


@click.command("status")
@click.option("--ping", is_flag=True, help="Also ask hosts and applications whether they answer now.")
@click.option(
    "--watch",
    type=click.FloatRange(min=0.5),
    is_flag=False,
    flag_value=5.0,
    metavar="[SECONDS]",
    help="Show it again and again, every 5 seconds or as often as you say.",
)
@verb()
def command(options: Options, ping: bool, watch: float | None) -> int:
    """Show health, last audit, last pipeline test and what to do next.

    It reads what the last runs left behind and connects to nothing without --ping. Exit code: 0 all is well,
    1 something asks for attention, 2 something can't be told (never audited, an incomplete audit, a damaged file).
    """
    from homelab_assets.lab.settings import load_lab

    # That this is only the demo lab stands in the result.
    lab = load_lab(options.lab_file)
    while True:
        status = _look(lab, ping=ping)
        if watch and options.format == "terminal" and sys.stdout.isatty():
            click.clear()
        read = options.write(_render(status, options))
        if watch is None or not read:
            return status.exit_code
        time.sleep(watch)


def _look(lab: "Lab", *, ping: bool) -> "Status":
    from homelab_assets.documentation.status import build_status
    from homelab_assets.status_files import next_audit, read_leftovers

    now = datetime.now(UTC)
    left = read_leftovers(lab, now)
    due = next_audit(lab, now, left.problems)
    pings = []
    if ping:
        from homelab_assets.reachability import ping_all, targets

        pings = ping_all(targets(lab, left.catalog))
    return build_status(
        left,
        now=now,
        hosts=tuple(lab.hosts),
        pipeline_configured=bool(lab.media.get("services")),
        next_audit=due,
        pings=pings,
        demo=lab.demo,
    )


def _render(status: "Status", options: Options) -> str:
    if options.format == "json":
        return json_text(status.to_json())
    from homelab_assets.rendering.status_text import status_markdown, status_terminal

    if options.format == "markdown":
        return status_markdown(status)
    return status_terminal(status, color=options.color, verbose=options.verbose)
