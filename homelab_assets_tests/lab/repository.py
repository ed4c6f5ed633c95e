"""The lab's git repositories: an origin, the dev-vm's clone, and a clone on each host, made from the files here."""

import os
import shutil
import subprocess
from pathlib import Path

import homelab_assets.lab

# The demo lab is recorded from this lab, so both are made from the same files.
DATA = Path(homelab_assets.lab.__file__).parent / "demo_data"
_AUTHOR = {
    "GIT_AUTHOR_NAME": "Larry",
    "GIT_AUTHOR_EMAIL": "larry@home.arpa",
    "GIT_COMMITTER_NAME": "Larry",
    "GIT_COMMITTER_EMAIL": "larry@home.arpa",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(directory: Path, *arguments: str) -> str:
    """Run git and return what it printed, stripped."""
    command = ["git", "-C", str(directory), "-c", "safe.directory=*", *arguments]
    done = subprocess.run(command, text=True, capture_output=True, env={**os.environ, **_AUTHOR})
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


class Repository:
    """A repository of the homelab.

    Attributes:
        name: `homelab-apps` or `homelab-infra`. origin: the bare repository. clone: the dev-vm's clone, on `main`.
    """

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.origin = directory / "git" / f"{name}.git"
        self.clone = directory / "dev-vm" / name

    def create(self) -> None:
        """Make origin and clone from the files beside this module."""
        self.origin.mkdir(parents=True)
        git(self.origin, "init", "-q", "--bare", "--initial-branch=main")
        shutil.copytree(DATA / self.name, self.clone)
        git(self.clone, "init", "-q", "--initial-branch=main")
        git(self.clone, "remote", "add", "origin", str(self.origin))
        self.commit("feat: the homelab as it is")

    def commit(self, message: str, *, push: bool = True) -> str:
        """Commit everything in the clone, push it to origin, and return the commit."""
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "-q", "-m", message)
        if push:
            git(self.clone, "push", "-q", "--set-upstream", "origin", "main")
        return git(self.clone, "rev-parse", "HEAD")

    def write(self, path: str, text: str) -> None:
        """Write a file in the clone."""
        file = self.clone / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text that stands exactly once in a file of the clone."""
        file = self.clone / path
        text = file.read_text()
        if text.count(old) != 1:
            raise ValueError(f"{path}: {old!r} stands {text.count(old)} times")
        file.write_text(text.replace(old, new))

    def pull_to(self, directory: Path) -> None:
        """Bring a host's clone to what origin's main is, as Larry does before he deploys."""
        if not (directory / ".git").exists():
            directory.parent.mkdir(parents=True, exist_ok=True)
            git(directory.parent, "clone", "-q", str(self.origin), directory.name)
        git(directory, "fetch", "-q", "origin")
        git(directory, "reset", "-q", "--hard", "origin/main")
