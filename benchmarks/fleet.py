"""What comparing a fleet costs, and how it grows: containers against baselines, in one process.

Makes hosts with the demo's media stacks (names and values differ), then reads the captures and loads the baselines from
text, as an audit does. Beside it stands the bare cost of parsing the same JSON with `json` and the same YAML with
libyaml. Every size runs in a process of its own.

    python benchmarks/fleet.py [--hosts 1 10 100] [--containers 100]
"""

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import yaml

from homelab_assets.drift.compare import compare_all
from homelab_assets.drift.policy import policy_from
from homelab_assets.lab import demo
from homelab_assets.model import Baseline, Captured
from homelab_assets.secrecy import Vault

DATA = Path(demo.__file__).parent / "demo_data"
STACK = "media-indexers"
SERVICES = ("sonarr", "radarr", "prowlarr", "bazarr", "flaresolverr")


class _Tree:
    """One stack's files, held in memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def read(self, path: str) -> bytes | None:
        return self._files.get(path)

    def list(self, directory: str = "") -> list[str]:
        return sorted(path.removeprefix(f"{directory}/") for path in self._files if path.startswith(f"{directory}/"))


def main() -> int:
    parser = argparse.ArgumentParser(description="Comparing a fleet.")
    parser.add_argument("--hosts", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--containers", type=int, default=100, help="per host")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        _measure(options.one, options.containers)
        return 0
    print("| hosts | containers | parse only, s | audit, s | ratio | per container | peak memory |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    sys.stdout.flush()
    for hosts in options.hosts:
        subprocess.run(
            [sys.executable, __file__, "--one", str(hosts), "--containers", str(options.containers)], check=True
        )
    return 0


def _measure(hosts: int, containers: int) -> None:
    gc.set_threshold(100_000, 20, 20)  # as the program does; the parsing alone gains by it, too
    fleet = [make_host(number, containers) for number in range(hosts)]
    parse = _time(lambda: [_parse_only(*host) for host in fleet])
    vault = Vault(b"benchmark key 16")
    documents = []
    audit = _time(lambda: documents.append(_audit(fleet, vault)))
    document = documents[0]
    statuses = {service.status for service in document.services}
    assert len(document.services) == hosts * containers, len(document.services)
    assert statuses == {"clean", "drifted"}, (statuses, document.problems[:2])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = hosts * containers
    figures = f"{parse:.2f} | {audit:.2f} | {audit / parse:.1f} | {1000 * audit / total:.2f} ms | {peak:.0f} MiB"
    print(f"| {hosts} | {total} | {figures} |", flush=True)


def _time(action) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def make_host(number: int, containers: int) -> tuple[str, str, dict[str, dict[str, bytes]]]:
    """Return a host's name, its capture as JSON text, and the files of its stacks."""
    name = f"host-{number:03}"
    captured = json.loads((DATA / "captures" / "ct-media-01" / "containers.json").read_text())
    images = json.loads((DATA / "captures" / "ct-media-01" / "images.json").read_text())
    engine = json.loads((DATA / "captures" / "ct-media-01" / "engine.json").read_text())
    wanted = [c for c in captured if c["Config"]["Labels"].get("com.docker.compose.project") == STACK]
    made, stacks = [], {}
    for copy in range(containers // len(wanted)):
        stack = f"{STACK}-{number}-{copy}"
        for container in wanted:
            text = json.dumps(container)
            text = text.replace(STACK, stack).replace(container["Id"], f"{number:08x}{copy:08x}{container['Id'][16:]}")
            for service in SERVICES:
                text = text.replace(f'"/{service}"', f'"/{service}-{copy}"')
            made.append(json.loads(text))
        compose_file = (DATA / "homelab-apps" / "stacks" / STACK / "docker-compose.yml").read_text()
        for service in SERVICES:
            compose_file = compose_file.replace(f"container_name: {service}\n", f"container_name: {service}-{copy}\n")
        path = f"stacks/{stack}/docker-compose.yml"
        stacks[stack] = {path: compose_file.replace(STACK, stack).encode()}
    return name, json.dumps({"containers": made, "images": images, "engine": engine}), stacks


def _parse_only(name: str, capture: str, stacks: dict[str, dict[str, bytes]]) -> None:
    json.loads(capture)
    for files in stacks.values():
        for content in files.values():
            yaml.load(content, Loader=yaml.CSafeLoader)  # the safe loader's C twin


def _audit(fleet, vault: Vault):
    captures, baselines = [], []
    for name, text, stacks in fleet:
        document = vault.seal_inspect(msgspec.json.decode(text))
        captures.append(
            Captured(
                host=name,
                captured_at="2026-11-23T06:00:00Z",
                engine=document["engine"],
                containers=document["containers"],
                images=document["images"],
                networks=(),
                volumes=(),
            )
        )
        baselines += [
            Baseline(
                repository="apps",
                ref="main",
                commit="0" * 40,
                stack=stack,
                endpoint=name,
                bound_by="stack-targets.yml",
                directory=f"stacks/{stack}",
                files=tuple(files),
                tree=_Tree(files),
            )
            for stack, files in stacks.items()
        ]
    policy = policy_from({}, {}, "lab.yaml")
    return compare_all(captures, baselines, vault=vault, policy=policy, now="2026-11-23T06:00:00Z")


if __name__ == "__main__":
    sys.exit(main())
