"""How long loading stacks takes, against `docker compose config` of the same stacks.

Needs the Compose plugin; no engine. Both sides load every stack of the demo's homelab-apps, a number of copies of it.

    python benchmarks/loading.py [--copies 5] [--rounds 5]
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from homelab_assets import compose
from homelab_assets.lab import demo

STACKS = Path(demo.__file__).parent / "demo_data" / "homelab-apps" / "stacks"
# What the demo's files require; the values are of no matter.
VARIABLES = {"ACME_EMAIL": "larry@home.arpa", "DOMAIN": "home.arpa"}


def main() -> int:
    parser = argparse.ArgumentParser(description="Loading against docker compose config.")
    parser.add_argument("--copies", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        print("`docker compose` is not installed here", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = [], []
        for number in range(options.rounds):
            files = _copies(Path(folder), options.copies, number)
            ours.append(_time(_load, files))
            theirs.append(_time(_config, files))
    mine, compose_time = statistics.median(ours), statistics.median(theirs)
    print(f"| {len(files)} stacks, median of {options.rounds} rounds | seconds | per stack |")
    print("| --- | ---: | ---: |")
    print(f"| `docker compose config` | {compose_time:.3f} | {1000 * compose_time / len(files):.1f} ms |")
    print(f"| `compose.load` | {mine:.3f} | {1000 * mine / len(files):.1f} ms |")
    print(f"\n{compose_time / mine:.0f} times faster")
    return 0


def _copies(folder: Path, count: int, turn: int) -> list[Path]:
    """Copy the stacks; each copy differs in its text, in each round, so that nothing is answered from a cache."""
    files = []
    for number in range(turn * count, (turn + 1) * count):
        root = folder / str(number)
        shutil.copytree(STACKS, root)
        for file in sorted(root.glob("*/*compose.y*ml")):
            file.write_text(f"# copy {number}\n{file.read_text()}")
            (file.parent / ".env").write_text("".join(f"{name}={value}\n" for name, value in VARIABLES.items()))
            files.append(file)
    return files


def _time(action: Callable[[Path], object], files: Sequence[Path]) -> float:
    started = time.perf_counter()
    for file in files:
        action(file)
    return time.perf_counter() - started


def _load(file: Path) -> object:
    return compose.load([str(file)], read=_read, project_directory=str(file.parent), environment=VARIABLES).to_json()


def _read(path: str) -> bytes | None:
    return Path(path).read_bytes() if Path(path).is_file() else None


def _config(file: Path) -> object:
    command = ["docker", "compose", "-f", str(file), "config", "--format", "json"]
    return subprocess.run(command, capture_output=True, check=True)


if __name__ == "__main__":
    sys.exit(main())
