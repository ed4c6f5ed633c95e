"""Real git repositories in temporary folders, for tests."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Larry",
    "GIT_AUTHOR_EMAIL": "larry@home.arpa",
    "GIT_COMMITTER_NAME": "Larry",
    "GIT_COMMITTER_EMAIL": "larry@home.arpa",
}


def git(path: Path, *arguments: str, when: str | None = None, fine: bool = True) -> str:
    """Run git as an operator would, and return its output."""
    dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when} if when else {}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    result = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=path,
        env=inherited | _ENVIRONMENT | dates,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0 or not fine, result.stderr
    return result.stdout.strip()


def write(path: Path, files: Mapping[str, str | bytes | None]) -> None:
    """Write files below a folder; None removes one."""
    for name, content in files.items():
        file = path / name
        if content is None:
            file.unlink()
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)


def commit(
    path: Path, files: Mapping[str, str | bytes | None], message: str = "chore: work", when: str | None = None
) -> str:
    """Write files, commit everything, and return the commit's id."""
    write(path, files)
    git(path, "add", "-A")
    git(path, "commit", "-q", "--allow-empty", "-m", message, when=when)
    return git(path, "rev-parse", "HEAD")


def make_clone(path: Path, files: Mapping[str, str | bytes | None], when: str | None = None) -> Path:
    """Make a repository with one commit on `main`."""
    path.mkdir(parents=True, exist_ok=True)
    git(path, "init", "-q", "-b", "main")
    commit(path, files, "feat: first", when)
    return path
