"""The units of `deploy/systemd`, read as systemd reads them and moved to where a test wants them."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from homelab_assets_tests.deployment.servers import ROOT, SCRIPTS

UNITS = ROOT / "deploy" / "systemd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What of a unit decides how its program runs."""

    command: list[str]
    environment: dict[str, str]


def unit(name: str, moved: Mapping[str, str]) -> Unit:
    """Read `homelab-<name>.service`; `moved` maps texts such as a port or a folder to what stands for it in a test."""
    command: list[str] = []
    environment: dict[str, str] = {}
    for line in (UNITS / f"homelab-{name}.service").read_text().splitlines():
        for old, new in moved.items():
            line = line.replace(old, new)
        key, _, value = line.partition("=")
        if key == "ExecStart":
            command = shlex.split(value)
        elif key == "Environment":
            environment |= dict(word.split("=", 1) for word in shlex.split(value))
    program = Path(command[0]).name
    return Unit(command=[str(SCRIPTS / program), *command[1:]], environment=environment)
