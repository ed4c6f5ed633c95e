"""`drift-detector diff` and `audit`: what they print, write, and return."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from homelab_assets.audit import remember, run_audit
from homelab_assets.lab.settings import load_lab
from homelab_assets.secrecy import Vault
from homelab_assets_tests.cli.terminal import detect
from homelab_assets_tests.orchestration.world import make_lab
from homelab_assets_tests.rendering.sarif_schema import faults


@pytest.fixture
def home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOMELAB_STATE", str(home / "state"))
    return home


def test_diff_prints_the_drift_and_writes_nothing(home: Path) -> None:
    result = detect("diff")
    assert result.exit_code == 1, result.output
    assert "ct-media-01 / media-indexers / radarr" in result.stdout
    assert sorted(path.name for path in home.iterdir()) == ["state"]
    assert sorted(path.name for path in (home / "state").iterdir()) == ["demo"]


def test_the_demo_lab_is_not_taken_for_a_home(home: Path) -> None:
    assert "demo lab, laid out in state/demo" in detect("diff").stderr
    assert "demo" not in detect("diff", "-q").stderr
    make_lab(home)
    assert "demo" not in detect("diff").stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--service", "pihol"], "(did you mean pihole?)"),
        (["--service", "nope"], " and 13 more)"),
        (["--stack", "media-index"], "media-indexers"),
        (["--stack", "nope"], "(known: "),
        (["--host", "ct-docker-02"], "(did you mean ct-docker-01?)"),
    ],
)
def test_a_name_that_nothing_has_tells_which_there_are(home: Path, words: list[str], told: str) -> None:
    result = detect("diff", "-q", *words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_what_could_not_be_read_is_told_with_its_repository(home: Path) -> None:
    detect("diff")
    (clone,) = (home / "state" / "demo").glob("*/homelab-apps")
    (clone / "stacks" / "dns-pihole" / "docker-compose.yml").write_text("services:\n\tpihole: {}\n")
    place = "homelab-apps: stacks/dns-pihole/docker-compose.yml:2"
    for form in ("terminal", "markdown", "github"):
        result = detect("diff", "--working-tree", "--format", form)
        assert result.exit_code == 2
        assert place in result.stdout
        assert "tab" in result.stdout
    document = json.loads(detect("diff", "--working-tree", "--format", "json").stdout)
    assert document["problems"][0]["where"] == place.partition(": ")[2]


@pytest.mark.parametrize("format_", ["json", "sarif"])
def test_machines_read_json(home: Path, format_: str) -> None:
    document = json.loads(detect("diff", "--format", format_).stdout)
    found = document["services"] if format_ == "json" else document["runs"][0]["results"]
    assert found


def test_sarif_keeps_the_published_schema(home: Path) -> None:
    assert faults(detect("diff", "--format", "sarif").stdout) == []


def test_workflows_read_annotations(home: Path) -> None:
    lines = detect("diff", "--format", "github").stdout.splitlines()
    assert any(line.startswith("::error file=stacks/media-indexers/docker-compose.yml,line=") for line in lines)


def test_markdown_goes_to_a_file(home: Path) -> None:
    result = detect("diff", "--format", "markdown", "--output", "drift.md")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert (home / "drift.md").read_text().startswith("# Drift report")


def test_a_narrow_view_has_nothing_else(home: Path) -> None:
    services = json.loads(detect("diff", "--service", "radarr", "--format", "json").stdout)["services"]
    assert [service["service"] for service in services] == ["radarr"]
    only = json.loads(detect("diff", "--host", "ct-docker-01", "--format", "json").stdout)
    assert {service["host"] for service in only["services"]} == {"ct-docker-01"}
    assert [host["name"] for host in only["hosts"]] == ["ct-docker-01"]


@pytest.mark.parametrize(
    "words",
    [("diff", "--service", ""), ("diff", "--stack", ""), ("diff", "--host", ""), ("remediate", "--service", "")],
)
def test_an_empty_name_is_not_everything(home: Path, words: tuple[str, ...]) -> None:
    result = detect(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is named ''" in result.stderr


def test_a_view_of_everything_and_a_narrow_one_tell_what_rules_hide(home: Path) -> None:
    def ignored(*narrow: str) -> list[str]:
        result = detect("diff", *narrow, "--format", "json")
        return [item["service"] for item in json.loads(result.stdout)["ignored"]]

    assert ignored() == ["watchtower"]
    assert ignored("--host", "ct-media-01") == ["watchtower"]
    assert ignored("--service", "watchtower") == ["watchtower"]
    assert ignored("--host", "ct-docker-01") == ignored("--service", "radarr") == []


def test_what_a_narrow_view_does_not_show_is_neither_new_nor_gone_in_it(home: Path) -> None:
    audited = load_lab(None)
    remember(audited, run_audit(audited, vault=Vault(b"k" * 32)).document)
    narrow = json.loads(detect("diff", "--host", "ct-docker-01", "--format", "json").stdout)
    assert (narrow["new"], narrow["gone"]) == ([], [])
    (audited.state / "history.json").unlink()
    narrow = json.loads(detect("diff", "--service", "radarr", "--format", "json").stdout)
    assert narrow["new"] == ["ct-media-01/media-indexers/radarr: image"]


def test_a_clean_service_is_0(home: Path) -> None:
    assert detect("diff", "--service", "bazarr").exit_code == 0


def test_the_working_tree_can_be_compared_instead(home: Path) -> None:
    detect("diff")
    (clone,) = (home / "state" / "demo").glob("*/homelab-apps")
    file = clone / "stacks" / "media-indexers" / "docker-compose.yml"
    file.write_text(file.read_text().replace("bazarr:", "bazarr:  # changed\n    hostname: elsewhere", 1))
    assert detect("diff", "--service", "bazarr").exit_code == 0
    assert detect("diff", "--service", "bazarr", "--working-tree").exit_code == 1


def test_an_unreachable_host_makes_it_2_and_the_others_are_shown(home: Path) -> None:
    detect("diff")
    (demo,) = (home / "state" / "demo").glob("*/lab.yaml")
    broken = demo.with_name("broken.yaml")
    broken.write_text(demo.read_text().replace("capture:captures/ct-media-01", f"unix://{home}/nothing.sock"))
    result = detect("diff", "--lab", str(broken))
    assert result.exit_code == 2
    assert "NOT AUDITED" in result.stdout
    assert "ct-docker-01 / dns-pihole / pihole" in result.stdout


def test_diff_imports_nothing_heavy(home: Path) -> None:
    heavy = ("dagster", "docker", "paramiko", "requests", "pydantic", "pandas", "github")
    code = (
        "import sys\nfrom homelab_assets.cli import main\n"
        "try: main(['diff', '-q'])\nexcept SystemExit: pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=home, check=False)
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_audit_writes_reports_and_says_where(home: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from homelab_assets.cli import main; main()", "audit"],
        capture_output=True,
        text=True,
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        check=False,
    )
    assert result.returncode == 1, result.stderr
    assert "ct-media-01 / media-indexers / radarr" in result.stdout
    (report,) = (home / "reports").glob("drift-*.md")
    assert str(report) in result.stderr
    assert (home / "docs" / "SERVICE_CATALOG.md").is_file()
    assert "DEBUG" not in result.stderr


def test_what_the_documents_call_first_seen_is_first_seen_from_then_on(home: Path) -> None:
    assert detect("docs").exit_code == 0
    services = json.loads(detect("diff", "--format", "json").stdout)["services"]
    (since,) = {item["first_seen"] for service in services for item in service["items"]}
    trail = (home / "reports" / "AUDIT_TRAIL.md").read_text()
    assert f"{since[:10]} {since[11:16]} | – | **drift on" in trail
    assert since == json.loads((home / "state" / "history.json").read_text())["generated_at"]


def test_the_documents_leave_it_to_the_next_audit_to_tell_what_is_new(home: Path) -> None:
    assert detect("docs").exit_code == 0
    history = home / "state" / "history.json"
    known = json.loads(history.read_text())
    known["services"] = []
    history.write_text(json.dumps(known))
    assert detect("docs").exit_code == 0
    assert json.loads(history.read_text()) == known
    assert json.loads(detect("diff", "--format", "json").stdout)["new"]


def test_an_audit_of_another_lab_says_how_to_open_the_ui_on_it(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["drift-detector"])
    elsewhere = tmp_path_factory.mktemp("a home")
    make_lab(elsewhere, hosts={"dead": f"unix://{home}/no.sock"})
    told = detect("audit", "--lab", f"{elsewhere}/lab.yaml").stderr.splitlines()[-1]
    assert f" HOMELAB_LAB='{elsewhere}/lab.yaml' dagster dev " in told


@pytest.mark.parametrize(("path", "called"), [("bin", "dagster"), ("nowhere", ".venv/bin/dagster")])
def test_the_ui_is_called_as_it_can_be_called(
    home: Path, monkeypatch: pytest.MonkeyPatch, path: str, called: str
) -> None:
    for folder in (home / "bin", home / ".venv" / "bin"):
        folder.mkdir(parents=True)
        (folder / "dagster").touch(0o755)
    monkeypatch.setenv("PATH", f"{home / path}:/usr/bin:/bin")
    monkeypatch.setattr(sys, "argv", [".venv/bin/drift-detector", "audit"])
    assert f" {called} dev -m " in detect("audit").stderr


def test_the_ui_is_opened_on_what_make_ui_opens(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under another name of the code location its sensors would begin anew."""
    monkeypatch.setattr(sys, "argv", ["drift-detector", "audit"])
    (home / "workspace.yaml").touch()
    assert " dev, then " in detect("audit").stderr
