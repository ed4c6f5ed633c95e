"""The demo lab: a recorded two-host homelab with its two git repositories, laid out on first use.

The captures were recorded from real engines (`python -m homelab_assets_tests.lab record-demo`); the repositories are
made from the bundled files and a short history with fixed dates, so that their commits have the same ids everywhere.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from homelab_assets.errors import ConfigurationError
from homelab_assets.repository.git import Git

_DATA = Path(__file__).parent / "demo_data"
_AUTHOR = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "Larry"), ("EMAIL", "larry@home.arpa"))
}
# The operator's own settings would change the commits.
_PLAIN = {"GIT_CONFIG_GLOBAL": os.devnull}


def demo_lab_file(environment: Mapping[str, str]) -> Path:
    """Return the demo's `lab.yaml`, laid out below the state folder (`$HOMELAB_STATE`, else `./.homelab_state`).

    Raises:
        UserError: the folder is not writable, or git is missing.
    """
    state = Path(environment.get("HOMELAB_STATE") or ".homelab_state").absolute()
    target = state / "demo" / _fingerprint()
    if not (target / "lab.yaml").is_file():
        _lay_out(target)
    return target / "lab.yaml"


def _fingerprint() -> str:
    """Identify the bundled data, so that another version of it is laid out afresh."""
    digest = hashlib.sha256()
    for file in sorted(path for path in _DATA.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(_DATA)}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _lay_out(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".demo-", dir=target.parent) as folder:
            made = Path(folder) / "demo"
            made.mkdir()
            for name, commits in json.loads((_DATA / "history.json").read_text()).items():
                _make_repository(_DATA / name, made / name, commits)
            shutil.copytree(_DATA / "captures", made / "captures")
            shutil.copy(_DATA / "lab.yaml", made / "lab.yaml")
            # Two first runs at once: the second finds the target in place and uses it.
            with suppress(FileExistsError):
                _rename(made, target)
    except OSError as error:
        raise ConfigurationError(
            f"the demo lab can't be laid out here: {error.strerror or error}",
            where=str(error.filename or target),
            hint="run in a writable folder with some space, or set HOMELAB_STATE",
        ) from None


def _rename(made: Path, target: Path) -> None:
    try:
        os.rename(made, target)
    except OSError:
        if not target.is_dir():
            raise


def _make_repository(source: Path, target: Path, commits: list[dict[str, object]]) -> None:
    shutil.copytree(source, target)
    for commit in reversed(commits):
        _rewrite(target, commit, "after", "before")
    git = Git(target)
    git.run("init", "-q", "-b", "main", environment=_PLAIN)
    for commit in commits:
        _rewrite(target, commit, "before", "after")
        dates = {f"GIT_{role}_DATE": str(commit["date"]) for role in ("AUTHOR", "COMMITTER")}
        git.run("add", "-A", environment=_PLAIN)
        git.run("commit", "-q", "-m", str(commit["message"]), environment=_PLAIN | _AUTHOR | dates)


def _rewrite(target: Path, commit: dict[str, object], old: str, new: str) -> None:
    changes = commit["changes"]
    assert isinstance(changes, list)
    for change in changes:
        file = target / change["file"]
        text = file.read_text()
        file.write_text(text.replace(change[old], change[new]) if change[old] else _reinsert(text, change))


def _reinsert(text: str, change: Mapping[str, str]) -> str:
    return text.replace(change["anchor"], change["anchor"] + change["after"], 1)
