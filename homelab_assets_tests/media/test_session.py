"""From `lab.yaml` to a run: settings, keys of running apps, the command line, the report."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from homelab_assets.cli.pipeline import command
from homelab_assets.errors import ConfigurationError
from homelab_assets.lab.settings import Lab, load_lab
from homelab_assets.media.containers import media_containers
from homelab_assets.media.keys import with_resolved_keys
from homelab_assets.media.session import media_settings, open_session
from homelab_assets.media.settings import MediaSettings, Service
from homelab_assets.media.simulator import LARRY, World
from homelab_assets.media.simulator.world import made_up
from homelab_assets.rendering.pipeline_html import pipeline_html
from homelab_assets.secrecy import Vault

WHEN = "2026-11-23T06:00:00Z"


def lab_file(folder: Path, world: World, *, home: bool = True) -> Path:
    """Write a lab.yaml with a recorded media host, and a .env with the credentials."""
    lines, secrets = (
        ["hosts:", "  ct-media-01: {docker: 'capture:media'}", "media:", "  host: ct-media-01", "  services:"],
        [],
    )
    for name, service in world.settings().services.items():
        fields = {"url": service.url}
        for key in ("api_key", "token", "username", "password"):
            if value := getattr(service, key):
                fields[key] = f"${{{name.upper()}_{key.upper()}}}"
                secrets.append(f"{name.upper()}_{key.upper()}={value}")
        lines.append(f"    {name}: {json.dumps(fields)}")
    lines += ["  home_addresses: [198.51.100.23, '2001:db8:50::/48']"] if home else []
    capture = folder / "media"
    capture.mkdir()
    documents: dict[str, Any] = {
        "engine": {"version": {}, "info": {}},
        "containers": world.containers(),
        "images": [],
        "networks": [],
        "volumes": [],
    }
    for name, content in documents.items():
        (capture / f"{name}.json").write_text(json.dumps(content))
    (folder / ".env").write_text("\n".join(secrets))
    (folder / "lab.yaml").write_text("\n".join(lines) + "\n")
    return folder / "lab.yaml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def secrets_of(world: World) -> set[str]:
    return {secret for service in world.settings().services.values() for secret in service.secrets}


def test_a_lab_with_a_media_section_is_checked(tmp_path: Path) -> None:
    with World() as world:
        file = lab_file(tmp_path, world)
        done = run("--lab", str(file), "--format", "json", "--no-report")
        document = json.loads(done.stdout)
    assert done.exit_code == 0, [one for one in document["checks"] if one["status"] not in ("pass", "skipped")]
    assert document["summary"]["fail"] == 0
    # No file of the host and no process of qBittorrent's container is within reach of a recorded host.
    assert {
        one["id"] for one in document["checks"] if one["status"] == "skipped" and one["app"] in ("radarr", "sonarr")
    } == {
        "paths.radarr_hardlinked",
        "paths.sonarr_hardlinked",
    }


def test_without_the_homes_address_no_leak_check_passes(tmp_path: Path) -> None:
    with World() as world:
        done = run("--lab", str(lab_file(tmp_path, world, home=False)), "--format", "json", "--no-report")
    (check,) = [one for one in json.loads(done.stdout)["checks"] if one["id"] == "vpn.egress_v4"]
    assert check["status"] == "unknown"
    assert "home_addresses" in check["why"]
    (whole,) = [one for one in json.loads(done.stdout)["checks"] if one["id"] == "end_to_end.dry_run"]
    assert whole["status"] == "unknown"
    assert "vpn.egress_v4" in whole["why"]
    assert done.exit_code == 2


@pytest.mark.parametrize("value", [None, ""])
def test_an_address_of_the_home_without_a_value_leaves_a_leak_open(tmp_path: Path, value: str | None) -> None:
    with World() as world:
        file = lab_file(tmp_path, world)
        text = file.read_text()
        file.write_text(text.replace("[198.51.100.23, ", "[192.0.2.9, '${SECOND_LINE}', "))
        if value is not None:
            (tmp_path / ".env").write_text((tmp_path / ".env").read_text() + f"\nSECOND_LINE={value}\n")
        done = run("--lab", str(file), "--format", "json", "--no-report")
        (check,) = [one for one in json.loads(done.stdout)["checks"] if one["id"] == "vpn.egress_v4"]
        assert (check["status"], "SECOND_LINE" in str(check["why"])) == ("unknown", True)
        file.write_text(text.replace("[198.51.100.23, ", "['${SECOND_LINE}', "))
        done = run("--lab", str(file), "--format", "json", "--no-report")
        (check,) = [one for one in json.loads(done.stdout)["checks"] if one["id"] == "vpn.egress_v4"]
        assert (check["status"], "SECOND_LINE" in str(check["why"])) == ("unknown", True)


def test_larrys_faults_are_cured_at_the_command_line(tmp_path: Path) -> None:
    with World(faults=LARRY) as world:
        file, plan = str(lab_file(tmp_path, world)), tmp_path / "plan.json"
        done = run("--lab", file, "--plan", str(plan))
        assert done.exit_code == 1
        assert "The chain breaks at Search" in done.output
        assert run("--lab", file, "--apply", str(plan)).exit_code == 2
        plan.write_text(plan.read_text().replace('"approved": null', '"approved": "Larry"'))
        applied = run("--lab", file, "--apply", str(plan))
        assert applied.exit_code == 0, applied.output
        assert run("--lab", file, "--no-report").exit_code == 0
        taken_back = run("--lab", file, "--undo", str(plan))
        assert taken_back.exit_code == 0, taken_back.output
        assert "stays: radarr: set apiKey" in taken_back.output
        again = json.loads(run("--lab", file, "--no-report", "--format", "json").stdout)
        assert [one["link"] for one in again["checks"] if one["status"] == "fail"] == ["paths", "library"]
        texts = (
            done.output
            + applied.output
            + plan.read_text()
            + "".join(one.read_text() for one in (tmp_path / "reports").iterdir())
        )
        assert not [secret for secret in secrets_of(world) if secret in texts]
    assert {one.suffix for one in (tmp_path / "reports").iterdir()} == {".html", ".json", ".xml"}


@pytest.mark.parametrize("option", [["--gentle"], ["--open"], ["--no-report"], ["--plan", "again.json"]])
@pytest.mark.parametrize("way", ["--apply", "--undo"])
def test_what_is_said_of_a_test_is_not_lost_on_a_plan(tmp_path: Path, way: str, option: list[str]) -> None:
    done = run("--lab", str(tmp_path / "lab.yaml"), way, str(tmp_path / "plan.json"), *option)
    assert (done.exit_code, option[0] in done.output, "are for tests" in done.output) == (2, True, True)


@pytest.mark.parametrize(
    ("host", "code"), [('"nas"', 2), ('"ct-media-01"', 0), ("null", 0)], ids=["another", "the same", "any"]
)
def test_a_plan_for_the_apps_of_another_host_is_refused(tmp_path: Path, host: str, code: int) -> None:
    with World(faults=["import_off"]) as world:
        file, plan = str(lab_file(tmp_path, world)), tmp_path / "plan.json"
        run("--lab", file, "--plan", str(plan), "--no-report")
        text = plan.read_text().replace('"approved": null', '"approved": "Larry"')
        plan.write_text(text.replace('"host": "ct-media-01"', f'"host": {host}'))
        applied = run("--lab", file, "--apply", str(plan))
        assert applied.exit_code == code, applied.output
        assert ("made for nas" in applied.output) == (code == 2)
        assert world.radarr.handling["enableCompletedDownloadHandling"] == (code == 0)


@pytest.mark.parametrize(
    ("format_", "sign"),
    [("terminal", "✗ Search"), ("markdown", "## Search: "), ("junit", "<testsuite "), ("json", '"schema": 1')],
)
def test_every_format_says_it(tmp_path: Path, format_: str, sign: str) -> None:
    with World(faults=["key_stale_copy"]) as world:
        done = run("--lab", str(lab_file(tmp_path, world)), "--format", format_, "--no-report")
    assert done.exit_code == 1
    assert sign in done.stdout


def test_the_health_part_writes_nothing_but_what_it_must(tmp_path: Path) -> None:
    with World() as world:
        file = lab_file(tmp_path, world)
        before = {one.name for one in tmp_path.iterdir()}
        assert run("--lab", str(file), "--health").exit_code == 0
    assert {one.name for one in tmp_path.iterdir()} - before <= {".homelab_state"}


def test_a_refused_login_is_remembered_between_runs(tmp_path: Path) -> None:
    with World() as world:
        file = lab_file(tmp_path, world)
        world.qbittorrent.password = "changed since"
        for _ in range(3):
            assert run("--lab", str(file), "--health").exit_code == 1
        assert world.qbittorrent.logins == 1
        # A restart forgets bans and counts, so one more try does no harm.
        world.inspect["qbittorrent"]["State"]["StartedAt"] = "2026-11-22T06:00:00Z"
        (tmp_path / "media" / "containers.json").write_text(json.dumps(world.containers()))
        for _ in range(2):
            assert run("--lab", str(file), "--health").exit_code == 1
        assert world.qbittorrent.logins == 2
    (kept,) = (tmp_path / ".homelab_state").glob("refused-logins.json")
    assert kept.stat().st_mode & 0o77 == 0
    assert made_up("qbittorrent") not in kept.read_text()


def test_a_live_run_goes_all_the_way(tmp_path: Path) -> None:
    with World() as world:
        file = lab_file(tmp_path, world)
        done = run("--lab", str(file), "--live", "--wait", "20", "--no-report")
        assert done.exit_code == 0, done.output
    assert "went all the way" in done.output
    assert json.loads((tmp_path / ".homelab_state" / "live-run.json").read_text())["finished_at"]


def test_a_live_run_does_not_hide_what_could_not_be_judged(tmp_path: Path) -> None:
    with World() as world:
        done = run(
            "--lab", str(lab_file(tmp_path, world, home=False)), "--live", "--wait", "20", "--no-report",
        )  # fmt: skip
    assert "went all the way" in done.output
    assert done.exit_code == 2


def test_no_live_run_on_a_broken_chain(tmp_path: Path) -> None:
    with World(faults=["vpn_down"]) as world:
        done = run("--lab", str(lab_file(tmp_path, world)), "--live", "--no-report")
        assert done.exit_code == 1
        assert not world.overseerr.requests


def lab(folder: Path, text: str, **environment: str) -> Lab:
    (folder / "lab.yaml").write_text("hosts: {a: {docker: 'capture:x'}}\n" + text)
    return load_lab(str(folder / "lab.yaml"), environment)


def test_a_variable_without_a_value_is_said_by_the_apps_own_check(tmp_path: Path) -> None:
    loaded = lab(
        tmp_path,
        "media: {services: {radarr: {url: 'http://x', api_key: '${NO}'}, seerr: {url: 'http://y', api_key: '${K}'}}}\n",
        K="k",
    )
    settings = media_settings(loaded)
    assert settings.services == {"radarr": Service(url="http://x"), "overseerr": Service(url="http://y", api_key="k")}


@pytest.mark.parametrize(
    ("name", "why"),
    [("missing.pem", "No such file"), ("empty.pem", "holds no certificates"), ("~nobody/ca-of-nobody.pem", "No such")],
)
def test_certificates_that_are_not_there_are_a_mistake_in_the_lab(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    loaded = lab(tmp_path, f"media:\n  services:\n    plex:\n      url: https://x\n      ca: {name}\n")
    with pytest.raises(ConfigurationError, match=why) as caught:
        media_settings(loaded)
    assert "media.services.plex.ca" in str(caught.value)
    assert f"{loaded.file}:6" in str(caught.value)


def test_a_lab_without_media_says_what_to_add(tmp_path: Path) -> None:
    loaded = lab(tmp_path, "")
    with (
        pytest.raises(ConfigurationError, match="has no media section"),
        open_session(loaded, vault=Vault(bytes(16)), salt=b""),
    ):
        pass


def test_a_host_that_cannot_be_captured_is_unknown_and_not_green(tmp_path: Path) -> None:
    with World() as world:
        file = lab_file(tmp_path, world)
        (tmp_path / "media" / "containers.json").unlink()
        done = run("--lab", str(file), "--format", "json", "--no-report")
    document = {one["id"]: one for one in json.loads(done.stdout)["checks"]}
    assert document["host.captured"]["status"] == "unknown"
    assert "containers.json" in document["host.captured"]["why"]
    assert document["radarr.key"]["status"] == "pass"
    assert document["vpn.namespace"]["status"] == "unknown"
    assert done.exit_code == 2


def test_missing_keys_come_from_the_running_apps() -> None:
    vault = Vault(bytes(range(32)))
    with World() as world:
        key = made_up("radarr")
        world.inspect["radarr"]["Config"]["Env"] = [f"RADARR__AUTH__APIKEY={vault.token(key)}"]
        world.inspect["prowlarr"]["Config"]["Env"] = ["PROWLARR__AUTH__APIKEY=<secret#0000.00000000000000000000>"]
        files = {
            ("radarr", "/config/config.xml"): "<Config><ApiKey>00000000000000000000000000000000</ApiKey></Config>",
            ("prowlarr", "/config/config.xml"): f"<Config><ApiKey>{made_up('prowlarr')}</ApiKey></Config>",
            ("overseerr", "/app/config/settings.json"): json.dumps({"main": {"apiKey": "abc"}}),
        }
        services = {app: Service(url="http://x") for app in ("radarr", "prowlarr", "overseerr", "sonarr")}
        settings = MediaSettings(services=services)
        containers = media_containers(world.containers(), settings)
        found = with_resolved_keys(
            settings, containers, reveal=vault.reveal, read_file=lambda name, path: files.get((name, path))
        )
    keys = {app: service.api_key for app, service in found.services.items()}
    # Radarr's file is out of date: the environment wins. Prowlarr's token nobody can open: its file is asked.
    assert keys == {"radarr": key, "prowlarr": made_up("prowlarr"), "overseerr": "abc", "sonarr": None}


def test_the_page_stands_alone_and_escapes_what_comes_from_outside(tmp_path: Path) -> None:
    with World(faults=["app_health"]) as world:
        world.radarr.health_items[0]["message"] = "<script>alert('x')</script> http://evil.example/"
        done = run("--lab", str(lab_file(tmp_path, world)), "--format", "json", "--no-report")
    document = json.loads(done.stdout)
    page = pipeline_html(document, runbooks=["troubleshooting/services-down.md"])
    assert 'href="../docs/troubleshooting/services-down.md' in page
    assert "../docs" not in pipeline_html(document)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert not re.findall(r"""(?:src|href)=["'](?!#|\.\./docs/troubleshooting/[a-z-]+\.md)""", page)
    assert "default-src 'none'" in page
    assert page.count("<script>") == 1
    assert all(check["name"].replace("'", "&#39;") in page for check in document["checks"])
    assert document["summary"]["text"] in page
