"""The demo lab shows the drift that it holds, nothing more, and none of its secrets."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from homelab_assets.cli import main
from homelab_assets.lab import demo

DRIFT = {
    "pihole": ["environment.PIHOLE_DNS_"],
    "portainer": ["labels.traefik.http.routers.portainer.rule"],
    "grafana": ["networks.automations-n8n_default"],
    "prometheus": ["mem_limit"],
    "organizr": ["restart"],
    "radarr": ["image"],
    "sonarr": ["image"],
    "prowlarr": ["image"],
    "plex": ["image"],
    "tautulli": ["labels.traefik.http.routers.tautulli.middlewares"],
}
SECRET = re.compile(r"planted|\$apr1\$|tskey-|claim-", re.IGNORECASE)


@pytest.fixture
def diff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for name in ("HOMELAB_LAB", "HOMELAB_STATE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["diff", *arguments])

    return run


def test_the_demo_shows_exactly_its_drift(diff) -> None:
    result = diff("--format", "json")
    document = json.loads(result.stdout)
    found = {
        service["service"]: [item["path"] for item in service["items"]]
        for service in document["services"]
        if service["items"]
    }
    assert found == DRIFT
    assert [s["service"] for s in document["services"] if s["status"] == "stopped"] == ["sabnzbd"]
    assert [s["service"] for s in document["services"] if s["status"] == "unmanaged"] == ["uptime-kuma"]
    assert document["problems"] == []
    assert result.exit_code == 1


@pytest.mark.parametrize("form", ["terminal", "json", "markdown", "github", "sarif"])
def test_no_form_shows_a_secret(diff, form: str) -> None:
    assert any(
        SECRET.search(file.read_text()) for file in (Path(demo.__file__).parent / "demo_data").rglob("containers.json")
    )
    result = diff("--format", form, "-v")
    assert result.exit_code == 1
    assert not SECRET.search(result.output)
    assert "<secret#" not in result.output


def test_a_state_that_is_no_folder_is_said(diff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").write_text("")
    monkeypatch.setenv("HOMELAB_STATE", "state")
    result = diff()
    assert result.exit_code == 2
    assert "the demo lab can't be laid out here: Not a directory" in result.stderr


def test_diff_writes_nothing_but_the_laid_out_demo(diff, tmp_path: Path) -> None:
    diff()
    assert {path.name for path in tmp_path.iterdir()} == {".homelab_state"}
    assert {path.name for path in (tmp_path / ".homelab_state").iterdir()} == {"demo"}
