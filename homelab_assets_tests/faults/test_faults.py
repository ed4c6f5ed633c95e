"""What goes wrong around a run: full and read-only disks, damaged leftovers, odd clones, two runs at once.

The package's docstring says where every other fault is tested.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from homelab_assets.audit import refresh, run_audit
from homelab_assets.lab.settings import load_lab
from homelab_assets.secrecy import Vault
from homelab_assets_tests.cli.terminal import detect
from homelab_assets_tests.forge.git import run
from homelab_assets_tests.remediation.world import lay_out

pytestmark = pytest.mark.scenario

FORMER = {"drift-2026-01-01.json": '{"old": true}\n', "notes.md": "# Mine\n"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, so that the demo lab answers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOMELAB_STATE", str(tmp_path / "state"))
    for name in ("HOMELAB_LAB", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 200 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", folder]).returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def _lab(home: Path, **settings: object) -> Path:
    """Write a `lab.yaml` that names the demo's hosts and repositories, whose state is elsewhere."""
    demo = load_lab(None, {"HOMELAB_STATE": str(home / "state")})
    hosts = {name: {"docker": host.docker} for name, host in demo.hosts.items()}
    repositories = {name: {"path": str(one.path)} for name, one in demo.repositories.items()}
    lab = home / "lab.yaml"
    lab.write_text(json.dumps({"hosts": hosts, "repositories": repositories, **settings}))
    return lab


@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_nowhere_to_write(home: Path, disk: Path, fault: str) -> None:
    for name, text in FORMER.items():
        (disk / name).write_text(text)
    lab = _lab(home, reports={"directory": str(disk)})
    if fault == "full":
        with (disk / "ballast").open("wb") as ballast:
            ballast.write(bytes(200 * 1024 - sum(map(len, FORMER.values())) - 12 * 1024))
    else:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    result = detect("audit", "--lab", str(lab))
    assert result.exit_code == 2
    assert {"full": "No space left", "read-only": "Read-only file system"}[fault] in result.stderr
    assert str(disk) in result.stderr
    assert "nothing was lost" in result.stderr
    assert {name: (disk / name).read_text() for name in FORMER} == FORMER
    assert [file.name for file in disk.iterdir() if file.name.startswith(".")] == []
    if fault == "full":
        (disk / "ballast").unlink()
    else:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    assert detect("audit", "--lab", str(lab)).exit_code == 1
    assert len(list(disk.glob("drift-*.md"))) == 1


@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_nowhere_to_keep_an_audit(home: Path, disk: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = _lab(home)
    monkeypatch.setenv("HOMELAB_STATE", str(disk))
    if fault == "read-only":
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    result = detect("audit", "--lab", str(lab), "--format", "json")
    assert result.exit_code == 2
    complaint = next(line for line in result.stderr.splitlines() if line.startswith("error: "))
    assert complaint.startswith(f"error: {disk}/")
    assert {"full": "no space is left", "read-only": "Read-only file system"}[fault] in complaint
    assert "free space" in complaint
    assert json.loads(result.stdout)["summary"]["drifted"] > 0
    assert not (home / "reports").exists()


DAMAGES = {
    "empty": b"",
    "half": None,
    "binary": bytes(range(256)),
    "a list": b"[]\n",
    "null": b"null\n",
    "of a later version": b'{"schema": 99}\n',
    "deep": b"[" * 100_000,
}
VERBS = (("diff",), ("status",), ("docs",), ("pipeline", "--health"))


def test_damaged_leftovers_of_an_earlier_run(home: Path, tally: Callable[[str], None]) -> None:
    assert detect("audit").exit_code == 1
    whole = {
        file: file.read_bytes()
        for folder in (home / "state", home / "reports")
        for file in folder.rglob("*")
        if file.is_file() and file.suffix in (".json", ".md", ".prom", ".html") and "demo" not in file.parts
    }
    assert len(whole) >= 10
    for damage, content in DAMAGES.items():
        for file, data in whole.items():
            file.write_bytes(data[: len(data) // 2] if content is None else content)
        for verb in VERBS:
            result = detect(*verb)
            assert result.exit_code in (0, 1, 2), (damage, verb, result.output)
            assert "Traceback" not in result.output
    assert detect("audit").exit_code == 1
    assert detect("status", "--format", "json").exit_code == 1
    tally(
        f"{len(whole)} leftovers damaged in {len(DAMAGES)} ways: {len(VERBS)} verbs went on, the next audit mended all"
    )


def _bare(clone: Path) -> Path:
    subprocess.run(["git", "clone", "-q", "--bare", str(clone), str(clone.parent / "bare.git")], check=True)
    return clone.parent / "bare.git"


def _shallow(clone: Path) -> Path:
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", f"file://{clone.parent}/origin.git", str(clone.parent / "shallow")],
        check=True,
    )
    return clone.parent / "shallow"


def _detached(clone: Path) -> Path:
    run(clone, "checkout", "-q", "--detach")
    return clone


def _conflicting(clone: Path) -> str:
    file = clone / "stacks/dns-pihole/docker-compose.yml"
    run(clone, "checkout", "-q", "-b", "mine", "HEAD~1")
    file.write_text("services: {}\n# mine\n")
    run(clone, "commit", "-q", "-am", "mine")
    run(clone, "checkout", "-q", "-b", "theirs", "HEAD~1")
    file.write_text("services: {}\n# theirs\n")
    run(clone, "commit", "-q", "-am", "theirs")
    return "mine"


def _merging(clone: Path) -> Path:
    subprocess.run(["git", "-C", str(clone), "merge", "-q", _conflicting(clone)], check=False, capture_output=True)
    assert (clone / ".git/MERGE_HEAD").exists()
    return clone


def _rebasing(clone: Path) -> Path:
    subprocess.run(["git", "-C", str(clone), "rebase", "-q", _conflicting(clone)], check=False, capture_output=True)
    assert (clone / ".git/rebase-merge").exists()
    return clone


def _locked(clone: Path) -> Path:
    (clone / ".git/index.lock").touch()
    return clone


def _with_submodule(clone: Path) -> Path:
    allowed = ["-c", "protocol.file.allow=always"]
    run(clone, *allowed, "submodule", "--quiet", "add", str(clone.parent / "origin.git"), "stacks/other")
    return clone


def _dirty(clone: Path) -> Path:
    (clone / "stacks/dns-pihole/docker-compose.yml").write_text("half: [")
    run(clone, "rm", "-rq", "--cached", "stacks/dns-pihole")
    return clone


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("clones")
    lay_out(root)
    return root


@pytest.mark.parametrize(
    "make",
    [_bare, _shallow, _detached, _merging, _rebasing, _locked, _with_submodule, _dirty],
    ids=lambda f: f.__name__,
)
def test_a_clone_in_whatever_state_gives_the_same_audit(
    laid_out: Path, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    root = tmp_path / "w"
    shutil.copytree(laid_out, root, symlinks=True)
    run(root / "clone", "remote", "set-url", "origin", str(root / "origin.git"))

    def items(path: Path, ref: str) -> list[tuple[str, str, str]]:
        hosts = load_lab(None, {"HOMELAB_STATE": str(root / "demo")}).hosts
        (root / "lab.yaml").write_text(
            json.dumps(
                {
                    "hosts": {name: {"docker": host.docker} for name, host in hosts.items()},
                    "repositories": {"homelab-apps": {"path": str(path), "ref": ref}},
                }
            )
        )
        document = run_audit(load_lab(str(root / "lab.yaml"), {}), vault=Vault(b"k" * 32)).document
        assert not document.problems
        return [(v.host, v.service, item.path) for v in document.services for item in v.items]

    wanted = items(root / "clone", "origin/main")
    assert len(wanted) >= 10
    changed = make(root / "clone")
    before = _state_of(changed)
    assert items(changed, "main" if make is _bare else "origin/main") == wanted
    assert _state_of(changed) == before


def _state_of(clone: Path) -> str:
    bare = run(clone, "rev-parse", "--is-bare-repository") == "true"
    commands = [("for-each-ref",), ("worktree", "list"), *([] if bare else [("status", "--porcelain")])]
    return "\n".join(run(clone, *command) for command in commands)


def test_two_audits_at_once(home: Path) -> None:
    command = [sys.executable, "-c", "from homelab_assets.cli import main; main()", "audit"]
    both = [subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for one in both:
        _, errors = one.communicate(timeout=180)
        assert one.returncode == 1, errors.decode()
        assert b"Traceback" not in errors
    (report,) = (home / "reports").glob("drift-*.json")
    assert json.loads(report.read_text())["summary"]["drifted"] > 5
    assert detect("status", "--format", "json").exit_code == 1


def test_a_name_that_nobody_knows(home: Path) -> None:
    demo = load_lab(None, {"HOMELAB_STATE": str(home / "state")})
    hosts = {name: {"docker": host.docker} for name, host in demo.hosts.items()}
    hosts["lost"] = {"docker": "ssh://root@no-such-host.invalid"}
    (home / "lab.yaml").write_text(json.dumps({"hosts": hosts}))
    result = detect("audit", "--lab", str(home / "lab.yaml"), "--format", "json")
    assert result.exit_code == 2
    found = {host["name"]: host for host in json.loads(result.stdout)["hosts"]}
    assert found["lost"]["status"] == "unreachable"
    assert "no-such-host.invalid" in found["lost"]["error"]
    assert [found[name]["status"] for name in demo.hosts] == ["captured", "captured"]
    assert len(list((home / "reports").glob("drift-*.md"))) == 1


def test_a_baseline_that_was_forced_back(laid_out: Path, tmp_path: Path) -> None:
    root = tmp_path / "w"
    shutil.copytree(laid_out, root, symlinks=True)
    run(root / "clone", "remote", "set-url", "origin", str(root / "origin.git"))
    hosts = load_lab(None, {"HOMELAB_STATE": str(root / "demo")}).hosts
    (root / "lab.yaml").write_text(
        json.dumps(
            {
                "hosts": {name: {"docker": host.docker} for name, host in hosts.items()},
                "repositories": {"homelab-apps": {"path": str(root / "clone"), "ref": "origin/main"}},
            }
        )
    )
    lab = load_lab(str(root / "lab.yaml"), {})
    before = run_audit(lab, vault=Vault(b"k" * 32)).document
    older = run(root / "clone", "rev-parse", "origin/main~1")
    # Another history altogether, pushed over it: nothing that was remembered is an ancestor any more.
    run(root / "other", "fetch", "-q", str(root / "origin.git"), "main")
    run(root / "other", "checkout", "-q", "--orphan", "anew", older)
    run(root / "other", "commit", "-q", "-m", "feat: history made anew")
    run(root / "other", "push", "-q", "--force", str(root / "origin.git"), "HEAD:main")
    assert refresh(lab) == {}
    checkout = run(root / "clone", "rev-parse", "HEAD")
    after = run_audit(lab, vault=Vault(b"k" * 32)).document
    assert not after.problems
    assert after.baselines[0].commit == run(root / "other", "rev-parse", "HEAD") != before.baselines[0].commit
    assert after.summary["services"] == before.summary["services"]
    assert run(root / "clone", "rev-parse", "HEAD") == checkout
    assert run(root / "clone", "status", "--porcelain") == ""
