import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import Result

from homelab_assets.repository.rules import hl001_image_tag_pinned
from homelab_assets.repository.rules.meta import Example
from homelab_assets_tests.cli.terminal import detect
from homelab_assets_tests.rendering.sarif_schema import faults
from homelab_assets_tests.repository.clones import make_clone, write
from homelab_assets_tests.repository.examples import COMPOSE_FILE, example_files

BAD = example_files(hl001_image_tag_pinned.META.bad)
GOOD = example_files(Example())


def validate(*arguments: str) -> Result:
    return detect("validate", *arguments)


def test_a_plain_folder_needs_no_lab_and_no_git(tmp_path: Path) -> None:
    write(tmp_path / "apps", BAD)
    done = validate("apps")
    assert done.exit_code == 1
    assert f"warning HL001  {COMPOSE_FILE}:3  web: image nginx:latest has the moving tag `latest`" in done.output
    assert "1 finding (1 warning)" in done.output
    write(tmp_path / "apps", GOOD)
    assert validate("apps").exit_code == 0


def test_a_file_that_does_not_parse_makes_it_incomplete(tmp_path: Path) -> None:
    write(tmp_path / "apps", BAD | {"stacks/other/compose.yml": "services: [\n"})
    done = validate("apps")
    assert done.exit_code == 2
    assert "HL001" in done.output
    assert "HL901  stacks/other/compose.yml" in done.output


def test_a_folder_that_is_not_there_is_told_without_a_traceback(tmp_path: Path) -> None:
    done = validate("nowhere")
    assert done.exit_code == 2
    assert "nowhere: no such folder (give the root folder of a repository)\n" in done.output
    assert done.output.endswith("Nothing was checked\n")


def test_a_name_that_no_repository_has_tells_which_there_are(tmp_path: Path) -> None:
    make_clone(tmp_path / "apps", GOOD)
    write(tmp_path, {"lab.yaml": "hosts: {host-x: {docker: ssh://x}}\nrepositories: {apps: {path: apps}}\n"})
    done = validate("nowhere", "apps")
    assert done.exit_code == 2
    assert "or one of the lab: apps" in done.output
    assert "Nothing was checked" not in done.output


def test_a_lab_is_checked_at_its_refs_and_knows_its_hosts(tmp_path: Path) -> None:
    make_clone(tmp_path / "apps", BAD)
    write(tmp_path / "apps", GOOD)
    lab = "hosts: {host-x: {docker: ssh://x}}\nrepositories: {apps: {path: apps}}\n"
    write(tmp_path, {"lab.yaml": lab})
    assert {finding["rule"] for finding in findings("--format", "json")} == {"HL001", "HL105"}
    assert {finding["rule"] for finding in findings("apps", "--format", "json")} == {"HL001", "HL105"}
    assert {finding["rule"] for finding in findings("--working-tree", "--format", "json")} == {"HL105"}
    assert {finding["rule"] for finding in findings("./apps", "--format", "json")} == {"HL105"}
    ignore = "structure:\n  ignore:\n    - {rule: HL105, reason: moves soon}\n    - {rule: HL6, reason: not needed}\n"
    write(tmp_path, {"lab.yaml": lab + ignore})
    done = validate("--working-tree", "-v")
    assert done.exit_code == 0
    assert "ignored HL105" in done.output
    assert "structure.ignore row 2 (HL6) matches nothing" in done.output


def findings(*arguments: str) -> list[dict[str, object]]:
    (repository,) = json.loads(validate(*arguments).stdout)["repositories"]
    return list(repository["findings"])


def test_what_git_ignores_is_no_fault_of_the_repository(tmp_path: Path) -> None:
    make_clone(tmp_path / "apps", GOOD | {".gitignore": ".env\n/stacks/scratch/\n"})
    local = {"stacks/app/.env": "DB_PASSWORD=correct-horse\n", "stacks/scratch/compose.yml": "services: [\n"}
    write(tmp_path / "apps", local)
    assert validate("apps").exit_code == 0
    write(tmp_path / "apps", {".gitignore": ""})
    done = validate("apps")
    assert done.exit_code == 2
    assert "HL405" in done.output
    assert "correct-horse" not in done.output


def test_selecting(tmp_path: Path) -> None:
    write(tmp_path / "apps", BAD)
    assert validate("apps", "--select", "HL1,HL2").exit_code == 0
    assert validate("apps", "--ignore", "HL001").exit_code == 0
    done = validate("apps", "--select", "HL00x")
    assert done.exit_code == 2
    assert "no structure rule is named 'HL00x'" in done.output


def test_fix_mends_on_disk_and_says_so(tmp_path: Path) -> None:
    write(tmp_path / "apps", example_files(Example(compose="version: '3'", files={"stacks/app/.env.sample": None})))
    done = validate("apps", "--fix")
    assert done.exit_code == 0
    assert f"fixed {COMPOSE_FILE}: HL101" in done.output
    assert "fixed stacks/app/.env.sample: HL401" in done.output
    assert "version" not in (tmp_path / "apps" / COMPOSE_FILE).read_text()


def test_formats_for_ci(tmp_path: Path) -> None:
    write(tmp_path / "apps", BAD)
    assert validate("apps", "--format", "github").stdout.startswith(
        f"::warning file={COMPOSE_FILE},line=3,title=HL001::web: image nginx:latest has the moving tag `latest`. Write "
    )
    (run,) = json.loads(validate("apps", "--format", "sarif").stdout)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["HL001"]
    assert run["invocations"][0]["executionSuccessful"]
    assert faults(validate("apps", "--format", "sarif").stdout) == []
    root = ElementTree.fromstring(validate("apps", "--format", "junit").stdout)
    assert root.get("failures") == "1"
    assert root.find("testsuite/testcase/failure") is not None
    markdown = validate("apps", "--format", "markdown").stdout
    assert f"| warning | `HL001` | `{COMPOSE_FILE}:3` |" in markdown


def test_a_forge_finds_the_files_of_a_folder_in_a_clone(tmp_path: Path) -> None:
    make_clone(tmp_path / "clone", {f"compose/apps/{path}": text for path, text in BAD.items()})
    folder = str(tmp_path / "clone" / "compose" / "apps")
    assert f" file=compose/apps/{COMPOSE_FILE},line=3," in validate(folder, "--format", "github").stdout
    assert f'"uri": "compose/apps/{COMPOSE_FILE}"' in validate(folder, "--format", "sarif").stdout
    assert f" {COMPOSE_FILE}:3 " in validate(folder).stdout


def test_a_stack_in_the_root_of_a_folder_is_checked(tmp_path: Path) -> None:
    write(tmp_path / "apps", {"compose.yaml": BAD[COMPOSE_FILE], ".env.sample": ""})
    assert [(one["rule"], one["file"]) for one in findings("apps", "--format", "json")] == [("HL001", "compose.yaml")]


def test_hostile_names_stay_harmless(tmp_path: Path) -> None:
    odd = "stacks/a\x1b[31m|<img>::x\n%/compose.yml"
    write(tmp_path / "apps", {odd: "services: {web: {image: nginx}}\n"})
    assert "\x1b" not in validate("apps").output
    lines = validate("apps", "--format", "github").stdout.splitlines()
    assert lines
    assert all(line.startswith(("::warning file=", "::notice file=", "::error file=")) for line in lines)
    assert "<img>" not in re.sub(r"`[^`\n]*`", "", validate("apps", "--format", "markdown").stdout)
    assert ElementTree.fromstring(validate("apps", "--format", "junit").stdout) is not None


def test_the_demo_lab_can_be_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMELAB_STATE", str(tmp_path / "state"))
    done = validate("--format", "json")
    assert done.exit_code == 1
    data = json.loads(done.stdout)
    assert {name["name"]: name["kinds"] for name in data["repositories"]} == {
        "homelab-apps": ["compose"],
        "homelab-infra": ["ansible", "terraform"],
    }
    assert data["complete"]
