"""Stacks for the engine to referee: traps (every compose key, every oddity) and manual changes (one a service)."""

import json
from pathlib import Path
from typing import Any

import yaml

from homelab_assets_tests.drift.mutations import MUTATIONS, PLAIN, Body, Mutation

DATA = Path(__file__).parent / "data"
DEBIANS = "2.26.1"
"""Debian's build of this version, which takes all that the newest one takes."""

IMAGES: dict[str, dict[str, Any]] = {
    "lab/plain:1": {"Cmd": ["sleep", "1000"]},
    "lab/plain:2": {"Cmd": ["sleep", "1000"], "content": "newer"},
    "lab/rich:1": {
        "Env": {"PATH": "/bin", "FOO": "img", "BAR": "img"},
        "Labels": {"maintainer": "them"},
        "Cmd": ["sleep", "1000"],
        "Entrypoint": ["/bin/env"],
        "ExposedPorts": ["8080/tcp", "53/udp"],
        "Volumes": ["/data", "/cfg"],
        "User": "1000:1000",
        "WorkingDir": "/srv",
        "Healthcheck": {
            "Test": ["CMD-SHELL", "wget -q localhost"], "Interval": 11 * 10**9, "Timeout": 3 * 10**9, "Retries": 4,
        },
    },
}  # fmt: skip


def traps(compose: str = "v2") -> dict[str, Any]:
    """The trap stack: services by number, one oddity each; without what an earlier upstream version refuses. Compose v1
    has one of its own."""
    document: dict[str, Any] = yaml.safe_load((DATA / ("traps-v1.yml" if compose == "v1" else "traps.yml")).read_text())
    for path, instead in refused(compose).items():
        _put(document, path, instead)
    return document


def traps_of(recording: str) -> dict[str, Any]:
    """The trap stack as it was recorded."""
    compose = recording.rpartition("-")[2]
    return traps("v1" if compose == "1.29.2" else compose)


def refused(compose: str) -> dict[str, Any]:
    """What a version of Compose refuses among the traps, by path, with what stands there instead (None: nothing)."""
    if compose in ("v1", "v2", DEBIANS):
        return {}
    table: dict[str, dict[str, Any]] = yaml.safe_load((DATA / "traps-older.yml").read_text())
    older = [changes for before, changes in table.items() if _number(compose) < _number(before)]
    return {path: instead for changes in older for path, instead in changes.items()}


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _put(document: dict[str, Any], path: str, instead: Any) -> None:
    *parents, last = path.split(".")
    node = document
    for parent in parents:
        node = node[parent]
    if instead is None:
        del node[last]
    else:
        node[last] = instead


EXTRA = {"e.env": 'A=1\nC="x y"\n', "l.env": "la=1\n"}
"""Files beside the stacks that git has, too."""


def write(document: dict[str, Any], directory: Path) -> None:
    """Write a stack with the files that it refers to."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "x").mkdir(exist_ok=True)
    for name, text in {"s.txt": "s", "c.txt": "c", **EXTRA}.items():
        (directory / name).write_text(text)
    (directory / "compose.yml").write_text(yaml.safe_dump(document, sort_keys=False))


def _filled(body: Body, name: str) -> Body:
    filled: Body = json.loads(json.dumps(body).replace("{side}", name))
    return filled


def manual_changes() -> tuple[dict[str, Any], dict[str, Any], dict[str, tuple[Mutation, str]]]:
    """The stack in git, the same stack as it runs, and by service the mutation with its change.

    Services `mNNN` go the way of the table, `bNNN` the way back.
    """
    git: dict[str, Body] = {"anchor": {"image": PLAIN}}
    running: dict[str, Body] = {"anchor": {"image": PLAIN}}
    wanted: dict[str, tuple[Mutation, str]] = {}
    for number, mutation in enumerate(MUTATIONS):
        there, back = f"m{number:03d}", f"b{number:03d}"
        git[there], running[there] = _filled(mutation.git, there), _filled(mutation.running, there)
        wanted[there] = (mutation, mutation.change)
        if mutation.back:
            git[back], running[back] = _filled(mutation.running, back), _filled(mutation.git, back)
            for body in (git[back], running[back]):
                _other_address(body)
            wanted[back] = (mutation, mutation.back)
    return _stack(git), _stack(running), wanted


def _other_address(body: Body) -> None:
    """Two services can't have one address: the way back uses others."""
    networks = body.get("networks")
    options = networks.get("n1") if isinstance(networks, dict) else None
    if options and "ipv4_address" in options:
        options["ipv4_address"] = options["ipv4_address"].replace(".0.", ".0.1")


def _stack(services: dict[str, Body]) -> dict[str, Any]:
    return {
        "services": services,
        "networks": {"n1": {"ipam": {"config": [{"subnet": "10.214.0.0/24"}]}}, "n2": None},
        "volumes": {"one": None, "two": None},
        "secrets": {"s1": {"file": "./s.txt"}},
        "configs": {"c1": {"file": "./c.txt"}},
    }
