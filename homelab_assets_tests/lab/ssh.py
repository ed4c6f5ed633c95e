"""The lab's SSH: one sshd per host with its own host key, one client key, a client configuration."""

import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from homelab_assets_tests.lab.machine import Machine, wait_until

_SERVER = """\
ListenAddress {address}:{port}
HostKey {key}
PidFile {folder}/sshd.pid
AuthorizedKeysFile {authorized}
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
LogLevel VERBOSE
{more}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sshd:
    """A running sshd. `key` is its host key's file, `pid` its process as its machine sees it."""

    machine: Machine
    address: str
    port: int
    folder: Path

    @property
    def key(self) -> Path:
        return self.folder / "host_key"

    @property
    def public_key(self) -> str:
        """Type and key, as `known_hosts` wants them."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    @property
    def log(self) -> str:
        return (self.folder / "sshd.log").read_text(errors="replace")

    def stop(self, *, sessions: bool = True) -> None:
        """End this sshd, and the sessions that it serves."""
        with suppress(FileNotFoundError):
            pid = int((self.folder / "sshd.pid").read_text())
            children = (
                f"for child in $(cat /proc/{pid}/task/{pid}/children); do kill -9 $child; done;" if sessions else ""
            )
            self.machine.run("sh", "-c", f"{children} kill -9 {pid}", check=False)


def generate_key(path: Path, kind: str = "ed25519") -> Path:
    """Make a key pair without passphrase and return the private key's path."""
    if not path.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", path.name, "-f", str(path)], check=True)
    return path


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def start_sshd(
    machine: Machine, folder: Path, *, address: str, authorized: Path, more: Sequence[str] = (), port: int | None = None
) -> Sshd:
    """Start an sshd in a machine's namespaces (but in the tests' network, so that tests reach it) and wait for it.

    Args:
        folder: for its key, configuration and log. authorized: the file of the client keys that may log in as root.
        more: lines of configuration.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key = generate_key(folder / "host_key")
    port = port or free_port(address)
    config = folder / "sshd_config"
    config.write_text(
        _SERVER.format(address=address, port=port, key=key, folder=folder, authorized=authorized, more="\n".join(more))
    )
    command = [machine.tools.sshd, "-f", str(config), "-E", str(folder / "sshd.log")]
    subprocess.run([*machine.enter(network=False), *command], check=True)
    wait_until(lambda: _listens(address, port), seconds=10, what=f"sshd on {address}:{port}")
    return Sshd(machine=machine, address=address, port=port, folder=folder)


def _listens(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


def client_block(alias: str, sshd: Sshd, identity: Path, known_hosts: Path) -> str:
    """Return the block of `ssh_config` for a host."""
    return (
        f"Host {alias}\n    HostName {sshd.address}\n    Port {sshd.port}\n    User root\n"
        f"    IdentityFile {identity}\n    IdentitiesOnly yes\n    UserKnownHostsFile {known_hosts}\n"
    )


def known_host(sshd: Sshd) -> str:
    """Return the line of `known_hosts` for an sshd."""
    return f"[{sshd.address}]:{sshd.port} {sshd.public_key}\n"
