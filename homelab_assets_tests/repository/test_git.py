import os
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from homelab_assets.repository.git import Git
from homelab_assets.repository.git_errors import GitError
from homelab_assets.repository.history import last_changes, log
from homelab_assets.repository.remotes import branch_ref, fetch, ls_remote, push, remote_branch, tracked
from homelab_assets_tests.repository.clones import commit, git, make_clone, write


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return make_clone(tmp_path / "clone", {"stacks/a/compose.yml": "services: {}\n", "README.md": "hello\n"})


@pytest.fixture
def remote(tmp_path: Path, clone: Path) -> Path:
    git(tmp_path, "clone", "-q", "--bare", str(clone), "remote.git")
    git(clone, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(clone, "fetch", "-q")
    return tmp_path / "remote.git"


class TestLooking:
    def test_a_missing_folder_and_a_folder_that_is_no_clone_are_told_apart(self, tmp_path: Path) -> None:
        with pytest.raises(GitError, match="no such folder") as caught:
            Git(tmp_path / "nowhere").clone()
        assert caught.value.kind == "missing"
        with pytest.raises(GitError, match="not a git repository") as caught:
            Git(tmp_path).clone()
        assert caught.value.kind == "missing"

    def test_a_folder_inside_a_clone_is_not_taken_for_the_clone_above(self, clone: Path) -> None:
        with pytest.raises(GitError, match="not a git repository"):
            Git(clone / "stacks").clone()

    def test_bare_shallow_and_detached_clones(self, clone: Path, tmp_path: Path) -> None:
        commit(clone, {"README.md": "again\n"})
        git(tmp_path, "clone", "-q", "--bare", str(clone), "bare.git")
        git(tmp_path, "clone", "-q", "--depth=1", f"file://{clone}", "shallow")
        git(tmp_path / "shallow", "checkout", "-q", "--detach")
        assert Git(tmp_path / "bare.git").clone().bare
        shallow = Git(tmp_path / "shallow").clone()
        assert shallow.grafts == {git(clone, "rev-parse", "HEAD")}

    def test_a_merge_in_progress_is_seen(self, clone: Path) -> None:
        git(clone, "switch", "-q", "-c", "other")
        commit(clone, {"README.md": "one\n"})
        git(clone, "switch", "-q", "main")
        commit(clone, {"README.md": "two\n"})
        git(clone, "merge", "other", fine=False)
        assert Git(clone).clone().operation == "merge"
        assert Git(clone).dirty_paths() == ("README.md",)

    def test_an_unknown_ref_names_the_branches(self, clone: Path) -> None:
        with pytest.raises(GitError, match=r"no commit or branch 'mian'.*known: main"):
            Git(clone).resolve("mian")

    @pytest.mark.parametrize(
        "ref", ["--output=owned", "-h", "--all", "main\n", "$(touch owned)", "a..b", "", ":/x", "@{-9}"]
    )
    def test_hostile_refs_name_nothing(self, clone: Path, ref: str) -> None:
        assert Git(clone).find(ref) is None
        assert sorted(path.name for path in clone.iterdir()) == [".git", "README.md", "stacks"]

    def test_the_default_ref(self, clone: Path, remote: Path) -> None:
        assert Git(remote).default_ref() == "main"
        assert Git(clone).default_ref() == "origin/main"
        git(clone, "remote", "set-head", "origin", "main")
        assert Git(clone).default_ref() == "origin/main"
        git(clone, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone")
        git(clone, "update-ref", "-d", "refs/remotes/origin/main")
        assert Git(clone).default_ref() == "main"
        git(clone, "branch", "-m", "trunk")
        assert Git(clone).default_ref() == "HEAD"

    def test_the_default_ref_is_a_branch_whatever_has_its_name(self, clone: Path, remote: Path) -> None:
        for place in (clone, remote):
            git(place, "tag", "main")
        git(clone, "branch", "origin/main", "refs/heads/main")
        tip = commit(clone, {"README.md": "later\n"})
        git(clone, "push", "-q", "origin", "refs/heads/main")
        assert (Git(clone).default_ref(), Git(remote).default_ref()) == ("remotes/origin/main", "heads/main")
        assert {Git(place).resolve(Git(place).default_ref()) for place in (clone, remote)} == {tip}
        git(clone, "remote", "set-head", "origin", "main")
        assert Git(clone).default_ref() == "remotes/origin/main"
        assert tracked(Git(clone), "remotes/origin/main") == ("origin", "main")

    def test_git_variables_of_a_surrounding_hook_do_not_count(
        self, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = make_clone(tmp_path / "other", {"x": "x"})
        monkeypatch.setenv("GIT_DIR", str(other / ".git"))
        monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
        assert Git(clone).resolve("HEAD") == git(clone, "rev-parse", "HEAD")

    def test_nothing_in_the_clone_runs(self, clone: Path) -> None:
        owned = clone.parent / "owned"
        script = clone.parent / "evil.sh"
        script.write_text(f"#!/bin/sh\ntouch {owned}\n")
        script.chmod(0o755)
        for hook in ("pre-push", "post-checkout", "reference-transaction", "pre-auto-gc", "post-index-change"):
            (clone / ".git" / "hooks").mkdir(exist_ok=True)
            (clone / ".git" / "hooks" / hook).symlink_to(script)
        for key in ("core.fsmonitor", "core.pager", "core.editor", "core.askPass", "core.sshCommand"):
            git(clone, "config", key, str(script))
        git(clone, "config", "remote.evil.url", f"ext::{script}")
        wrapper = Git(clone)
        wrapper.dirty_paths()
        log(wrapper)
        with pytest.raises(GitError, match="ext"):
            ls_remote(wrapper, "evil")
        with pytest.raises(GitError, match="ext"):
            fetch(wrapper, f"ext::{script}")
        assert not owned.exists()

    def test_ancestry_survives_a_vanished_commit(self, clone: Path) -> None:
        first = git(clone, "rev-parse", "HEAD")
        second = commit(clone, {"README.md": "2\n"})
        wrapper = Git(clone)
        assert wrapper.is_ancestor(first, second)
        assert not wrapper.is_ancestor(second, first)
        assert not wrapper.is_ancestor("f" * 40, second)
        assert wrapper.merge_base(first, second) == first


class TestHistory:
    def test_hostile_texts_and_names_come_back_whole(self, clone: Path) -> None:
        name = "stacks/a/-- odd\n\x1e\x1fname\ttab.yml"
        commit(clone, {name: "x"}, "fix: a\x1e\x1fb\n\nbody \x1f with\nlines", "2026-01-02T03:04:05+02:00")
        commit(clone, {}, "chore: empty")
        commits = log(Git(clone))
        assert [entry.subject for entry in commits] == ["chore: empty", "fix: a\x1e\x1fb", "feat: first"]
        assert commits[1].files == (name,)
        assert commits[1].body == "body \x1f with\nlines"
        assert commits[1].committed_at == "2026-01-02T01:04:05Z"
        assert commits[1].parents == (commits[2].sha,)
        assert [entry.subject for entry in log(Git(clone), files=False)] == [entry.subject for entry in commits]

    def test_a_repository_without_commits_has_no_history(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q")
        assert log(Git(tmp_path)) == ()

    def test_a_merge_counts_when_it_reached_the_branch(self, tmp_path: Path) -> None:
        clone = make_clone(tmp_path / "clone", {"stacks/a/x": "1", "stacks/b/x": "1"}, "2026-01-01T00:00:00Z")
        git(clone, "switch", "-q", "-c", "topic")
        commit(clone, {"stacks/a/x": "2"}, when="2026-01-02T00:00:00Z")
        git(clone, "switch", "-q", "main")
        git(clone, "merge", "-q", "--no-ff", "-m", "merge", "topic", when="2026-02-01T00:00:00Z")
        assert last_changes(Git(clone), "HEAD", ["stacks/a", "stacks/b", "stacks/b/x", "stacks/none"]) == {
            "stacks/a": "2026-02-01T00:00:00Z",
            "stacks/b": "2026-01-01T00:00:00Z",
            "stacks/b/x": "2026-01-01T00:00:00Z",
        }

    @pytest.mark.parametrize("stamp", ["99999999999999 +0000", "-5 +0000", "yesterday"])
    def test_a_commit_whose_date_makes_no_sense_has_none(self, clone: Path, tmp_path: Path, stamp: str) -> None:
        write(
            tmp_path,
            {"raw": f"tree {git(clone, 'write-tree')}\nauthor L <l@x> {stamp}\ncommitter L <l@x> {stamp}\n\nodd\n"},
        )
        odd = git(clone, "hash-object", "-t", "commit", "-w", "--literally", str(tmp_path / "raw"))
        assert [(entry.subject, entry.committed_at) for entry in log(Git(clone), odd)] == [("odd", "")]
        assert last_changes(Git(clone), odd, [""]) == {}

    def test_a_shallow_clone_does_not_pretend_to_know(self, tmp_path: Path) -> None:
        clone = make_clone(tmp_path / "clone", {"stacks/a/x": "1", "stacks/b/x": "1"}, "2026-01-01T00:00:00Z")
        commit(clone, {"stacks/b/x": "2"}, when="2026-01-05T00:00:00Z")
        commit(clone, {"stacks/a/x": "2"}, when="2026-01-09T00:00:00Z")
        git(tmp_path, "clone", "-q", "--depth=2", f"file://{clone}", "shallow")
        shallow = Git(tmp_path / "shallow")
        assert last_changes(shallow, "HEAD", ["stacks/a", "stacks/b"], grafts=shallow.clone().grafts) == {
            "stacks/a": "2026-01-09T00:00:00Z"
        }


class TestRemotes:
    def test_push_is_refused_when_somebody_pushed_in_between(self, clone: Path, remote: Path) -> None:
        wrapper = Git(clone)
        first = wrapper.resolve("HEAD")
        second = commit(clone, {"README.md": "2\n"})
        push(wrapper, "origin", second, "fix/one")
        assert remote_branch(wrapper, "origin", "fix/one") == second
        git(clone, "reset", "-q", "--hard", first)
        third = commit(clone, {"README.md": "3\n"})
        with pytest.raises(GitError) as caught:
            push(wrapper, "origin", third, "fix/one")
        assert caught.value.kind == "rejected"
        with pytest.raises(GitError) as caught:
            push(wrapper, "origin", third, "fix/one", expected=first)
        assert caught.value.kind == "rejected"
        push(wrapper, "origin", third, "fix/one", expected=second)
        assert ls_remote(wrapper, "origin", "refs/heads/fix/*") == {"refs/heads/fix/one": third}

    def test_fetch_leaves_the_operator_s_branches_alone(self, clone: Path, remote: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "-q", str(remote), "second")
        new = commit(tmp_path / "second", {"README.md": "moved\n"})
        git(tmp_path / "second", "push", "-q", "origin", "main")
        before = git(clone, "rev-parse", "main")
        fetch(Git(clone), "origin")
        assert git(clone, "rev-parse", "origin/main") == new
        assert git(clone, "rev-parse", "main") == before
        assert (clone / "README.md").read_text() == "hello\n"
        assert (
            not (clone / ".git" / "FETCH_HEAD").exists() or "moved" not in (clone / ".git" / "FETCH_HEAD").read_text()
        )

    @pytest.mark.parametrize(
        "branch",
        ["", "-x", "a..b", "a b", "a~1", "a:b", "x.lock", "/x", "x/", ".x", "a\nb", "@", "a@{1}", "a\x00b", "a//b"],
    )
    def test_unusable_branch_names(self, branch: str) -> None:
        with pytest.raises(GitError, match="no usable branch name"):
            branch_ref(branch)

    def test_a_remote_that_is_not_there(self, clone: Path, tmp_path: Path) -> None:
        with pytest.raises(GitError) as caught:
            ls_remote(Git(clone), str(tmp_path / "no.git"))
        assert caught.value.kind in {"missing-ref", "missing"}

    def test_credentials_in_a_remote_are_never_shown_and_nobody_is_asked(self, clone: Path) -> None:
        server = HTTPServer(("127.0.0.1", 0), _Refuse)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            for userinfo in ("larry:hunter2hunter2", "x1y2z3"):
                url = f"http://{userinfo}@127.0.0.1:{server.server_port}/a.git"
                with pytest.raises(GitError) as caught:
                    ls_remote(Git(clone), url)
                assert caught.value.kind == "auth"
                assert "hunter2" not in str(caught.value)
                assert "x1y2z3" not in str(caught.value)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def test_a_remote_that_hangs_is_given_up(self, clone: Path) -> None:
        server = HTTPServer(("127.0.0.1", 0), _Hang)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        started = time.monotonic()
        try:
            with pytest.raises(GitError, match="took longer than") as caught:
                ls_remote(Git(clone), f"http://127.0.0.1:{server.server_port}/a.git", seconds=0.5)
            assert caught.value.kind == "timeout"
            assert time.monotonic() - started < 5
        finally:
            _Hang.release.set()
            server.shutdown()
            thread.join()
            server.server_close()


class _Refuse(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _Hang(_Refuse):
    release = threading.Event()

    def do_GET(self) -> None:
        self.release.wait(10)


@pytest.mark.skipif(os.geteuid() != 0, reason="changing owners needs root")
def test_a_clone_of_another_owner_says_how_to_trust_it(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("HOME", str(clone.parent))
    for path in (clone, clone / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(GitError, match=r"safe\.directory") as caught:
        Git(clone).clone()
    assert caught.value.kind == "ownership"
