import json
from pathlib import Path

import pytest
from click.testing import Result

from homelab_assets.lab.demo import demo_lab_file
from homelab_assets_tests.cli.terminal import detect
from homelab_assets_tests.repository.clones import commit, git

STACK = "services:\n  wiki:\n    image: wiki:1.0\n    restart: always\n"


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo lab's repository, in a state folder of its own."""
    monkeypatch.setenv("HOMELAB_STATE", str(tmp_path / "state"))
    return demo_lab_file({"HOMELAB_STATE": str(tmp_path / "state")}).parent / "homelab-apps"


def cleanup(*arguments: str, answer: str | None = None) -> Result:
    return detect("cleanup", *arguments, answer=answer)


def test_the_demo_has_nothing_stale(demo: Path) -> None:
    done = cleanup()
    assert (done.exit_code, done.stdout) == (0, "Nothing is stale\n")


def test_a_stack_that_no_host_runs_is_found_and_nothing_is_deleted(demo: Path) -> None:
    targets = (demo / "stack-targets.yml").read_text() + "old-wiki: ct-docker-01\n"
    files = {
        "stacks/old-wiki/docker-compose.yml": STACK,
        "stacks/old-wiki/.env.sample": "",
        "stack-targets.yml": targets,
    }
    commit(demo, files, "feat(old-wiki): add", "2025-01-01T00:00:00Z")
    before = git(demo, "rev-parse", "HEAD")
    done = cleanup("--format", "json")
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert {(item["kind"], item["stack"], item["confidence"]) for item in report["items"]} == {
        ("compose file", "old-wiki", "high"),
        ("env file", "old-wiki", "high"),
        ("target", "old-wiki", "high"),
    }
    assert {removal["edit"] for removal in report["removals"]} == {"file", "target"}
    assert git(demo, "rev-parse", "HEAD") == before
    assert git(demo, "status", "--porcelain") == ""
    markdown = cleanup("--format", "markdown").stdout
    assert "## homelab-apps / old-wiki\n\nLast changed 2025-01-01.\n" in markdown


def test_a_removal_is_proposed_only_when_that_is_confirmed(demo: Path, tmp_path: Path) -> None:
    commit(demo, {"stacks/old-wiki/docker-compose.yml": STACK, "stack-targets.yml": "old-wiki: ct-docker-01\n"})
    proposals = tmp_path / "reports" / "pull-requests"
    for answer in (None, "n\n"):
        refused = cleanup("--open", answer=answer)
        assert refused.exit_code == 2
        assert "Open a pull request to remove this from git?" in refused.stderr
        assert "not confirmed" in refused.stderr
        assert not proposals.exists()
    done = cleanup("--open", "--format", "json", answer="y\n")
    assert done.exit_code == 1
    (outcome,) = json.loads(done.stdout)["outcomes"]
    assert (outcome["status"], outcome["stack"]) == ("written", "old-wiki")
    assert cleanup("--open", "--yes").exit_code == 1
    assert len(list(proposals.iterdir())) == 2
    assert cleanup("--open", "--yes", "--confidence", "high").stdout.startswith("Nothing to do")
    assert git(demo, "status", "--porcelain") == ""
