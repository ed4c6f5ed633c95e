"""What `drift-detector diff` takes from start to end, on one recorded host with 100 containers in 20 stacks.

Beside it stands what Python takes to import three of the libraries that such a program uses.

    python benchmarks/terminal.py [ROUNDS]
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fleet

LAB = """\
hosts:
  host-000:
    docker: capture:captures/host-000
repositories:
  apps:
    path: apps
    ref: main
    stacks: stacks/*
"""
IMPORTS = [sys.executable, "-c", "import yaml, click, jinja2"]
DIFF = [str(Path(sys.executable).parent / "drift-detector"), "diff"]


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        _make_lab(Path(folder))
        environment = {**os.environ, "HOMELAB_STATE": f"{folder}/state"}
        times: dict[str, list[float]] = {'`python -c "import yaml, click, jinja2"`': [], "`drift-detector diff`": []}
        for _ in range(rounds):
            # In turns: what else the machine does falls on both alike.
            for (name, measured), command, fine in zip(times.items(), (IMPORTS, DIFF), (0, 1), strict=True):
                started = time.perf_counter()
                done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
                measured.append(time.perf_counter() - started)
                assert done.returncode == fine, (name, done.returncode)
    print("| what | median s | ratio |\n| --- | ---: | ---: |")
    least, *_ = medians = [statistics.median(measured) for measured in times.values()]
    for name, median in zip(times, medians, strict=True):
        print(f"| {name} | {median:.3f} | {median / least:.1f} |")
    return 0


def _make_lab(folder: Path) -> None:
    name, capture, stacks = fleet.make_host(0, 100)
    recorded = folder / "captures" / name
    recorded.mkdir(parents=True)
    for key, documents in json.loads(capture).items():
        (recorded / f"{key}.json").write_text(json.dumps(documents))
    for key in ("networks", "volumes"):
        shutil.copy(fleet.DATA / "captures" / "ct-media-01" / f"{key}.json", recorded)
    apps = folder / "apps"
    for files in stacks.values():
        for path, content in files.items():
            (apps / path).parent.mkdir(parents=True)
            (apps / path).write_bytes(content)
    (folder / "lab.yaml").write_text(LAB)
    person = ["-c", "user.name=Larry", "-c", "user.email=larry@home.arpa"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*person, "commit", "-qm", "stacks"]):
        subprocess.run(["git", *command], cwd=apps, check=True)


if __name__ == "__main__":
    sys.exit(main())
