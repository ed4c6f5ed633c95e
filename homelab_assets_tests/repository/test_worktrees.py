import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from homelab_assets.errors import UserError
from homelab_assets.repository.git import Git
from homelab_assets.repository.git_errors import GitError
from homelab_assets.repository.worktrees import Committer, prune_worktrees, temporary_worktree
from homelab_assets_tests.repository.clones import commit, git, make_clone

LARRY = Committer(name="Bot", email="bot@home.arpa", when="2026-11-23T06:00:00Z")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return make_clone(
        tmp_path / "clone",
        {"a.yml": "a: 1\r\n", "run.sh": "#!/bin/sh\n", ".gitattributes": "*.yml text eol=lf\n", "gone.yml": "x\n"},
    )


def snapshot(clone: Path) -> tuple[object, ...]:
    """Everything of the operator's that must not change."""
    files = {path: path.read_bytes() for path in clone.rglob("*") if path.is_file() and ".git" not in path.parts}
    return (
        files,
        git(clone, "status", "--porcelain"),
        git(clone, "for-each-ref"),
        (clone / ".git/HEAD").read_text(),
        (clone / ".git/index").read_bytes(),
        git(clone, "worktree", "list"),
    )


def test_a_commit_changes_only_what_it_names(clone: Path, tmp_path: Path) -> None:
    (clone / "run.sh").chmod(0o755)
    commit(clone, {})
    (clone / "a.yml").write_text("work in progress")
    before = snapshot(clone)
    base = git(clone, "rev-parse", "HEAD")
    with temporary_worktree(Git(clone), "main", directory=tmp_path / "work") as worktree:
        assert worktree.path.is_dir()
        assert worktree.git.resolve("HEAD") == base == worktree.base
        new = worktree.commit(
            {"a.yml": b"a: 2\r\n", "run.sh": b"#!/bin/bash\n", "new/deep.yml": b"n", "gone.yml": None},
            "fix: two\n",
            LARRY,
        )
        assert (worktree.path / "a.yml").read_bytes() == b"a: 2\r\n"
        assert worktree.commit({"a.yml": b"a: 2\r\n"}, "fix: nothing\n", LARRY) == new
    assert snapshot(clone) == before
    assert list((tmp_path / "work").iterdir()) == []
    assert git(clone, "rev-parse", f"{new}^") == base
    assert git(clone, "diff-tree", "-r", "--name-status", base, new).split() == (
        ["M", "a.yml", "D", "gone.yml", "A", "new/deep.yml", "M", "run.sh"]
    )
    assert git(clone, "ls-tree", new, "run.sh").startswith("100755")
    shown = subprocess.run(["git", "cat-file", "blob", f"{new}:a.yml"], cwd=clone, capture_output=True, check=True)
    assert shown.stdout == b"a: 2\r\n"
    assert git(clone, "show", "-s", "--format=%an %ce %cI", new) == "Bot bot@home.arpa 2026-11-23T06:00:00+00:00"


@pytest.mark.parametrize(
    "path", ["../out", "/etc/x", ".git/config", "a/../../x", "", "sub/.GIT/hooks/x", "link/x", "link", "a\0b"]
)
def test_paths_that_lead_out_are_refused(clone: Path, path: str) -> None:
    (clone / "link").symlink_to("/tmp")
    commit(clone, {})
    with temporary_worktree(Git(clone), "HEAD") as worktree, pytest.raises(UserError):
        worktree.commit({path: b"x"}, "fix: no\n", LARRY)


def test_an_exception_inside_leaves_nothing(clone: Path, tmp_path: Path) -> None:
    before = snapshot(clone)
    with pytest.raises(RuntimeError), temporary_worktree(Git(clone), "HEAD", directory=tmp_path / "work"):
        raise RuntimeError
    assert snapshot(clone) == before
    assert list((tmp_path / "work").iterdir()) == []


def test_a_killed_process_leaves_what_the_next_one_removes(clone: Path, tmp_path: Path) -> None:
    before = snapshot(clone)
    script = (
        "import sys, time; from pathlib import Path\n"
        "from homelab_assets.repository.git import Git\n"
        "from homelab_assets.repository.worktrees import temporary_worktree\n"
        "with temporary_worktree(Git(Path(sys.argv[1])), 'HEAD', directory=Path(sys.argv[2])) as worktree:\n"
        "    (worktree.path / 'a.yml').write_text('half'); print('ready', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(clone), str(tmp_path / "work")], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert prune_worktrees(Git(clone)) == 0, "a living process keeps its worktree"
        os.kill(process.pid, signal.SIGKILL)
    assert len(git(clone, "worktree", "list").splitlines()) == 2
    with temporary_worktree(Git(clone), "HEAD", directory=tmp_path / "work"):
        assert len(git(clone, "worktree", "list").splitlines()) == 2
    assert snapshot(clone) == before
    assert list((tmp_path / "work").iterdir()) == []


def test_a_swept_temporary_folder_and_the_operator_s_own_worktree(clone: Path, tmp_path: Path) -> None:
    git(clone, "worktree", "add", "-q", "--detach", str(tmp_path / "own"))
    git(clone, "worktree", "add", "-q", "--detach", str(tmp_path / "homelab-worktree-gone"))
    git(clone, "worktree", "lock", str(tmp_path / "homelab-worktree-gone"))
    subprocess.run(["rm", "-rf", str(tmp_path / "homelab-worktree-gone")], check=True)
    assert prune_worktrees(Git(clone)) == 1
    assert [line.split()[0] for line in git(clone, "worktree", "list").splitlines()] == [
        str(clone),
        str(tmp_path / "own"),
    ]


def test_a_clone_in_the_middle_of_a_merge(clone: Path) -> None:
    git(clone, "switch", "-q", "-c", "other")
    commit(clone, {"a.yml": "one\n"})
    git(clone, "switch", "-q", "main")
    commit(clone, {"a.yml": "two\n"})
    git(clone, "merge", "other", fine=False)
    before = snapshot(clone)
    with temporary_worktree(Git(clone), "main") as worktree:
        assert worktree.commit({"a.yml": b"three\n"}, "fix: three\n", LARRY) != worktree.base
    assert snapshot(clone) == before


def test_several_at_the_same_time_do_not_take_each_other_away(clone: Path, tmp_path: Path) -> None:
    def work(number: int) -> str:
        with temporary_worktree(Git(clone), "main", directory=tmp_path / "work") as worktree:
            return worktree.commit({f"{number}.yml": b"x"}, f"fix: {number}\n", LARRY)

    before = snapshot(clone)
    with ThreadPoolExecutor(4) as pool:
        commits = set(pool.map(work, range(12)))
    assert len(commits) == 12
    assert snapshot(clone) == before
    assert list((tmp_path / "work").iterdir()) == []


def test_a_lock_that_the_operator_s_git_holds_is_no_obstacle(clone: Path) -> None:
    (clone / ".git/index.lock").touch()
    with temporary_worktree(Git(clone), "main") as worktree:
        assert worktree.commit({"a.yml": b"x"}, "fix: x\n", LARRY) != worktree.base
    assert (clone / ".git/index.lock").exists()


def test_hooks_do_not_run_and_filters_change_no_byte(clone: Path, tmp_path: Path) -> None:
    for hook in ("post-checkout", "pre-commit", "commit-msg", "post-commit", "reference-transaction"):
        file = clone / ".git/hooks" / hook
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\ntouch {tmp_path}/owned\n")
        file.chmod(0o755)
    git(clone, "config", "core.autocrlf", "true")
    git(clone, "config", "commit.gpgSign", "true")
    git(clone, "config", "gpg.program", f"{tmp_path}/none")
    with temporary_worktree(Git(clone), "main") as worktree:
        new = worktree.commit({"b.yml": b"one\r\ntwo\n"}, "fix: b\n", LARRY)
        blob = worktree.git.run("cat-file", "blob", f"{new}:b.yml").out
    assert blob == b"one\r\ntwo\n"
    assert not (tmp_path / "owned").exists()


def test_an_unknown_commit_leaves_nothing_behind(clone: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(GitError, match="no commit or branch"),
        temporary_worktree(Git(clone), "nope", directory=tmp_path / "work"),
    ):
        raise AssertionError
    assert not (tmp_path / "work").exists()
