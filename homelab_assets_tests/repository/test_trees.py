import os
from pathlib import Path

import pytest

from homelab_assets.errors import BaselineError
from homelab_assets.model import FileTree
from homelab_assets.repository.git import Git
from homelab_assets.repository.git_errors import GitError
from homelab_assets.repository.trees import GitTree, WorkingTree
from homelab_assets_tests.repository.clones import commit, git, make_clone

FILES = {
    "stack-targets.yml": "a: host\n",
    "stacks/a/compose.yml": "services: {}\n",
    "stacks/a/config/deep/settings.conf": "x\n",
    "stacks/a/blob.bin": b"\x00\xff" * 10,
    "stacks/b/käse – ünïcode.yml": "b\n",
    "stacks/b/empty.yml": "",
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return make_clone(tmp_path / "clone", FILES)


@pytest.fixture(params=["commit", "bare", "disk"])
def tree(request: pytest.FixtureRequest, clone: Path, tmp_path: Path) -> FileTree:
    (clone / "stacks/linked").symlink_to("a")
    (clone / "stacks/a/alias.yml").symlink_to("../../stacks/./b/empty.yml")
    (clone / "stacks/a/out.yml").symlink_to("../../../secret.txt")
    (clone / "stacks/a/far.yml").symlink_to("/etc/passwd")
    (clone / "stacks/a/loop.yml").symlink_to("loop.yml")
    (clone / "outside").symlink_to("..")
    (tmp_path / "secret.txt").write_text("secret")
    commit(clone, {})
    if request.param == "disk":
        return WorkingTree(clone)
    if request.param == "bare":
        git(tmp_path, "clone", "-q", "--bare", str(clone), "bare.git")
        return GitTree(Git(tmp_path / "bare.git"), Git(tmp_path / "bare.git").resolve("HEAD"))
    return GitTree(Git(clone), Git(clone).resolve("HEAD"))


def test_files_and_folders(tree: FileTree) -> None:
    for path, content in FILES.items():
        assert tree.read(path) == (content.encode() if isinstance(content, str) else content)
    assert tree.list("stacks") == ["a/", "b/", "linked/"]
    assert tree.list("stacks/b") == ["empty.yml", "käse – ünïcode.yml"]
    assert tree.list("stacks/a/config/") == ["deep/"]
    assert tree.list("stacks/a") == [
        *("alias.yml", "blob.bin", "compose.yml", "config/", "far.yml", "loop.yml", "out.yml")
    ]
    assert "outside" in tree.list()
    assert "stack-targets.yml" in tree.list()
    assert tree.list("nowhere") == []
    assert tree.list("stack-targets.yml") == []


def test_links_inside_are_followed(tree: FileTree) -> None:
    assert tree.read("stacks/a/alias.yml") == b""
    assert tree.read("stacks/linked/compose.yml") == b"services: {}\n"
    assert tree.list("stacks/linked/config") == ["deep/"]
    assert tree.read("stacks/b/../a/./compose.yml") == b"services: {}\n"


@pytest.mark.parametrize("path", ["stacks/a/out.yml", "stacks/a/far.yml", "outside/secret.txt"])
def test_links_that_leave_are_refused_aloud(tree: FileTree, path: str) -> None:
    with pytest.raises(BaselineError, match="leaves the repository"):
        tree.read(path)


@pytest.mark.parametrize(
    "path", ["../secret.txt", "/etc/passwd", "stacks/../../secret.txt", "stacks\0", ".git/config", "", "stacks", "x/y"]
)
def test_what_is_outside_is_not_there(tree: FileTree, path: str) -> None:
    assert tree.read(path) is None


def test_a_link_to_itself_does_not_hang(tree: FileTree) -> None:
    with pytest.raises(BaselineError):
        tree.read("stacks/a/loop.yml")


def test_the_operator_s_unsaved_work_is_not_in_the_commit(clone: Path) -> None:
    tree = GitTree(Git(clone), Git(clone).resolve("HEAD"))
    (clone / "stacks/a/compose.yml").write_text("changed")
    assert tree.read("stacks/a/compose.yml") == b"services: {}\n"
    assert WorkingTree(clone).read("stacks/a/compose.yml") == b"changed"


def test_huge_files_and_pipes(clone: Path) -> None:
    commit(clone, {"stacks/a/huge.yml": b"x" * (4 * 1024 * 1024 + 1), "stacks/a/large.yml": b"x" * 300_000})
    os.mkfifo(clone / "pipe.yml")
    tree = GitTree(Git(clone), Git(clone).resolve("HEAD"))
    assert len(tree.read("stacks/a/large.yml") or b"") == 300_000
    for each in (tree, WorkingTree(clone)):
        with pytest.raises(BaselineError, match="4 MiB"):
            each.read("stacks/a/huge.yml")
    assert WorkingTree(clone).read("pipe.yml") is None


def test_submodules_are_noted_and_empty(clone: Path, tmp_path: Path) -> None:
    make_clone(tmp_path / "other", {"compose.yml": "x"})
    git(clone, "submodule", "add", "-q", str(tmp_path / "other"), "stacks/sub")
    commit(clone, {})
    tree = GitTree(Git(clone), Git(clone).resolve("HEAD"))
    assert tree.submodules == ("stacks/sub",)
    assert tree.read("stacks/sub/compose.yml") is None
    assert "sub/" in tree.list("stacks")


def test_a_damaged_clone_is_said_to_be_damaged(clone: Path) -> None:
    blob = git(clone, "rev-parse", "HEAD:stacks/a/compose.yml")
    file = clone / ".git" / "objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.unlink()
    with pytest.raises(GitError) as caught:
        GitTree(Git(clone), Git(clone).resolve("HEAD"))
    assert caught.value.kind == "broken"
