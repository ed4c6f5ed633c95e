"""The referee: the real Compose plugin, and the cases on which it is asked."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from homelab_assets.compose import Project, load
from homelab_assets.compose.environment import interpolation_environment
from homelab_assets.errors import BaselineError

VERSION = "2.40.3"
REFUSED = "refused"
HERE = Path(__file__).parent
FOLDER = "/srv/stack"
RECORDED: dict[str, Any] = json.loads((HERE / "recorded.json").read_text())


@dataclass(frozen=True, kw_only=True)
class Case:
    """Compose files by name, the variables of the shell, and profiles."""

    name: str
    files: Mapping[str, str]
    load: Sequence[str] = ("compose.yaml",)
    env: Mapping[str, str] = field(default_factory=dict)
    profiles: Sequence[str] = ()

    @property
    def contents(self) -> dict[str, bytes]:
        """The bytes of the files; a byte that is no UTF-8 is written `\\udcXX` in the text."""
        return {name: text.encode("utf-8", "surrogateescape") for name, text in self.files.items()}

    @property
    def shell(self) -> dict[str, str]:
        """All variables that the loader and the plugin see."""
        return {"HOME": "/home/op", **self.env}


def cases() -> list[Case]:
    """The hand-written cases."""
    data = yaml.load((HERE / "cases.yaml").read_text(), Loader=yaml.BaseLoader)
    return [Case(name=name, **case) for name, case in data.items()]


def answer_of_loader(case: Case, folder: str = FOLDER) -> Any:
    """What the loader says: the JSON, or `refused`."""
    try:
        return loaded(case, folder).to_json()
    except BaselineError:
        return REFUSED


def loaded(case: Case, folder: str = FOLDER, *, symbolic: bool = False) -> Project:
    """Load a case from memory, as if its files lay in a folder."""
    contents = {f"{folder}/{name}": data for name, data in case.contents.items()}
    environment = interpolation_environment(
        {**case.shell, "PWD": folder}, directory=folder, read=contents.get, env_files=()
    )
    return load(
        [f"{folder}/{name}" for name in case.load],
        read=contents.get,
        project_directory=folder,
        environment=environment,
        profiles=case.profiles,
        symbolic=symbolic,
    )


def answer_of_plugin(case: Case, folder: Path) -> Any:
    """What the plugin says about the case, its folder's name replaced by that of the recorded answers."""
    for name, data in case.contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    command = ["docker", "compose"]
    for name in case.load:
        command += ["-f", str(folder / name)]
    for profile in case.profiles:
        command += ["--profile", profile]
    done = subprocess.run(
        [*command, "config", "--format", "json"],
        cwd=folder,
        env=plugin_environment(case, folder),
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(done.stdout) if done.returncode == 0 else REFUSED


def plugin_environment(case: Case, folder: Path) -> dict[str, str]:
    """All variables of the plugin's process."""
    return {"PATH": os.environ["PATH"], "DOCKER_CONFIG": _docker_config(), "PWD": str(folder), **case.shell}


def _docker_config() -> str:
    return os.environ.get("DOCKER_CONFIG", str(Path.home() / ".docker"))


@cache
def why_no_plugin() -> str | None:
    """Say why the referee can't be asked on this machine, in one line; None when it can."""
    try:
        done = subprocess.run(["docker", "compose", "version", "--short"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "there is no `docker` command"
    if done.returncode != 0:
        return "`docker compose` is not installed"
    found = done.stdout.strip().removeprefix("v")
    return None if found.split("-")[0] == VERSION else f"Compose {VERSION} is the referee, found {found}"


def need_plugin() -> None:
    """Skip the test without the referee, with the reason; fail where the lab is required."""
    reason = why_no_plugin()
    if reason is None:
        return
    if os.environ.get("HOMELAB_LAB_REQUIRED") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
