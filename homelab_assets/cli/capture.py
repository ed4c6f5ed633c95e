"""`drift-detector capture HOST --output DIR`: records a host, so that it can be audited without it."""

from pathlib import Path

import click

from homelab_assets.cli.common import INCOMPLETE, OK, Options, complain, open_vault, verb
from homelab_assets.errors import ConfigurationError, nothing_named
from homelab_assets.rendering.nouns import counted


@click.command("capture")
@click.argument("host")
@verb(formats=("terminal",), output=("DIR", "The folder to write, made if need be. Needed."))
def command(*, options: Options, host: str) -> int:
    """Record HOST in the folder that --output names.

    The folder can take the host's place in lab.yaml (`docker: capture:DIR`) and gives the same audit. Secrets are
    written as fingerprints only.
    """
    from homelab_assets.audit import load
    from homelab_assets.drift.behind_variables import sealed_for_rest
    from homelab_assets.drift.unsealed import refused, unsealed_fields
    from homelab_assets.engine import capture_host, write_capture
    from homelab_assets.model import Unreachable

    lab = options.lab()
    if options.output is None:
        raise ConfigurationError("--output is missing", hint=f"say where to: --output captures/{host}")
    if host not in lab.hosts:
        raise nothing_named("host", host, lab.hosts)
    vault = open_vault(lab)
    result = capture_host(lab.hosts[host], vault=vault)
    if not isinstance(result, Unreachable):
        # Git says which values stand behind variables. A repository that can't be read seals nothing more.
        result = sealed_for_rest(result, load(lab, vault=vault).baselines, vault)
    if not isinstance(result, Unreachable) and (leaks := unsealed_fields(result, vault)):
        result = refused(result, leaks)
    if isinstance(result, Unreachable):
        complain(f"{host}: {result.error}" + (f"\n  {result.hint}" if result.hint else ""))
        return INCOMPLETE
    directory: Path = options.output
    write_capture(result, directory)
    count = len(result.containers)
    options.say(f"{host}: {counted(count, 'container')} written to {directory} in {result.seconds:.1f} s")
    return OK
