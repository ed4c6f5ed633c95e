"""`drift-detector pipeline`: validate the media pipeline end to end."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from homelab_assets.cli.common import FINDINGS, INCOMPLETE, OK, Options, fetch, open_vault, verb
from homelab_assets.rendering.json_text import json_text
from homelab_assets.rendering.nouns import counted

if TYPE_CHECKING:
    from homelab_assets.lab.settings import Lab
    from homelab_assets.media.live import Outcome
    from homelab_assets.media.result import Check, PipelineResult
    from homelab_assets.media.session import Session
    from homelab_assets.secrecy import Vault


@click.command("pipeline")
@click.option("--dry-run", is_flag=True, help="Look and let the apps test each other; request nothing. The default.")
@click.option("--health", is_flag=True, help="Only whether the apps are well: reads, and one login.")
@click.option("--gentle", is_flag=True, help="No test that makes apps call each other or trackers.")
@click.option(
    "--live", is_flag=True, help="Request a free film for real and follow it to Plex. Goes on where it stopped."
)
@click.option(
    "--wait", type=click.IntRange(0), default=60, metavar="SECONDS", help="How long --live waits (default 60)."
)
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the apply plan of the proposed fixes here.",
)
@click.option(
    "--apply",
    "apply_file",
    type=click.Path(path_type=Path),
    metavar="PLAN",
    help="Carry out a plan that a person has approved.",
)
@click.option(
    "--undo",
    "undo_file",
    type=click.Path(path_type=Path),
    metavar="PLAN",
    help="Take back a plan that was carried out.",
)
@click.option("--open", "open_pulls", is_flag=True, help="Propose the fixes as pull requests.")
@click.option("--no-report", is_flag=True, help="Write no report files.")
@verb(formats=("terminal", "json", "markdown", "junit"))
def command(
    options: Options,
    dry_run: bool,
    health: bool,
    gentle: bool,
    live: bool,
    wait: int,
    plan_file: Path | None,
    apply_file: Path | None,
    undo_file: Path | None,
    open_pulls: bool,
    no_report: bool,
) -> int:
    """Validate the media pipeline: find the one broken link, prove it, propose the fix.

    Exit code: 0 every link holds, 1 a link is broken, 2 something could not be judged. With --live also 2 while the
    film is on its way; with --apply and --undo 0 all steps are done, 2 one is not.
    """
    from homelab_assets.audit import utc_now
    from homelab_assets.fingerprint_key import load_key
    from homelab_assets.media.session import open_session

    if sum([dry_run, health, live, apply_file is not None, undo_file is not None]) > 1:
        raise click.UsageError("--dry-run, --health, --live, --apply and --undo exclude one another")
    if (apply_file or undo_file) and (gentle or open_pulls or no_report or plan_file is not None):
        raise click.UsageError("--gentle, --open, --plan and --no-report are for tests, not for --apply and --undo")
    lab = options.lab()
    vault = open_vault(lab)
    with open_session(lab, vault=vault, salt=load_key(lab.state, create=True), say=options.say) as session:
        if plan := apply_file or undo_file:
            return _apply(plan, session, options, undo=undo_file is not None)
        with _progress(options) as show:
            result = session.check(generated_at=utc_now(), health_only=health, active=not gentle, progress=show)
        document = session.document(result)
        # Told before it is kept: a full disk is not to hide what was found.
        options.write(_render(document, options))
        _write_files(lab, document, options, plan_file, report=not (no_report or health))
        opened = _open(lab, vault, session, result, options) if open_pulls else True
        if live and result.exit_code != FINDINGS:
            code = _live(lab, session, wait, options)
            # That a film arrived does not answer what could not be judged, such as who saw it being downloaded.
            return (code or result.exit_code) if opened else INCOMPLETE
    if live:
        options.say("no live run: the chain is broken")
    return result.exit_code if opened else INCOMPLETE


@contextmanager
def _progress(options: Options) -> "Iterator[Callable[[Check], None] | None]":
    """Give what is called with each check: with -v a line for each, on a terminal one line that is written over."""
    from homelab_assets.rendering.pipeline_text import check_line

    def line(check: "Check") -> None:
        options.say(check_line(check.status, check.probe.title, color=options.color), styled=True)

    def over(check: "Check") -> None:
        click.echo(f"\r\x1b[K  {check.probe.title} …", nl=False, err=True)

    if options.verbose:
        yield line
    elif options.quiet or not sys.stderr.isatty():
        yield None
    else:
        try:
            yield over
        finally:
            click.echo("\r\x1b[K", nl=False, err=True)


def _write_files(
    lab: "Lab", document: dict[str, Any], options: Options, plan_file: Path | None, *, report: bool
) -> None:
    if plan_file is not None:
        from homelab_assets.files import write_whole

        write_whole(plan_file, json_text(document["plan"]))
        count = len(document["plan"]["steps"])
        told = f"apply plan with {counted(count, 'step')}: {plan_file}; approve it before you apply it"
        options.say(told if count else f"apply plan without a step: {plan_file}; nothing here is mended in an app")
    if report:
        from homelab_assets.reports import write_pipeline_report

        options.say(f"report: {write_pipeline_report(lab, document)[0]}")


def _render(document: dict[str, Any], options: Options) -> str:
    from homelab_assets.rendering import pipeline_text

    match options.format:
        case "json":
            return json_text(document)
        case "markdown":
            return pipeline_text.pipeline_markdown(document)
        case "junit":
            from homelab_assets.rendering.junit import junit

            return junit(
                pipeline_text.pipeline_cases(document), name="media pipeline", timestamp=document["generated_at"]
            )
        case _:
            return pipeline_text.pipeline_terminal(document, color=options.color, verbose=options.verbose)


def _open(lab: "Lab", vault: "Vault", session: "Session", result: "PipelineResult", options: Options) -> bool:
    """Bring pull requests in line with the fixes; return whether all of it was done."""
    from homelab_assets.audit import load
    from homelab_assets.media.fixes.pulls import plan_pulls
    from homelab_assets.remediation.flow import open_fixes
    from homelab_assets.remediation.loading import load_model
    from homelab_assets.rendering.remediation_text import outcomes_terminal

    fetch(lab, options)
    pulls = plan_pulls(
        session.fixes(result),
        load(lab, vault=vault).baselines,
        host=session.settings.host,
        generated_at=result.generated_at,
        load=load_model,
    )
    passing = {check.probe.id for check in result.checks if check.status == "pass"}
    outcomes = open_fixes(
        lab,
        pulls,
        gone=lambda identity: "the check passes now" if identity.service in passing else None,
        whole=not result.health_only,
    )
    told = outcomes_terminal(outcomes, color=options.color).rstrip() if outcomes else "no fix for a pull request"
    options.say(told, styled=True)
    return not any(outcome.status == "failed" for outcome in outcomes)


def _apply(file: Path, session: "Session", options: Options, *, undo: bool) -> int:
    from homelab_assets.errors import UserError
    from homelab_assets.files import read_json
    from homelab_assets.media.apply import execute
    from homelab_assets.media.plan import read_plan, refuse_foreign, undone

    try:
        document = read_json(file)
    except OSError as error:
        raise UserError(f"can't be read: {error.strerror}", where=str(file)) from None
    except ValueError:
        raise UserError("is no JSON", where=str(file)) from None
    steps = read_plan(document)
    refuse_foreign(document, session.settings.host)
    steps, stays = undone(steps) if undo else (steps, ())
    outcomes = execute(steps, session.clients, session.settings)
    for step in stays:
        options.say(f"stays: {step} (what was there before is not known)")
    lines = [
        f"{outcome.state:<10} {outcome.step}" + (f" ({outcome.detail})" if outcome.detail else "")
        for outcome in outcomes
    ]
    as_json = options.format == "json"
    options.write(
        json.dumps([outcome.to_json() for outcome in outcomes], indent=2)
        if as_json
        else "\n".join(lines) or "nothing to do"
    )
    return OK if all(outcome.state in ("done", "already") for outcome in outcomes) else INCOMPLETE


def _live(lab: "Lab", session: "Session", wait: int, options: Options) -> int:
    from homelab_assets.audit import utc_now
    from homelab_assets.files import write_whole
    from homelab_assets.media.live import STEPS, new_state, read_state, run_live
    from homelab_assets.rendering.pipeline_text import check_line

    signs = {"done": "pass", "waiting": "blocked", "manual": "unknown", "failed": "fail"}

    def show(step: str, outcome: "Outcome") -> None:
        options.say(check_line(signs[outcome[0]], STEPS[step], outcome[1], color=options.color), styled=True)

    file = lab.state / "live-run.json"
    state = read_state(file.read_bytes() if file.is_file() else b"") or new_state(utc_now())
    state = run_live(session.clients, state, now=utc_now, seconds=wait, progress=show)
    write_whole(file, json_text(state))
    if state["finished_at"]:
        options.say(f"“{state['title']}” went all the way from request to Plex")
        return OK
    options.say("not there yet; run `drift-detector pipeline --live` again to go on")
    return FINDINGS if any(step["state"] == "failed" for step in state["steps"].values()) else INCOMPLETE
