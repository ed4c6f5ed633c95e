"""Captures in which something could not be sealed, and values that only look as if: what the daily audit makes of them."""

import json
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pytest
from msgspec.structs import replace

from homelab_assets.drift.behind_variables import sealed_for_rest
from homelab_assets.drift.document import DriftDocument
from homelab_assets.drift.unsealed import refused, unsealed_fields
from homelab_assets.lab.settings import Lab
from homelab_assets.model import Baseline, Captured, CaptureResult
from homelab_assets.orchestration.assets import captures
from homelab_assets.orchestration.store import JsonStore
from homelab_assets.secrecy import Vault
from homelab_assets_tests.engine.fake_engine import container
from homelab_assets_tests.orchestration.test_jobs import SECRET, checks, demo, instance, record, run
from homelab_assets_tests.orchestration.world import Repository, make_lab

__all__ = ["demo", "instance"]


@pytest.mark.scenario
def test_what_could_not_be_sealed_keeps_its_own_host_alone_from_the_audit(
    demo: Lab, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsealed(captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> CaptureResult:
        sealed = sealed_for_rest(captured, baselines, vault)
        if captured.host != "ct-media-01" or not isinstance(sealed, Captured):
            return sealed
        first, *others = sealed.containers
        env = [*first["Config"]["Env"], f"NOTIFY_URL={SECRET}"]
        leaky = {**first, "Name": "/notifier", "Config": {**first["Config"], "Env": env}}
        return replace(sealed, containers=[leaky, *others])

    monkeypatch.setattr(captures, "sealed_for_rest", unsealed)
    result = run(demo, "daily_audit", instance)
    assert result.success
    verdicts = checks(result)
    assert verdicts["captures/ct-docker-01:no_secrets_in_capture"]
    assert not verdicts["captures/ct-media-01:no_secrets_in_capture"]
    assert not verdicts["captures/ct-media-01:host_is_reachable"]
    assert not verdicts["drift:audit_is_complete"]
    document = DriftDocument.from_json(JsonStore(demo.state / "assets").read(dg.AssetKey("drift")))
    assert document.exit_code == 2
    assert any(service.host == "ct-docker-01" and service.items for service in document.services)
    (host,) = [host for host in document.hosts if host.name == "ct-media-01"]
    assert "unsealed secrets in container notifier (Config.Env NOTIFY_URL)" in str(host.error)
    assert "please report" in "".join(str(event) for event in result.all_events)
    assert SECRET not in "".join(str(event) for event in result.all_events)
    kept = [path for path in demo.state.rglob("*") if path.is_file()]
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []


@pytest.mark.scenario
def test_values_that_look_like_what_this_tool_writes_are_sealed_like_others(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    repository = Repository(tmp_path, "apps")
    git_says = "{APPS: '${APPS}', SSL_KEY: '/etc/ssl/${SITE}.pem', NOTIFY_URL: '${URL}', API_KEY: '${KEY}'}"
    repository.merge(
        "stacks/web/docker-compose.yml", f"services: {{web: {{image: 'nginx:1.27', environment: {git_says}}}}}"
    )
    labels = {"com.docker.compose.project": "web", "com.docker.compose.service": "web"}
    web = container("web", "nginx:1.27", **labels)
    url = f"https://discord.com/api/webhooks/1098765432109876543/{'dQw4w9WgXcQz' * 5}"
    web["Config"] |= {
        "Env": ["APPS=secret", "SSL_KEY=/etc/ssl/larry-home.pem", f"NOTIFY_URL={url}", f"API_KEY={SECRET}"]
    }
    record(tmp_path / "captures" / "nas", web)
    lab = make_lab(tmp_path, repositories={"apps": {"path": "apps", "ref": "origin/main"}})
    result = run(lab, "daily_audit", instance)
    assert result.success
    verdicts = checks(result)
    assert verdicts["captures/nas:no_secrets_in_capture"]
    assert verdicts["captures/nas:host_is_reachable"]
    stored = json.dumps(JsonStore(lab.state / "assets").read(dg.AssetKey(["captures", "nas"])))
    assert "<<secret" not in stored
    assert "><secret" not in stored
    assert "dQw4w9" not in stored


def test_what_is_not_sealed_is_named_and_never_told() -> None:
    vault = Vault(b"0123456789abcdef")
    sealed = vault.token("hunter2")
    web = {
        "Name": "/web",
        "Config": {
            "Env": ["TZ=UTC", "A=b", f"DB_PASSWORD={SECRET}", f"{sealed}={SECRET}"],
            "Cmd": ["serve", "--password", SECRET],
            "Labels": {"x.token": SECRET},
        },
    }
    nets = [{"Name": "proxy", "Options": {"password": SECRET}}]
    captured = Captured(
        host="nas", captured_at="2026-11-23T06:00:00Z", engine={"info": {"Labels": [f"token={SECRET}"]}},
        containers=[web], images=[], networks=nets, volumes=[], dotenv={"/srv/.env": {"API_KEY": SECRET}},
    )  # fmt: skip
    found = unsealed_fields(captured, vault)
    assert found == [
        "engine (info.Labels 0)",
        "container web (Config.Env DB_PASSWORD)",
        "container web (Config.Env <secret>)",
        "container web (Config.Cmd 2)",
        "container web (Config.Labels.x.token)",
        "network proxy (Options.password)",
        "/srv/.env (API_KEY)",
    ]
    told = refused(captured, found)
    assert "container web (Config.Env DB_PASSWORD)" in told.error
    assert told.error.endswith("and 2 more")
    assert unsealed_fields(replace(captured, containers=[], networks=[], engine={}, dotenv={}), vault) == []
