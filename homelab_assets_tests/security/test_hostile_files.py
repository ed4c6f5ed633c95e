"""Files that lead elsewhere, never end, or end too early: each is told, and nothing of what they lead to is shown.

Deep, endless and cyclic YAML: `test_fuzz.py`, `compose/test_refusals.py`. Links and pipes in a repository:
`repository/test_trees.py`; in a worktree that is written to: `repository/test_worktrees.py`.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from homelab_assets.cli import main
from homelab_assets.lab import demo
from homelab_assets_tests.repository.clones import commit, git, make_clone

pytestmark = pytest.mark.scenario

SECRET = "what-nobody-may-read-7f3a"
WEB = "services: {web: {image: 'nginx:1'}}\n"
OUTSIDE = "../../../outside"
COMPOSE = "stacks/web/docker-compose.yml"

# (what leads out, the compose file, links by path). `$OUT` is the absolute path of the folder outside.
LEADING_OUT: tuple[tuple[str, str | None, dict[str, str]], ...] = (
    ("a compose file", None, {COMPOSE: "$OUT/compose.yml"}), ("a compose file, relative", None, {COMPOSE: f"{OUTSIDE}/compose.yml"}),
    ("a folder of a stack", None, {"stacks/web": "$OUT"}), ("the folder of all stacks", None, {"stacks": "$OUT"}),
    ("env_file", "services: {web: {image: x, env_file: linked.env}}\n", {"stacks/web/linked.env": "$OUT/.env"}),
    ("env_file by path", f"services: {{web: {{image: x, env_file: {OUTSIDE}/.env}}}}\n", {}), ("env_file, absolute", "services: {web: {image: x, env_file: $OUT/.env}}\n", {}),
    ("the .env beside it", "services: {web: {image: 'x:${SECRET:-1}'}}\n", {"stacks/web/.env": "$OUT/.env"}),
    ("extends", f"services: {{web: {{extends: {{file: {OUTSIDE}/compose.yml, service: web}}}}}}\n", {}), ("extends by link", "services: {web: {extends: {file: base.yml, service: web}}}\n", {"stacks/web/base.yml": "$OUT/compose.yml"}),
    ("include", f"include: [{OUTSIDE}/compose.yml]\n{WEB}", {}), ("include, absolute", f"include: [$OUT/compose.yml]\n{WEB}", {}), ("include by link", f"include: [other.yml]\n{WEB}", {"stacks/web/other.yml": "$OUT/compose.yml"}),
    ("label_file", f"services: {{web: {{image: x, label_file: {OUTSIDE}/.env}}}}\n", {}), ("a chain of links", None, {COMPOSE: "../one.yml", "stacks/one.yml": "two.yml", "stacks/two.yml": "$OUT/compose.yml"}),
    ("a link to itself", None, {COMPOSE: "docker-compose.yml"}), ("a device", None, {COMPOSE: "/dev/zero"}), ("the process", "services: {web: {image: x, env_file: /proc/self/environ}}\n", {}),
    ("a config", f"services: {{web: {{image: x}}}}\nconfigs: {{c: {{file: {OUTSIDE}/.env}}}}\n", {}), ("stack-targets.yml", WEB, {"stack-targets.yml": "$OUT/compose.yml"}), ("git's own folder", "services: {web: {image: x, env_file: ../../.git/config}}\n", {}),
)  # fmt: skip


def detect(folder: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(main, [*arguments, "--lab", str(folder / "lab.yaml")])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lab with the demo's capture of one host, and a folder that is nobody's business."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOMELAB_STATE", raising=False)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/compose.yml").write_text(f"services: {{web: {{image: '{SECRET}:1'}}}}\n")
    (tmp_path / "outside/.env").write_text(f"SECRET={SECRET}\n")
    captures = Path(demo.__file__).parent / "demo_data/captures"
    lab = {"hosts": {"nas": {"docker": f"capture:{captures}/ct-media-01"}}, "repositories": {"apps": {"path": "apps"}}}
    (tmp_path / "lab.yaml").write_text(json.dumps(lab))
    return tmp_path


@pytest.mark.parametrize(("compose", "links"), [row[1:] for row in LEADING_OUT], ids=[row[0] for row in LEADING_OUT])
def test_nothing_outside_of_a_repository_is_read(home: Path, compose: str | None, links: dict[str, str]) -> None:
    out = str(home / "outside")
    clone = make_clone(home / "apps", {} if compose is None else {COMPOSE: compose.replace("$OUT", out)})
    alone = not {"stacks", "stack-targets.yml"} & links.keys()
    if alone:
        commit(clone, {"stacks/good/docker-compose.yml": WEB})
    for path, target in links.items():
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        (clone / path).symlink_to(target.replace("$OUT", out))
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "--allow-empty", "-m", "chore: links")
    for verb in (
        ("diff", "-v"),
        ("diff", "-v", "--working-tree", "--format", "json"),
        ("validate",),
        ("remediate", "-v"),
        ("cleanup", "-v"),
    ):
        result = detect(home, *verb)
        assert SECRET not in result.output, verb
        if verb == ("diff", "-v") and alone:
            assert "nas / good / web" in result.stdout, "one bad stack holds up no other"
        assert result.exit_code in ((1, 2) if "diff" in verb else (0, 1, 2)), verb


def test_captures_that_end_too_early(home: Path, tally: Callable[[str], None]) -> None:
    make_clone(home / "apps", {COMPOSE: WEB})
    source = Path(demo.__file__).parent / "demo_data/captures/ct-docker-01"
    folder, count = home / "cut", 0
    folder.mkdir()
    lab = {"hosts": {"nas": {"docker": f"capture:{folder}"}}, "repositories": {"apps": {"path": "apps"}}}
    (home / "lab.yaml").write_text(json.dumps(lab))
    whole = {file.name: file.read_bytes() for file in source.glob("*.json")}
    for name, data in whole.items():
        for number in range(7):
            for other, content in whole.items():
                (folder / other).write_bytes(content)
            (folder / name).write_bytes(data[: len(data) * number // 7])
            result = detect(home, "diff")
            assert result.exit_code == 2, (name, number)
            assert "NOT AUDITED" in result.stdout
            assert name in result.stdout
            count += 1
    assert count >= 30
    tally(f"captures cut off at {count} places: each told with its file")


def test_values_of_ten_megabytes(home: Path) -> None:
    make_clone(home / "apps", {COMPOSE: WEB})
    folder = home / "huge"
    folder.mkdir()
    huge = "x y|`<" * 1_700_000
    document = {
        "Id": "a" * 64, "Name": "/huge", "Image": "sha256:" + "a" * 64, "Created": "2026-01-01T00:00:00Z", "State": {"Status": "running"},
        "Config": {"Image": "app:1", "Env": [f"HUGE={huge}"], "Labels": {"home.huge": "x"}}, "HostConfig": {}, "Mounts": [], "NetworkSettings": {"Networks": {}},
    }  # fmt: skip
    (folder / "containers.json").write_text(json.dumps([document]))
    (home / "lab.yaml").write_text(
        json.dumps({"hosts": {"nas": {"docker": f"capture:{folder}"}}, "repositories": {"apps": {"path": "apps"}}})
    )
    started = time.process_time()
    for format_ in ("markdown",):
        result = detect(home, "diff", "--format", format_)
        assert result.exit_code in (1, 2)
        assert len(result.stdout) < 100_000
    assert time.process_time() - started < 30


def test_a_file_of_fifty_megabytes_is_told_and_the_other_stacks_are_audited(home: Path) -> None:
    clone = make_clone(home / "apps", {COMPOSE: WEB, "stacks/huge/docker-compose.yml": b"# " + b"x" * 50_000_000})
    for verb in (("diff",), ("diff", "--working-tree")):
        result = detect(home, *verb)
        assert result.exit_code == 2
        assert "stacks/huge/docker-compose.yml" in result.stdout
        assert "larger than 4 MiB" in result.stdout
        assert "nas / web / web" in result.stdout
    assert git(clone, "status", "--porcelain") == ""
