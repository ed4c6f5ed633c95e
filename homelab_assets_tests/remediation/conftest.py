"""The demo homelab with a real remote, on a simulated forge."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from homelab_assets_tests.forge.git import run
from homelab_assets_tests.forge.gitea_server import GiteaFace
from homelab_assets_tests.forge.github_server import GitHubFace
from homelab_assets_tests.forge.server import serving
from homelab_assets_tests.forge.state import Repository
from homelab_assets_tests.remediation.world import World, lay_out


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    lay_out(root)
    return root


@pytest.fixture(params=["github", "gitea"])
def world(request: pytest.FixtureRequest, laid_out: Path, tmp_path: Path) -> Iterator[World]:
    yield from living(request.param, laid_out, tmp_path)


@pytest.fixture
def one_world(laid_out: Path, tmp_path: Path) -> Iterator[World]:
    """For what does not depend on the forge."""
    yield from living("gitea", laid_out, tmp_path)


def living(
    forge: str, laid_out: Path, tmp_path: Path, hosts: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[World]:
    """Serve a copy of what was laid out on a simulated forge; its published description is kept throughout."""
    root = tmp_path / "w"
    shutil.copytree(laid_out, root, symlinks=True)
    for name in ("clone", "other"):
        run(root / name, "remote", "set-url", "origin", str(root / "origin.git"))
    repository = Repository(root / "origin.git")
    with serving({"github": GitHubFace, "gitea": GiteaFace}[forge](repository)) as face:
        yield World(root, repository, face, hosts=hosts or {})
        assert face.breaches == []
