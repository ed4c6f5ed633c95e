"""The wheel and the sdist hold what they need: unpacked elsewhere, they run."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from homelab_assets_tests.deployment.servers import ROOT

pytestmark = pytest.mark.scenario

DATA = {".j2", ".json", ".yaml", ".yml", ".toml", ".css", ".js"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and sdist, built from a copy of what git knows: a build writes into its source."""
    folder = tmp_path_factory.mktemp("package")
    source = folder / "source"
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("needs a git checkout")
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file() and not name.startswith("homelab_assets_tests/compose/cases"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    script = "from setuptools import build_meta as b; b.build_sdist('out'); b.build_wheel('out')"
    done = subprocess.run([sys.executable, "-c", script], cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return source / "out"


def test_the_wheel_runs_outside_of_the_checkout(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # -S and an explicit path: neither the checkout's editable install nor its folder is found.
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    code = f"import sys; sys.path[:0] = [{str(site)!r}]; sys.path.append({libraries!r})\n"
    code += "import homelab_assets; assert 'site' in homelab_assets.__file__, homelab_assets.__file__\n"
    code += "from homelab_assets.cli import main; main(['audit', '-q'])"
    work = tmp_path / "work"
    work.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HOMELAB_STATE": str(tmp_path / "state")}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=work, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr[-2000:]
    assert list((work / "reports").glob("drift-*.md"))
    assert (work / "docs" / "SERVICE_CATALOG.md").is_file()


def test_wheel_and_sdist_hold_all_data(built: Path) -> None:
    package = ROOT / "homelab_assets"
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "homelab_assets"], capture_output=True, check=True
    )
    wanted = {name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()}
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        missing = wanted - set(archive.namelist())
    assert missing == set()
    assert "homelab_assets/py.typed" in wanted
    assert package.is_dir()
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert wanted - inside == set()
    assert {"README.md", "LICENSE", "pyproject.toml"} <= inside
