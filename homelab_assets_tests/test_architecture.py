"""The house keeps its shape: the pure rooms touch nothing, starting is cheap, modules stay readable."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "homelab_assets"

PURE = ("compose", "drift", "documentation", "rendering", "model.py", "labels.py", "moments.py", "secrecy", "errors.py")
WORLD = {
    "dagster",
    "docker",
    "paramiko",
    "requests",
    "github",
    "subprocess",
    "socket",
    "urllib.request",
    "http.client",
    "sqlite3",
    "time",
}
HEAVY = ("dagster", "docker", "paramiko", "requests", "github", "pandas", "deepdiff", "pydantic", "rich")


def _modules(*places: str) -> Iterator[Path]:
    for place in places:
        path = PACKAGE / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", list(_modules(*PURE)), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_pure_rooms_touch_nothing(path: Path) -> None:
    touched = {
        name for name in _imports(path) if name in WORLD or name.split(".")[0] in WORLD or name.startswith("os.environ")
    }
    assert not touched, f"{path.name} is in a pure room and imports {touched}"
    assert "os.environ" not in path.read_text()


@pytest.mark.parametrize("path", list(_modules("")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_below_know_nothing_of_the_faces(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0]
    if room in {"cli", "orchestration", "definitions.py"}:
        return
    upward = {
        name
        for name in _imports(path)
        if name.startswith(("homelab_assets.cli", "homelab_assets.orchestration", "dagster"))
    }
    assert not upward, f"{path.name} imports {upward}"


@pytest.mark.parametrize("verb", ["diff", "status", "baseline", "validate", "init"])
def test_verbs_start_without_heavy_imports(verb: str) -> None:
    code = f"import sys, homelab_assets.cli.{verb}; print(*[n for n in {HEAVY!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_definitions_import_with_an_empty_environment(tmp_path: Path) -> None:
    code = "import homelab_assets.definitions as d; print(len(list(d.defs.resolve_all_asset_specs())))"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


@pytest.mark.parametrize(
    "room",
    [
        *("compose", "drift", "remediation", "repository", "documentation"),
        *("media", "rendering", "orchestration", "engine", "secrecy", "drift/rows", "lab", "forge"),
    ],
)
def test_the_guide_of_a_room_names_its_modules(room: str) -> None:
    guide = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text())) or ""
    modules = {path.stem for path in (PACKAGE / room).glob("*.py") if not path.stem.endswith(("_parts", "__init__"))}
    assert modules == {name for name in modules if f"`{name}`" in guide}


def test_modules_stay_readable() -> None:
    long = {
        str(path.relative_to(PACKAGE)): count
        for path in _modules("")
        if (count := len(path.read_text().splitlines())) > 310
    }
    assert not long, f"split these: {long}"
