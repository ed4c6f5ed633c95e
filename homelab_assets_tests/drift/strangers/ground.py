"""A host of the real lab on which one stranger's stack runs at a time."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

from homelab_assets.compose import Project, load
from homelab_assets.compose.environment import interpolation_environment
from homelab_assets.engine import capture_host
from homelab_assets.lab.settings import HostSettings
from homelab_assets.model import Captured
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.strangers.pictures import image_of, pictures
from homelab_assets_tests.drift.strangers.sources import Stranger, deploy_to
from homelab_assets_tests.lab import RealLab

STACKS = "/opt/stacks"
BY_HAND = "by-hand.yml"
"""The compose file, beside the stack's own, that holds what is changed."""
_HIDDEN = ".hidden-env"
_LACKING = re.compile(r"bind source path does not exist: (.+)")


class Ground:
    """Where a stack stands: its files on the host, and what Compose and the engine make of them."""

    def __init__(self, lab: RealLab, host: str, compose: str, stranger: Stranger) -> None:
        self.lab, self.machine, self.stranger = lab, lab.hosts[host], stranger
        self.program, self.newest = (str(lab.tools.compose_for(version)) for version in (compose, "v2"))
        self.directory = f"{STACKS}/{stranger.directory}"
        self._made: list[Path] = []

    def outside(self, path: str) -> Path:
        """Where a path of the host lies."""
        own = path.startswith(("/opt/", "/media/"))
        return self.machine.directory / path.lstrip("/") if own else Path(path)

    def prepare(self) -> None:
        """Put the stack's files on the host, and nothing else."""
        parent = self.outside(STACKS)
        shutil.rmtree(parent, ignore_errors=True)
        parent.mkdir(parents=True)
        deploy_to(self.stranger, parent)

    @property
    def shell(self) -> dict[str, str]:
        """The variables of whoever deploys."""
        return {
            "HOME": "/root",
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "DOCKER_CONFIG": "/run/docker-config",
            "PWD": self.directory,
        }

    def _read(self, path: str) -> bytes | None:
        try:
            return self.outside(path).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    def _files(self, by_hand: bool) -> list[str]:
        names = (*self.stranger.files, *([BY_HAND] if by_hand else []))
        return [os.path.normpath(f"{self.directory}/{name}") for name in names]

    def model(self, texts: Mapping[str, str] | None = None, *, symbolic: bool = False, known: bool = True) -> Project:
        """What the loader makes of the files on the host.

        Args:
            texts: what is written in some of them instead, by name; what is changed by hand comes last.
            symbolic: variables without a value are left open. known: the `.env` can be read.
        """
        instead = {os.path.normpath(f"{self.directory}/{name}"): text for name, text in (texts or {}).items()}

        def read(path: str) -> bytes | None:
            if not known and os.path.basename(path) == ".env":
                return None
            return instead[path].encode() if path in instead else self._read(path)

        shell = {"HOME": self.shell["HOME"]} if symbolic else self.shell
        environment = interpolation_environment(shell, directory=self.directory, read=read)
        return load(
            self._files(BY_HAND in (texts or {})),
            read=read,
            project_directory=self.directory,
            environment=environment,
            symbolic=symbolic,
            by_default=symbolic,
            is_directory=lambda path: self.outside(path).is_dir(),
        )

    def compose(self, *words: str, by_hand: bool = False, program: str | None = None) -> tuple[int, str, str]:
        """Run Compose in the stack's folder: exit code, output, errors."""
        named = [word for file in self._files(by_hand) for word in ("-f", file)]
        variables = [f"{name}={value}" for name, value in self.shell.items()]
        command = ["env", "-i", "-C", self.directory, *variables, program or self.program, *named, *words]
        done = self.machine.run(*command, check=False, timeout=300, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def config(self) -> Any:
        """What the newest Compose makes of the files: its JSON, or why it refuses."""
        code, output, errors = self.compose("config", "--format", "json", program=self.newest)
        return json.loads(output) if code == 0 else last_line(errors)

    def furnish(self, project: Project, seed: int) -> None:
        """Give the host what a stack needs: images, external networks and volumes, parents of its macvlans."""
        self.lab.load(self.machine, pictures((image_of(project, name) for name in project.services), seed))
        for key, network in project.networks.items():
            if network.get("external"):
                subnet = _subnet(project, key)
                self.machine.docker("network", "create", *subnet, network["name"], check=False)
            elif parent := (network.get("driver_opts") or {}).get("parent"):
                self.machine.run("busybox", "ip", "link", "add", parent, "type", "veth", check=False)
        for volume in project.volumes.values():
            if volume.get("external"):
                self.machine.docker("volume", "create", volume["name"], check=False)

    def _make(self, folder: Path) -> bool:
        """Make a folder that is not there, and remember what was made; say whether there was one to make."""
        missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
        if folder not in missing:
            return False
        folder.mkdir(parents=True)
        self._made += missing
        return True

    def up(self, services: Sequence[str] = (), *, by_hand: str | None = None) -> dict[str, str]:
        """Create the containers, all at once or, where that is refused, one after the other; return what the engine
        refuses, with its reason."""
        if by_hand is not None:
            self.outside(f"{self.directory}/{BY_HAND}").write_text(by_hand)

        def clear() -> None:
            """Whom the refusal of another one cut off halfway may lack networks, which Compose would not see."""
            self.compose("rm", "--force", *services, by_hand=by_hand is not None)

        def refusal(*words: str) -> str | None:
            command = ("up", "--no-start", "--no-build", "--pull", "never", *words)
            while True:
                code, _, errors = self.compose(*command, by_hand=by_hand is not None)
                lacking = _LACKING.search(errors)
                if not code or not lacking or not self._make(self.outside(lacking[1])):
                    return last_line(errors) if code else None
                clear()

        if refusal(*services) is None:
            return {}
        clear()
        alone = {name: refusal(name) and refusal("--no-deps", name) for name in services}
        return {name: reason for name, reason in alone.items() if reason}

    @contextmanager
    def environment_hidden(self) -> Iterator[None]:
        """Take away every `.env` for a while."""
        files = list(self.outside(STACKS).rglob(".env"))
        for file in files:
            file.rename(file.with_name(_HIDDEN))
        try:
            yield
        finally:
            for file in files:
                file.with_name(_HIDDEN).rename(file)

    @property
    def has_environment(self) -> bool:
        """Whether there is a `.env` to hide."""
        return any(self.outside(STACKS).rglob(".env"))

    def capture(self, vault: Vault) -> Captured:
        """Capture the host as the audit does, over SSH."""
        name = self.machine.name
        settings = HostSettings(
            name=name, docker=f"ssh://root@{name}", ssh_config=self.lab.ssh_config, known_hosts=self.lab.known_hosts
        )
        captured = capture_host(settings, vault=vault)
        if not isinstance(captured, Captured):
            raise RuntimeError(f"{name}: {captured.error}")
        return captured

    def clear(self) -> None:
        """Remove containers, networks, volumes and images."""
        self.lab.clear(self.machine.name)
        self.machine.docker("network", "rm", "proxy", check=False)
        self.machine.docker("image", "prune", "--all", "--force", check=False)

    def unmake(self) -> None:
        """Remove the folders that were made."""
        for folder in sorted(self._made, reverse=True):
            with suppress(OSError):
                folder.rmdir()
        self._made.clear()


def _subnet(project: Project, key: str) -> list[str]:
    """The subnet that an external network needs, as the addresses of services in it tell."""
    options: list[Mapping[str, Any]] = [
        (service.get("networks") or {}).get(key) or {} for service in project.services.values()
    ]
    addresses = [str(each["ipv4_address"]) for each in options if each.get("ipv4_address")]
    return ["--subnet", str(ip_interface(f"{addresses[0]}/24").network)] if addresses else []


def last_line(text: str) -> str:
    """The last line that says something: the reason."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
