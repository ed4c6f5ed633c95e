"""A bare repository as the remote, and a clone of it as the operator's."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

LARRY = {
    **{
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "Larry"), ("EMAIL", "larry@home.arpa"))
    },
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def run(directory: Path, *arguments: str) -> str:
    """Run git as Larry, and return what it printed, stripped."""
    done = subprocess.run(
        ["git", "-C", str(directory), *arguments], capture_output=True, text=True, env={**os.environ, **LARRY}
    )
    if done.returncode:
        raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr}{done.stdout}")
    return done.stdout.strip()


class Remote:
    """Attributes: origin: bare. clone: the operator's, on `main`. other: another person's clone."""

    def __init__(self, directory: Path, files: Mapping[str, str | bytes] | None = None) -> None:
        self.origin, self.clone, self.other = (directory / name for name in ("origin.git", "clone", "other"))
        for path in (self.origin, self.clone):
            path.mkdir(parents=True)
        run(self.origin, "init", "-q", "--bare", "--initial-branch=main")
        run(self.clone, "init", "-q", "--initial-branch=main")
        run(self.clone, "remote", "add", "origin", str(self.origin))
        self.write(self.clone, files or {"a.txt": "first\n"})
        run(self.clone, "add", "--all")
        run(self.clone, "commit", "-q", "-m", "feat: begin")
        run(self.clone, "push", "-q", "-u", "origin", "main")
        run(self.clone, "fetch", "-q", "origin")
        run(directory, "clone", "-q", str(self.origin), "other")

    def git(self, *arguments: str) -> str:
        """Run git in the bare repository."""
        return run(self.origin, *arguments)

    def write(self, root: Path, files: Mapping[str, str | bytes]) -> None:
        """Write files below a folder."""
        for name, data in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data.encode() if isinstance(data, str) else data)

    def branch(self, name: str, files: Mapping[str, str]) -> str:
        """Push a new branch with one commit by another person."""
        run(self.other, "checkout", "-q", "-B", name, "origin/main")
        return self._push(name, files)

    def commit_on(self, name: str, files: Mapping[str, str]) -> str:
        """Push one more commit by another person to a branch that is there."""
        run(self.other, "fetch", "-q", "origin")
        run(self.other, "checkout", "-q", "-B", name, f"origin/{name}")
        return self._push(name, files)

    def _push(self, name: str, files: Mapping[str, str]) -> str:
        self.write(self.other, files)
        run(self.other, "add", "--all")
        run(self.other, "commit", "-q", "-m", "fix: by hand")
        run(self.other, "push", "-q", "origin", name)
        return run(self.other, "rev-parse", "HEAD")

    def fetch(self) -> str:
        """Bring the operator's clone up to date, and return main's commit."""
        run(self.clone, "fetch", "-q", "--prune", "origin")
        return run(self.clone, "rev-parse", "origin/main")
