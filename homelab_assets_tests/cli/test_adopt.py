"""`drift-detector adopt`: where a new stack goes."""

import json
from pathlib import Path

import pytest

from homelab_assets.lab.demo import demo_lab_file
from homelab_assets_tests.cli.terminal import detect
from homelab_assets_tests.repository.clones import commit, git


@pytest.mark.parametrize(("pattern", "folder"), [("stacks/*", "stacks/"), ("*", ""), ("apps/*", "apps/")])
def test_the_first_repository_that_holds_stacks_gets_it(tmp_path: Path, pattern: str, folder: str) -> None:
    captures = demo_lab_file({"HOMELAB_STATE": str(tmp_path / "demo")}).parent / "captures"
    for name, file in (("infra", "ansible/site.yml"), ("compose", f"{folder}app/compose.yaml")):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "-q", "-b", "main")
        commit(tmp_path / name, {file: "services: {app: {image: x:1}}\n"})
    (tmp_path / "lab.yaml").write_text(
        f"hosts: {{ct-docker-01: {{docker: 'capture:{captures}/ct-docker-01'}}}}\n"
        f"repositories: {{infra: {{path: infra}}, compose: {{path: compose, stacks: '{pattern}'}}}}\n"
    )
    lab = ("adopt", "uptime-kuma", "--lab", str(tmp_path / "lab.yaml"))
    files = json.loads(detect(*lab, "--format", "json").stdout)["files"]
    assert list(files) == [f"{folder}uptime-kuma/docker-compose.yml"]
    said = detect(*lab, "--open").stderr
    (patch,) = (tmp_path / "reports" / "pull-requests").glob("*.patch")
    assert patch.name == "adopt-compose-ct-docker-01-uptime-kuma.patch"
    assert f"written {patch}\n" in said


@pytest.mark.parametrize("container", ["radarr", "sabnzbd", "tautulli"])
def test_what_git_declares_is_not_adopted_a_second_time(home: Path, container: str) -> None:
    result = detect("adopt", container, "--open")
    assert result.exit_code == 2
    assert f"git has {container} already: homelab-apps, stacks/" in result.stderr
    assert result.stdout == ""
    assert not (home / "reports").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("uptimekuma",), "no container is named 'uptimekuma' (did you mean uptime-kuma"),
        (("xyzzy",), "no container is named 'xyzzy' (known: automations-n8n-n8n-1, "),
        (("uptime-kuma", "--host", "ct-docker-1"), "no host is named 'ct-docker-1' (did you mean ct-docker-01"),
        (
            ("uptime-kuma", "--repository", "homelab-ap"),
            "no repository is named 'homelab-ap' (did you mean homelab-apps",
        ),
    ],
)
def test_a_name_that_nothing_has_tells_which_there_are(words: tuple[str, ...], message: str) -> None:
    result = detect("adopt", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"error: {message}" in result.stderr


def test_a_recording_that_no_engine_wrote_is_told(tmp_path: Path) -> None:
    demo = demo_lab_file({"HOMELAB_STATE": str(tmp_path / "demo")}).parent
    file = demo / "captures" / "ct-docker-01" / "containers.json"
    containers = json.loads(file.read_text())
    next(one for one in containers if one["Name"] == "/organizr")["HostConfig"]["LogConfig"] = 5
    file.write_text(json.dumps(containers))
    result = detect("adopt", "uptime-kuma", "--lab", str(demo / "lab.yaml"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error: ct-docker-01: its documents are not what Docker's API gives" in result.stderr
