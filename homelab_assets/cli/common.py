"""What all verbs share: options, the lab, output and exit codes.

Exit codes: 0 nothing found, 1 findings, 2 not completed.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
from msgspec import Struct

from homelab_assets.errors import UserError
from homelab_assets.rendering.markdown import terminal_lines

if TYPE_CHECKING:
    from homelab_assets.drift.document import DriftDocument
    from homelab_assets.lab.settings import Lab
    from homelab_assets.remediation.dashboard import Outcome
    from homelab_assets.secrecy import Vault

OK, FINDINGS, INCOMPLETE = 0, 1, 2


class Options(Struct, frozen=True, kw_only=True):
    """The options that all verbs take. `format` is what was asked for, else the verb's first."""

    lab_file: str | None
    format: str
    output: Path | None
    color: bool
    quiet: bool
    verbose: bool

    def lab(self) -> "Lab":
        """Load the lab that the options name; that it is only the demo is said, lest somebody take it for a home."""
        from homelab_assets.lab.settings import load_lab

        lab = load_lab(self.lab_file)
        if lab.demo:
            place, here = lab.file.parent.parent, Path.cwd()
            place = place.relative_to(here) if place.is_relative_to(here) else place
            self.say(
                f"no lab.yaml: this is the bundled demo lab, laid out in {place}; "
                "drift-detector init points it at your own homelab"
            )
        return lab

    def say(self, text: str, *, styled: bool = False) -> None:
        """Print a remark to stderr, unless quiet. `styled`: it is safe for a terminal, and has colours of ours."""
        if not self.quiet:
            _remark(text if styled else terminal_lines(text))

    def write(self, text: str) -> bool:
        """Write the result: to `--output` (whole or not at all), else to stdout. Return whether somebody still reads.

        Who has seen enough (`| head`) changes nothing about what was found.
        """
        text = text if text.endswith("\n") else text + "\n"
        if self.output is not None:
            from homelab_assets.files import write_whole

            write_whole(self.output, text)
            self.say(f"written to {self.output}")
            return True
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError as error:
            # What is left would fail once more when the process ends, and Python would end it with a code of its own.
            _leave(sys.stdout)
            if not isinstance(error, BrokenPipeError):
                raise
            return False
        return True


def verb(
    *,
    formats: tuple[str, ...] = ("terminal", "json", "markdown"),
    lab: str = "The lab.yaml to use. Default: $HOMELAB_LAB, ./lab.yaml, the demo lab.",
    output: tuple[str, str] = ("FILE", "Write the result here instead of to stdout."),
) -> Callable[[Callable[..., int | None]], Callable[..., None]]:
    """Give a verb the shared options and turn its result and errors into an exit code.

    The function gets `options: Options` and its own parameters, and returns an exit code (None counts as 0).

    Args:
        lab, output: what the help says of `--lab`; what it calls `--output`, and says of it.
    """

    def decorate(function: Callable[..., int | None]) -> Callable[..., None]:
        @click.option("--lab", "lab_file", metavar="FILE", help=lab)
        @click.option("--format", "format_", type=click.Choice(formats), help=f"Default: {formats[0]}.")
        @click.option("--output", "target", type=click.Path(path_type=Path), metavar=output[0], help=output[1])
        @click.option("--no-color", is_flag=True, help="No colours. NO_COLOR does the same.")
        @click.option("-q", "--quiet", is_flag=True, help="No remarks on stderr.")
        @click.option("-v", "--verbose", is_flag=True, help="More detail.")
        @wraps(function)
        def wrapper(
            lab_file: str | None,
            format_: str | None,
            target: Path | None,
            no_color: bool,
            quiet: bool,
            verbose: bool,
            **rest: Any,
        ) -> None:
            color = (
                not no_color
                and not os.environ.get("NO_COLOR")
                and target is None
                and (sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR")))
            )
            options = Options(
                lab_file=lab_file,
                format=format_ or formats[0],
                output=target,
                color=color,
                quiet=quiet,
                verbose=verbose,
            )
            with _silenced(logging.WARNING) if quiet else nullcontext():
                sys.exit(run(lambda: function(options=options, **rest)))

        return wrapper

    return decorate


@contextmanager
def _silenced(level: int) -> Iterator[None]:
    """Keep the project's log records of up to a level from stderr, for as long as one verb runs."""
    logger = logging.getLogger("homelab_assets")
    before = logger.level
    logger.setLevel(level + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def run(action: Callable[[], int | None]) -> int:
    """Run an action and return its exit code; a person's mistake is printed without a traceback."""
    from homelab_assets.secrecy import redact

    try:
        return action() or OK
    except UserError as error:
        complain(redact(str(error)))
    except KeyboardInterrupt:
        _remark("interrupted")
        return 130
    except OSError as error:
        complain(redact(str(error)))
    return INCOMPLETE


def complain(text: str) -> None:
    """Print an error to stderr, whatever names stand in it."""
    _remark(f"error: {terminal_lines(text)}")


def _remark(line: str) -> None:
    """Write a line to stderr. That nobody reads it any more (`2>&1 | head`) stops no audit."""
    try:
        click.echo(line, err=True)
    except OSError:
        _leave(sys.stderr)


def _leave(stream: TextIO) -> None:
    """Let what is still written to a stream go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def complain_of_gaps(document: "DriftDocument") -> None:
    """Print why an audit is not complete, for verbs whose result does not show it: each host and problem a line."""
    from homelab_assets.rendering.drift_words import place

    for host in document.hosts:
        if host.status != "captured":
            complain(f"not audited: {UserError(host.error or 'it gave no answer', where=host.name, hint=host.hint)}")
    for problem in document.problems:
        if problem.get("kind") != "host":
            error = UserError(str(problem.get("what")), where=place(problem), hint=problem.get("hint"))
            complain(f"not audited: {error}")


def open_vault(lab: "Lab", *, create: bool = True) -> "Vault":
    """Open the installation's vault; with `create=False` nothing is written, and a missing key lasts for this run."""
    from homelab_assets.fingerprint_key import load_key
    from homelab_assets.secrecy import Vault

    return Vault(load_key(lab.state, create=create))


def fetch(lab: "Lab", options: Options) -> None:
    """Fetch the branches that count as the truth, as the audit does: what is proposed is based on what is merged.

    Checkouts and local branches stay as they are. Where it can't be done the clone's last state counts.
    """
    from homelab_assets.audit import not_fetched, refresh

    for name, why in refresh(lab).items():
        options.say(f"note: {not_fetched(name, why)}")


def render_drift(document: "DriftDocument", options: Options) -> str:
    """Return a drift document in the format that was asked for."""
    match options.format:
        case "json":
            from homelab_assets.rendering.json_text import json_text

            return json_text(document.to_json())
        case "markdown":
            from homelab_assets.rendering.drift_markdown import drift_markdown

            return drift_markdown(document)
        case "github":
            from homelab_assets.rendering.drift_findings import drift_findings
            from homelab_assets.rendering.github_annotations import github_annotations

            return github_annotations(drift_findings(document))
        case "sarif":
            from homelab_assets.rendering.drift_findings import RULES, drift_findings
            from homelab_assets.rendering.sarif import sarif

            return sarif(drift_findings(document), RULES, complete=document.complete)
        case _:
            from homelab_assets.rendering.drift_terminal import drift_terminal

            return drift_terminal(document, color=options.color, verbose=options.verbose)


def render_outcomes(outcomes: "Sequence[Outcome]", options: Options) -> str:
    """Return what became of pull requests, in the format that was asked for."""
    from homelab_assets.rendering import remediation_text as text

    match options.format:
        case "json":
            return text.outcomes_json(outcomes)
        case "markdown":
            return text.outcomes_markdown(outcomes)
        case _:
            return text.outcomes_terminal(outcomes, color=options.color)
