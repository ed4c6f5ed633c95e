"""One host of the lab: a set of namespaces with a Docker engine in it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from homelab_assets_tests.lab.tools import Tools

# The first process of a host. It gives the host its own /proc, /run, /opt and /media, writes the process id by which
# the outside knows it, then only reaps: when it ends, the kernel ends everything in the host.
_FIRST_PROCESS = """
set -e
read pid rest < /proc/self/stat
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/sshd /run/lock
for folder in opt media; do
  mkdir -p "$HOME_OF_HOST/$folder" "/$folder"
  mount --bind "$HOME_OF_HOST/$folder" "/$folder"
done
hostname "$NAME_OF_HOST"
busybox ip link set lo up
echo "$pid" > "$HOME_OF_HOST/pid.new"; mv "$HOME_OF_HOST/pid.new" "$HOME_OF_HOST/pid"
trap : TERM INT HUP
while :; do sleep 86400 & wait; done
"""


def wait_until(condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """Poll until the condition is true and return its value; a RuntimeError names `what` did not happen in time."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)


class Machine:
    """A host: its namespaces and its Docker engine, which listens on `/var/run/docker.sock` inside.

    Args:
        directory: what the host keeps on disk. Its engine's socket is `directory/docker.sock` from the outside.
        engine: `system` or `newest`, see `Tools.engines`.
        daemon: content of the engine's `daemon.json`: the defaults in which hosts differ.
    """

    def __init__(
        self,
        name: str,
        directory: Path,
        tools: Tools,
        *,
        engine: str = "system",
        daemon: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.directory = directory
        self.tools = tools
        self.engine = engine
        self.daemon = daemon or {}
        self.socket = directory / "docker.sock"

    @property
    def pid(self) -> int:
        """The host's first process, as the outside sees it."""
        return int((self.directory / "pid").read_text())

    def start(self) -> None:
        """Make the namespaces and start the engine."""
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "pid").unlink(missing_ok=True)
        environment = {**os.environ, "HOME_OF_HOST": str(self.directory), "NAME_OF_HOST": self.name}
        command = [
            "unshare",
            "--mount",
            "--net",
            "--pid",
            "--uts",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            _FIRST_PROCESS,
        ]
        self._spawn(command, "machine.log", env=environment)
        wait_until((self.directory / "pid").exists, seconds=10, what=f"{self.name}: namespaces")
        self.start_engine()

    def _spawn(self, command: Sequence[str], log: str, **options: Any) -> None:
        """Start a process that outlives this one. `setsid --fork` ends at once, so nobody has to wait for it."""
        with (self.directory / log).open("ab") as output:
            subprocess.run(
                ["setsid", "--fork", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=True,
                **options,
            )

    def enter(self, *, network: bool = True) -> list[str]:
        """Return the words that run a command inside the host, to be put before it."""
        kinds = ["--mount", "--pid", "--uts", *(["--net"] if network else [])]
        return ["nsenter", f"--target={self.pid}", *kinds, "--"]

    def run(
        self, *command: str, check: bool = True, timeout: float = 120, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside the host and return its output; a failure shows what it printed."""
        environment = {**os.environ, "PATH": self.tools.engines[self.engine], **options.pop("env", {})}
        done = subprocess.run(
            [*self.enter(), *command], text=True, capture_output=True, timeout=timeout, env=environment, **options
        )
        if check and done.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def docker(self, *arguments: str, check: bool = True, **options: Any) -> str:
        """Run the `docker` command on this host and return what it printed, stripped."""
        return self.run(self.tools.docker, *arguments, check=check, **options).stdout.strip()

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request to the engine's API and return the answer's JSON; a refusal is a RuntimeError."""
        connection = _UnixConnection(str(self.socket))
        try:
            headers = {"Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{self.name}: {method} {path}: {answer.status} {text}")
        return json.loads(text) if text else None

    def start_engine(self) -> None:
        """Start the engine and wait until it answers."""
        config = self.directory / "daemon.json"
        config.write_text(json.dumps(self.daemon, indent=1))
        daemon = ["dockerd", f"--config-file={config}", f"--data-root={self.directory / 'docker'}"]
        sockets = ["--host=unix:///run/docker.sock", f"--host=unix://{self.socket}"]
        cgroup = f"--cgroup-parent=/{self.cgroup}"
        environment = {**os.environ, "PATH": self.tools.engines[self.engine]}
        # Inside, the host's first process becomes its parent: nsenter itself would stop along with a stopped engine.
        self._spawn([*self.enter(), "setsid", "--fork", *daemon, *sockets, cgroup], "dockerd.log", env=environment)
        try:
            wait_until(
                lambda: self.docker("version", check=False, timeout=20) and self.answers(), seconds=40, what="engine"
            )
        except RuntimeError:
            log = (self.directory / "dockerd.log").read_text(errors="replace").splitlines()[-15:]
            raise RuntimeError(f"{self.name}: the engine does not start:\n" + "\n".join(log)) from None

    def answers(self) -> bool:
        """Say whether the engine answers."""
        return self.run(self.tools.docker, "info", check=False, timeout=20).returncode == 0

    @property
    def cgroup(self) -> str:
        """The control group that holds the containers, so that none stays behind."""
        return f"homelab-lab-{self.pid}"

    def signal_engine(self, name: str) -> None:
        """Send a signal (`STOP`, `CONT`, `KILL`, `TERM`) to the engine."""
        self.run("sh", "-c", f"kill -{name} $(cat /run/docker.pid)")

    def stop_engine(self, name: str = "TERM") -> None:
        """End the engine (`KILL`: at once) and wait until it is gone; the host stays up."""
        pid = self.run("cat", "/run/docker.pid").stdout.strip()
        self.signal_engine(name)
        # The file goes before the process does, and a killed engine leaves it behind.
        gone = f"kill -0 {pid} 2>/dev/null && exit 1; rm -f /run/docker.pid"
        wait_until(lambda: self.run("sh", "-c", gone, check=False).returncode == 0, seconds=30, what="engine's end")

    def stop(self) -> None:
        """End every process of the host, by ending its first one, and remove what it kept on disk and in the kernel."""
        try:
            pid, cgroup = self.pid, self.cgroup
        except (FileNotFoundError, ValueError):
            return
        if self._is_ours(pid):
            os.kill(pid, signal.SIGKILL)
            _thaw(cgroup)
            wait_until(lambda: not Path(f"/proc/{pid}").exists(), seconds=20, what=f"{self.name}: end")
        for top in Path("/sys/fs/cgroup").glob("*/" + cgroup), Path("/sys/fs/cgroup").glob(cgroup):
            for folder in top:
                _remove_cgroup(folder)
        subprocess.run(["rm", "-rf", "--one-file-system", str(self.directory)], check=False)

    def _is_ours(self, pid: int) -> bool:
        """Say whether the process is still this host's first one, not a later one with the same number."""
        with suppress(OSError):
            return f"HOME_OF_HOST={self.directory}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return False


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def _thaw(cgroup: str) -> None:
    """Let paused containers go on: as long as they are frozen they don't die, and their host with them."""
    for pattern, text in (f"*/{cgroup}/**/freezer.state", "THAWED"), (f"{cgroup}/**/cgroup.freeze", "0"):
        for file in Path("/sys/fs/cgroup").glob(pattern):
            with suppress(OSError):
                file.write_text(text)


def _remove_cgroup(folder: Path) -> None:
    for path, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            os.rmdir(path)
