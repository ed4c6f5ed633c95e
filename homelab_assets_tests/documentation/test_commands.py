"""Commands of the runbooks do what their headings say, typed as they stand."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from homelab_assets.documentation.commands import commands_of
from homelab_assets.documentation.declarations import declare
from homelab_assets.documentation.dependencies import map_dependencies
from homelab_assets.documentation.estate import Declaration
from homelab_assets.documentation.service_runbooks import service_runbooks
from homelab_assets.model import Baseline
from homelab_assets.repository.git import Git
from homelab_assets.repository.trees import GitTree
from homelab_assets_tests.documentation.estates import capture, container, estate, identity

STACK = "stacks/media-indexers"
PERSON = {
    "GIT_AUTHOR_NAME": "Larry", "GIT_AUTHOR_EMAIL": "larry@home.arpa", "GIT_COMMITTER_NAME": "Larry", "GIT_COMMITTER_EMAIL": "larry@home.arpa",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


def shell(folder: Path, text: str) -> str:
    done = subprocess.run(
        ["sh", "-ec", text], cwd=folder, env={"PATH": os.environ["PATH"], **PERSON}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{text}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Path, Path]:
    """A person's clone and the host's, of a repository in which radarr was updated."""
    shell(tmp_path, "git init -q --bare -b main apps.git && git clone -q apps.git person 2>/dev/null")
    person = tmp_path / "person"
    file = person / STACK / "docker-compose.yml"
    file.parent.mkdir(parents=True)
    for version in ("5.2.6", "5.27.5"):
        file.write_text(f"services:\n  radarr:\n    image: lscr.io/linuxserver/radarr:{version}\n")
        shell(person, f"git switch -q -C main && git add . && git commit -qm 'feat(radarr): {version}'")
    shell(person, "git push -q -u origin main")
    shell(tmp_path, "git clone -q apps.git host")
    return person, tmp_path / "host"


def test_a_rollback_comes_through_git_to_the_host(clones: tuple[Path, Path]) -> None:
    person, host = clones
    baseline = Baseline(
        stack="media-indexers", endpoint="h", repository="homelab-apps", directory=STACK,
        files=(f"{STACK}/docker-compose.yml",), tree=GitTree(Git(person), "HEAD"), ref="main", commit="x", bound_by=None,
    )  # fmt: skip
    running = container("radarr", stack="media-indexers", service="radarr", directory=str(host / STACK))
    seen = estate(capture("h", running), declarations=declare([baseline]))
    commands = commands_of(seen.services[0])

    revert = commands.rollback.replace("COMMIT", shell(person, "git rev-parse HEAD").strip())
    assert "5.27.5" in shell(person, revert)
    assert "docker" not in revert, "nothing is deployed that was not merged"
    branch = re.search(r"revert/\S+", revert)
    assert branch
    assert shell(person, f"git ls-remote origin {branch[0]}")
    shell(person, f"git switch -q main && git merge -q {branch[0]} && git push -q")

    pull, *compose = commands.update.splitlines()
    shell(host / STACK, pull)
    assert "radarr:5.2.6" in (host / STACK / "docker-compose.yml").read_text()
    assert compose == ["docker compose pull radarr", "docker compose up -d radarr"]
    again = commands.rollback.replace("COMMIT", shell(person, "git rev-parse HEAD").strip())
    assert "5.2.6" in shell(person, f"git pull -q\n{again}")


def test_what_git_does_not_know_is_neither_pulled_nor_rolled_back() -> None:
    running = container("radarr", stack="media", service="radarr", directory="/opt/media")
    commands = commands_of(estate(capture("h", running)).services[0])
    assert commands.update == "docker compose pull radarr\ndocker compose up -d radarr"
    assert commands.rollback == ""


@pytest.mark.parametrize(
    ("told", "compose"),
    [
        ("", "docker compose"),
        ("/opt/media/.env", "docker compose"),
        ("/opt/media/prod.env", "docker compose --env-file prod.env"),
        ("/opt/shared/.env,/opt/media/.env", "docker compose --env-file /opt/shared/.env --env-file .env"),
    ],
)
def test_compose_gets_the_variables_that_it_got_before(told: str, compose: str) -> None:
    running = container(
        "radarr", stack="media", directory="/opt/media", labels={"com.docker.compose.project.environment_file": told}
    )
    assert commands_of(estate(capture("h", running)).services[0]).start == f"{compose} up -d radarr"


def test_a_file_for_the_endpoint_that_git_got_since_is_named() -> None:
    running = container("radarr", stack="media", service="radarr", directory="/opt/media")
    files = ("stacks/media/docker-compose.yml", "stacks/media/docker-compose.h.yml")
    declared = Declaration(
        repository="apps", stack="media", endpoint="h", service="radarr", file=files[0], directory="stacks/media", files=files
    )  # fmt: skip
    commands = commands_of(estate(capture("h", running), declarations=[declared]).services[0])
    assert commands.start == "docker compose -f docker-compose.yml -f docker-compose.h.yml up -d radarr"


@pytest.mark.parametrize(
    ("stack", "start"), [("media", "docker compose unpause radarr"), (None, "docker unpause radarr")]
)
def test_what_is_paused_is_not_started(stack: str | None, start: str) -> None:
    paused = container("radarr", stack=stack, directory="/opt/media", status="paused")
    assert commands_of(estate(capture("h", paused)).services[0]).start == start


def test_what_lives_in_the_network_of_a_service_is_taken_along() -> None:
    inside = "container:" + identity("gluetun")
    seen = estate(
        capture(
            "h",
            container("gluetun", stack="downloads"),
            container("qbittorrent", stack="downloads", mode=inside),
            container("prowlarr", stack="indexers", mode=inside),
            container("by-hand", mode=inside),
        )
    )
    pages = service_runbooks(seen, map_dependencies(seen))
    said = """for what lives in its network and would have none any more:

```sh
docker compose up -d --force-recreate qbittorrent
(cd /opt/stacks/indexers && docker compose up -d --force-recreate prowlarr)
docker restart by-hand
```
"""
    assert [path for path, page in pages.items() if said in page] == ["troubleshooting/h--downloads--gluetun.md"]
    assert sum("for what lives in its network" in page for page in pages.values()) == 1
