"""Where verbs are tried: nothing of whoever runs the tests counts."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder without a lab.yaml, so that the demo lab answers."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOMELAB_LAB", "HOMELAB_STATE", "DAGSTER_HOME", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path
