"""The published JSON Schemas are current, and what the tool writes and prints on the demo lab keeps them."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from homelab_assets.cli import main
from homelab_assets_tests import schemas

PUBLISHED = schemas.schemas()

PRINTED = {
    "cleanup-v1.json": ["cleanup", "--format", "json"],
    "remediation-v1.json": ["remediate", "--format", "json"],
    "status-v1.json": ["status", "--format", "json"],
    "structure-v1.json": ["validate", "--format", "json"],
}
WRITTEN = {
    "capture-v1.json": "state/assets/captures/*.json",
    "catalog-v1.json": "docs/service_catalog.json",
    "pipeline-test-v1.json": "reports/pipeline-test-*.json",
}


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo lab was audited and its pipeline tested."""
    folder = tmp_path_factory.mktemp("schemas")
    for verb in ("audit", "pipeline"):
        assert call(folder, verb, "-q").exit_code == 1
    return folder


def call(folder: Path, *arguments: str) -> Any:
    before = Path.cwd()
    os.chdir(folder)
    try:
        return CliRunner(env={"HOMELAB_STATE": str(folder / "state")}).invoke(main, list(arguments))
    finally:
        os.chdir(before)


def check(name: str, data: Any) -> None:
    jsonschema.Draft202012Validator(PUBLISHED[name]).validate(data)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_schema_is_one_and_its_file_is_current(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(PUBLISHED[name])
    current = (schemas.FOLDER / name).read_text("utf-8")
    assert current == schemas.text(PUBLISHED[name]), "run: python -m homelab_assets_tests.schemas"
    assert {file.name for file in schemas.FOLDER.glob("*.json")} == set(PUBLISHED)


@pytest.mark.parametrize("name", WRITTEN)
def test_files_keep_their_schema(name: str, audited: Path) -> None:
    files = list(audited.glob(WRITTEN[name]))
    assert files
    for file in files:
        check(name, json.loads(file.read_text("utf-8")))


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_printed_keeps_its_schema(name: str, audited: Path) -> None:
    done = call(audited, *PRINTED[name])
    assert done.exit_code in (0, 1, 2), done.output
    data = json.loads(done.stdout)
    check(name, data)
    # What a document holds beyond its schema is said in the next version of it.
    assert set(data) == set(PUBLISHED[name]["properties"])


def test_the_apply_plan_keeps_its_schema(audited: Path) -> None:
    (report,) = audited.glob(WRITTEN["pipeline-test-v1.json"])
    plan = json.loads(report.read_text("utf-8"))["plan"]
    assert plan["steps"]
    check("apply-plan-v1.json", plan)


def test_a_document_of_another_version_does_not_keep_it(audited: Path) -> None:
    data = json.loads((audited / "docs" / "service_catalog.json").read_text("utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        check("catalog-v1.json", {**data, "schema": 2})
