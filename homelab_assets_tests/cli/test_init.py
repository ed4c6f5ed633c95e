"""`drift-detector init`: whatever lies around, what it writes is a `lab.yaml` that loads."""

from pathlib import Path

import pytest

from homelab_assets.lab.settings import load_lab
from homelab_assets_tests.cli.terminal import detect
from homelab_assets_tests.orchestration.world import git


@pytest.fixture
def home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory; the current folder is below it."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2375")
    (home / "work" / "here").mkdir(parents=True)
    monkeypatch.chdir(home / "work" / "here")
    return home


def clone(folder: Path) -> Path:
    (folder / "stacks" / "web").mkdir(parents=True)
    (folder / "stacks" / "web" / "compose.yaml").write_text("services: {web: {image: nginx:1}}\n")
    git(folder, "init", "-q")
    return folder


@pytest.mark.parametrize("name", ["plain", "my: stacks #1", "on", "2026", "it's", 'a "b"', "- a", "{x}", "*", "ä\tb"])
def test_any_folder_is_named_so_that_it_loads(home: Path, name: str) -> None:
    folder = clone(home / "work" / name)
    result = detect("init")
    assert result.exit_code == 0, result.output
    lab = load_lab("lab.yaml", {})
    assert [repository.path for repository in lab.repositories.values()] == [folder]


def test_what_has_the_same_name_gets_one_of_its_own(home: Path) -> None:
    clones = [clone(home / "work" / "homelab"), clone(home / "homelab")]
    (home / ".ssh").mkdir()
    (home / ".ssh" / "config").write_text("Host docker-host nas\n")
    assert detect("init").exit_code == 0
    lab = load_lab("lab.yaml", {})
    assert {name: one.path for name, one in lab.repositories.items()} == dict(
        zip(("homelab", "homelab-2"), clones, strict=True)
    )
    assert {name: host.docker for name, host in lab.hosts.items()} == {
        "docker-host": "tcp://127.0.0.1:2375",
        "docker-host-2": "ssh://docker-host",
        "nas": "ssh://nas",
    }


def test_it_writes_the_file_that_all_other_verbs_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMELAB_LAB", str(home / "elsewhere.yaml"))
    result = detect("init")
    assert f"wrote {home}/elsewhere.yaml: " in result.stderr
    assert not Path("lab.yaml").exists()
    assert detect("init").exit_code == 2


def test_a_file_that_is_there_is_not_replaced(home: Path) -> None:
    Path("lab.yaml").write_text("mine")
    assert detect("init").exit_code == 2
    assert Path("lab.yaml").read_text() == "mine"
    assert detect("init", "--force").exit_code == 0
    assert Path("lab.yaml").read_text() != "mine"


@pytest.mark.parametrize(
    ("remote", "line"),
    [
        ("git@github.com:larry/apps.git", 'forge: {kind: github, slug: larry/apps, token: "${GITHUB_TOKEN}"}'),
        (
            "ssh://git@git.lan:2222/larry/apps",
            'forge: {kind: gitea, url: "https://git.lan", slug: larry/apps, token: "${GITEA_TOKEN}"}',
        ),
        ("git@gitlab.com:larry/apps.git", None),
        ("https://larry@bitbucket.org/larry/apps.git", None),
    ],
)
def test_a_token_is_named_only_for_a_forge_that_it_may_be_for(home: Path, remote: str, line: str | None) -> None:
    git(clone(home / "work" / "apps"), "remote", "add", "origin", remote)
    lines = detect("init", "--print").stdout.splitlines()
    assert [text.strip() for text in lines if text.startswith("    forge:")] == ([line] if line else [])


def test_says_what_is_left_to_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone(home / "work" / "apps")
    assert "1 host, 1 repository found; look through it" in detect("init").stderr
    monkeypatch.delenv("DOCKER_HOST")
    (home / ".ssh").mkdir()
    (home / ".ssh" / "config").write_text("Host nas\n")
    (home / "work" / "apps" / ".git").rename(home / "work" / "apps" / "git")
    assert "0 repositories found; name your clone in it" in detect("init", "--force").stderr
