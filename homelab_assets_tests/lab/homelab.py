"""The whole lab: hosts, their sshds, the repositories, deployments."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from homelab_assets_tests.lab.images import archive, load_images
from homelab_assets_tests.lab.machine import Machine
from homelab_assets_tests.lab.repository import Repository
from homelab_assets_tests.lab.ssh import Sshd, client_block, generate_key, known_host, start_sshd
from homelab_assets_tests.lab.tools import Tools, find_tools

# What distinguishes the hosts. The second has other engine defaults, as real hosts do: none of them is drift.
HOSTS: Mapping[str, Mapping[str, Any]] = {
    "ct-docker-01": {"address": "127.0.0.2", "daemon": {"iptables": False, "ip6tables": False}},
    "ct-media-01": {
        "address": "127.0.0.3",
        "daemon": {
            "iptables": False,
            "bip": "10.161.0.1/24",
            "default-address-pools": [{"base": "10.161.128.0/17", "size": 24}],
            "log-opts": {"max-size": "20m", "max-file": "2"},
            "default-shm-size": "96M",
            "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1000, "Hard": 2000}},
        },
    },
    # Started on demand (`lab.start_host`): the newest engine that could be provisioned.
    "ct-new-01": {"address": "127.0.0.4", "engine": "newest", "daemon": {"iptables": False, "ip6tables": False}},
}
PAIR = ("ct-docker-01", "ct-media-01")

# Which stack lives where, and which Compose Larry brought it up with.
STACKS: Mapping[str, tuple[str, str]] = {
    "infra-core": ("ct-docker-01", "v2"),
    "observability": ("ct-docker-01", "2.26.1"),
    "organizr": ("ct-docker-01", "v1"),
    "automations-n8n": ("ct-docker-01", "v2"),
    "dns-pihole": ("ct-docker-01", "v1"),
    "networking-tailscale": ("ct-docker-01", "v2"),
    "portainer-agent": ("ct-media-01", "v2"),
    "media-plex": ("ct-media-01", "v2"),
    "media-indexers": ("ct-media-01", "v2"),
    "media-downloads": ("ct-media-01", "2.26.1"),
    "overseerr": ("ct-media-01", "v1"),
}
APPS_ON_HOST = "/opt/homelab-apps"


class RealLab:
    """A homelab of real engines.

    Attributes:
        hosts: running machines by name. sshds: each host's sshd. apps, infra: the repositories.
        lab_yaml, ssh_config, known_hosts, identity: files that point a client at the lab.
    """

    def __init__(self, directory: Path, tools: Tools | None = None) -> None:
        self.directory = directory.absolute()
        self.tools = tools or find_tools()
        self.hosts: dict[str, Machine] = {}
        self.sshds: dict[str, Sshd] = {}
        self.apps = Repository("homelab-apps", self.directory)
        self.infra = Repository("homelab-infra", self.directory)
        self.lab_yaml = self.directory / "lab.yaml"
        self.ssh_config = self.directory / "ssh_config"
        self.known_hosts = self.directory / "known_hosts"
        self.identity = self.directory / "id_ed25519"

    def up(self, hosts: Sequence[str] = PAIR) -> None:
        """Make everything but deployments: repositories, hosts, images, sshds, client files."""
        self.directory.mkdir(parents=True, exist_ok=True)
        generate_key(self.identity)
        shutil.copy(self.identity.with_suffix(".pub"), self.directory / "authorized_keys")
        self.apps.create()
        self.infra.create()
        try:
            with ThreadPoolExecutor() as pool:
                list(pool.map(self._start_host, hosts))
        except BaseException:
            self.down()
            raise
        self._write_client_files()

    def start_host(self, name: str) -> Machine:
        """Start one more of `HOSTS` and add it to the client files."""
        self._start_host(name)
        self._write_client_files()
        return self.hosts[name]

    def _start_host(self, name: str) -> None:
        plan = HOSTS[name]
        machine = Machine(
            name, self.directory / name, self.tools, engine=plan.get("engine", "system"), daemon=plan["daemon"]
        )
        self.hosts[name] = machine
        machine.start()
        self.sshds[name] = start_sshd(
            machine, machine.directory / "ssh", address=plan["address"], authorized=self.directory / "authorized_keys"
        )
        machine.docker("network", "create", "proxy")
        self.load(machine, load_images())

    def load(self, machine: Machine, images: Mapping[str, Mapping[str, Any]]) -> None:
        """Give a host images: reference to configuration, see `images.archive`."""
        data = archive(Path(self.tools.busybox), images)
        command = [*machine.enter(), self.tools.docker, "load", "--quiet"]
        subprocess.run(command, input=data, stdout=subprocess.DEVNULL, check=True, timeout=120)

    def _write_client_files(self) -> None:
        blocks = [client_block(name, sshd, self.identity, self.known_hosts) for name, sshd in self.sshds.items()]
        self.ssh_config.write_text("\n".join(blocks))
        self.known_hosts.write_text("".join(known_host(sshd) for sshd in self.sshds.values()))
        self.lab_yaml.write_text(yaml.safe_dump(self.settings(), sort_keys=False))

    def settings(self, hosts: Iterable[str] | None = None) -> dict[str, Any]:
        """Return the content of a `lab.yaml` for these hosts (all by default)."""
        return {
            "hosts": {
                name: {
                    "docker": f"ssh://root@{name}",
                    "ssh_config": str(self.ssh_config),
                    "known_hosts": str(self.known_hosts),
                }
                for name in (hosts or self.hosts)
            },
            "repositories": {
                repository.name: {"path": str(repository.clone), **more}
                for repository, more in ((self.apps, {"ref": "origin/main"}), (self.infra, {}))
            },
        }

    def folder(self, host: str, path: str) -> Path:
        """Return where a path of a host, below `/opt` or `/media`, lies from the outside."""
        return self.hosts[host].directory / path.lstrip("/")

    def sync(self, host: str) -> None:
        """Bring a host's clone of homelab-apps to origin's main; its `.env` files stay."""
        self.apps.pull_to(self.folder(host, APPS_ON_HOST))

    def write_env(self, host: str, stack: str, text: str) -> None:
        """Write a stack's real `.env` on a host."""
        (self.folder(host, APPS_ON_HOST) / "stacks" / stack / ".env").write_text(text)

    def compose(
        self, host: str, stack: str, *arguments: str, compose: str = "v2", files: Sequence[str] | None = None
    ) -> str:
        """Run Compose in a stack's folder on a host and return what it printed.

        Args:
            compose: `v2`, `v1` or an exact version.
            files: compose files to name with `-f`; by default the endpoint's override where there is one, else none.
        """
        folder = f"{APPS_ON_HOST}/stacks/{stack}"
        if files is None:
            override = f"docker-compose.{host}.yml"
            files = ["docker-compose.yml", override] if (self.folder(host, folder) / override).exists() else []
        named = [word for file in files for word in ("-f", file)]
        command = [str(self.tools.compose_for(compose)), *named, *arguments]
        environment = {"DOCKER_CONFIG": "/run/docker-config", "COMPOSE_INTERACTIVE_NO_CLI": "1"}
        done = self.hosts[host].run("sh", "-c", 'cd "$0" && exec "$@"', folder, *command, env=environment)
        return done.stdout + done.stderr

    def deploy(self, stack: str, host: str | None = None, compose: str | None = None) -> str:
        """Deploy a stack as Larry does: pull on the host, its `.env` beside it, `up -d`. Returns Compose's output."""
        usual_host, usual_compose = STACKS.get(stack, ("ct-docker-01", "v2"))
        host = host or usual_host
        self.sync(host)
        env = Path(__file__).parent / "env" / f"{stack}.env"
        if env.exists() and not (self.folder(host, APPS_ON_HOST) / "stacks" / stack / ".env").exists():
            self.write_env(host, stack, env.read_text())
        return self.compose(host, stack, "up", "-d", compose=compose or usual_compose)

    def deploy_all(self) -> None:
        """Deploy every stack to its host, the hosts side by side."""

        def one_host(host: str) -> None:
            for stack, (target, _) in STACKS.items():
                if target == host:
                    self.deploy(stack)

        with ThreadPoolExecutor() as pool:
            list(pool.map(one_host, [host for host in PAIR if host in self.hosts]))

    def clear(self, host: str) -> None:
        """Remove all containers, networks (but `proxy`) and volumes of a host, for the next test."""
        docker = self.tools.docker
        script = (
            f"{docker} ps -aq | xargs -r {docker} rm -fv >/dev/null;"
            f"{docker} volume ls -q | xargs -r {docker} volume rm -f >/dev/null;"
            f"{docker} network prune -f >/dev/null; {docker} network create proxy >/dev/null"
        )
        self.hosts[host].run("sh", "-c", script, check=False)

    def down(self) -> None:
        """End all hosts and remove the lab's folder."""
        for name in HOSTS:
            Machine(name, self.directory / name, self.tools).stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @classmethod
    def attach(cls, directory: Path) -> "RealLab":
        """Return the lab that runs in a folder, for instance one that was started by hand."""
        lab = cls(directory)
        for name, plan in HOSTS.items():
            if (lab.directory / name / "pid").exists():
                lab.hosts[name] = Machine(
                    name, lab.directory / name, lab.tools, engine=plan.get("engine", "system"), daemon=plan["daemon"]
                )
                config = (lab.directory / name / "ssh" / "sshd_config").read_text().splitlines()[0]
                address, _, port = config.split()[1].rpartition(":")
                lab.sshds[name] = Sshd(
                    machine=lab.hosts[name], address=address, port=int(port), folder=lab.directory / name / "ssh"
                )
        return lab


def environment(lab: RealLab) -> dict[str, str]:
    """Return the environment that points `drift-detector` at a lab."""
    return {**os.environ, "HOMELAB_LAB": str(lab.lab_yaml), "HOMELAB_STATE": str(lab.directory / "state")}
