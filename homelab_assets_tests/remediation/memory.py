"""Stacks in memory, and Compose itself as the judge of what a file means."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from homelab_assets.errors import BaselineError
from homelab_assets.model import Baseline


def baseline(tree: Any, files: Sequence[str] = ("stacks/app/docker-compose.yml",), **rest: Any) -> Baseline:
    """A stack `app` on `host-a`, unless told otherwise."""
    values: dict[str, Any] = {
        "repository": "homelab-apps", "ref": "main", "commit": "c" * 40, "stack": "app", "endpoint": "host-a",
        "bound_by": "stack-targets.yml", "directory": "stacks/app", "files": files, "tree": tree,
    }  # fmt: skip
    return Baseline(**values | rest)


def compose_available() -> bool:
    """Whether `docker compose` is there; it needs no engine for this."""
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0


def compose_config(stack: Baseline) -> Mapping[str, Any]:
    """Load a baseline with the real Compose, variables kept."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path in _paths(stack.tree):
            data = stack.tree.read(path)
            if data is not None:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(data)
        for path in stack.files:
            data = stack.tree.read(path)
            if data is None:
                raise BaselineError("no such file", where=path)
            (root / path).write_bytes(data)
        options = [part for path in stack.files for part in ("-f", str(root / path))]
        done = subprocess.run(
            ["docker", "compose", *options, "config", "--no-interpolate", "--format", "json"],
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise BaselineError(done.stderr.strip().replace(folder, ""), where=stack.stack)
        result: Mapping[str, Any] = json.loads(done.stdout.replace(folder, ""))
        return result


def _paths(tree: Any, directory: str = "") -> list[str]:
    found = []
    for name in tree.list(directory):
        path = f"{directory}/{name}".lstrip("/")
        found += _paths(tree, path.rstrip("/")) if name.endswith("/") else [path]
    return found
