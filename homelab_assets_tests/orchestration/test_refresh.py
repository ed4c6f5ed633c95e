"""Documents refresh themselves: once after each thing that they are made from is newer, and not otherwise."""

import os
from pathlib import Path

import dagster as dg
import pytest

from homelab_assets.lab.settings import load_lab
from homelab_assets.orchestration import names
from homelab_assets.orchestration.assembly import build_defs

ALL = {"architecture_diagrams", "audit_trail", "dependency_map", "runbooks", "service_catalog"}


class Ticks:
    """The sensor's evaluations one after the other, as the daemon makes them; what is requested is taken as made."""

    def __init__(self, definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
        self.definitions, self.instance, self.cursor = definitions, instance, None

    def tick(self) -> set[str]:
        result = dg.evaluate_automation_conditions(
            self.definitions, self.instance, dg.AssetSelection.groups(names.DOCUMENTATION), cursor=self.cursor
        )
        self.cursor = result.cursor
        requested = {key for key in self.keys if result.get_num_requested(key)}
        for key in requested:
            self.made(key)
        return {key.to_user_string() for key in requested}

    @property
    def keys(self) -> list[dg.AssetKey]:
        return [dg.AssetKey(name) for name in sorted(ALL)]

    def made(self, *keys: dg.AssetKey) -> None:
        for key in keys:
            self.instance.report_runless_asset_event(dg.AssetMaterialization(key))


@pytest.fixture
def definitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    monkeypatch.chdir(tmp_path)
    return build_defs(
        lab=load_lab(None, {"PATH": os.environ["PATH"], "HOMELAB_STATE": str(tmp_path / "state")}), environment={}
    )


def test_each_document_follows_what_it_is_made_from(definitions: dg.Definitions) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        ticks = Ticks(definitions, instance)
        assert ticks.tick() == set(), "there is no audit yet"
        ticks.made(names.DRIFT_DOCUMENT)
        assert ticks.tick() == ALL, "although no pipeline was tested, and no pull request opened"
        assert ticks.tick() == set()
        ticks.made(names.PIPELINE_REPORT)
        assert ticks.tick() == {"dependency_map", "runbooks"}
        assert ticks.tick() == set()
        ticks.made(names.PULL_REQUESTS)
        assert ticks.tick() == {"audit_trail"}
        assert ticks.tick() == set()
        ticks.made(names.DRIFT_DOCUMENT, names.PIPELINE_REPORT)
        assert ticks.tick() == ALL
        assert ticks.tick() == set()


def test_an_audit_that_wrote_them_itself_leaves_nothing_to_refresh(definitions: dg.Definitions) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        ticks = Ticks(definitions, instance)
        ticks.tick()
        result = definitions.resolve_job_def("daily_audit").execute_in_process(instance=instance)
        made = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
        assert made >= ALL
        assert not made & {"pipeline_report", "media_health", "pull_requests", "remediation_plans"}
        assert ticks.tick() == set()
