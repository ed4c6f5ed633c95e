"""How long a capture over SSH takes, against what `docker inspect` of all containers takes.

Needs root and the real lab (`bash .ci/provision`). Prints a table; the numbers are medians of several rounds, taken in
turns so that both sides see the same machine.

    python benchmarks/capture.py [--containers 100] [--rounds 9]
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from homelab_assets.engine import capture_host
from homelab_assets.lab.settings import HostSettings
from homelab_assets.model import Captured
from homelab_assets.secrecy import Vault
from homelab_assets_tests.lab import RealLab, why_unavailable

HOST = "ct-media-01"
_OPTIONS = (
    *(
        "-e",
        "PUID=1000",
        "-e",
        "PGID=1000",
        "-e",
        "TZ=Europe/Brussels",
        "-e",
        "API_KEY=0123456789abcdef0123456789abcdef",
    ),
    *("-l", "traefik.enable=true", "-l", "traefik.http.services.app.loadbalancer.server.port=7878"),
    *("-v", "/opt/appdata/app:/config", "-v", "/media:/media", "--network", "proxy", "--restart", "unless-stopped"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description="Capture against docker inspect.")
    parser.add_argument("--containers", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    if reason := why_unavailable():
        print(reason, file=sys.stderr)
        return 2
    lab = RealLab(Path(tempfile.mkdtemp(prefix="bench-")))
    try:
        lab.up([HOST])
        _fill(lab, options.containers)
        _measure(lab, options.containers, options.rounds)
    finally:
        lab.down()
    return 0


def _fill(lab: RealLab, count: int) -> None:
    machine = lab.hosts[HOST]
    image = "lscr.io/linuxserver/radarr:5.2.6"

    def one(number: int) -> None:
        machine.docker("run", "-d", "--name", f"app-{number:03}", *_OPTIONS, image)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(count)))


def _measure(lab: RealLab, count: int, rounds: int) -> None:
    settings = HostSettings(
        name=HOST, docker=f"ssh://root@{HOST}", ssh_config=lab.ssh_config, known_hosts=lab.known_hosts
    )
    ssh = ["ssh", "-F", str(lab.ssh_config), HOST]
    contenders: dict[str, Callable[[], None]] = {
        "docker inspect $(docker ps -aq), on the host": lambda: _inspect_there(lab),
        "the same through ssh": lambda: _run([*ssh, "docker inspect $(docker ps -aq)"]),
        "capture over SSH (containers, images, networks, volumes, .env; sealed)": lambda: _capture(settings, count),
        "capture through the socket": lambda: _capture(
            HostSettings(name=HOST, docker=f"unix://{lab.hosts[HOST].socket}"), count
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, contender in contenders.items():
            started = time.perf_counter()
            contender()
            if turn:  # The first round warms caches and imports.
                times[name].append(time.perf_counter() - started)
    base = statistics.median(times["docker inspect $(docker ps -aq), on the host"])
    print(
        f"{count} containers, {rounds} rounds\n\n"
        "| what | median s | min | max | against docker inspect |\n|---|---|---|---|---|"
    )
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"| {name} | {median:.3f} | {min(taken):.3f} | {max(taken):.3f} | {median / base:.2f}× |")


def _inspect_there(lab: RealLab) -> None:
    lab.hosts[HOST].run("sh", "-c", f"{lab.tools.docker} inspect $({lab.tools.docker} ps -aq) >/dev/null")


def _run(command: list[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def _capture(settings: HostSettings, count: int) -> None:
    result = capture_host(settings, vault=Vault(b"benchmark key of 32 bytes length"))
    if not isinstance(result, Captured) or len(result.containers) != count:
        raise SystemExit(f"capture failed: {result}")


if __name__ == "__main__":
    sys.exit(main())
