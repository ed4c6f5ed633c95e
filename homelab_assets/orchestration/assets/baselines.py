"""Baselines: what git says should run. One asset a repository, pinned to the commit that was read."""

import hashlib
import json
from collections.abc import Iterator

import dagster as dg
from msgspec.structs import replace
from pydantic import Field

from homelab_assets import audit
from homelab_assets.lab.settings import Lab
from homelab_assets.model import Json
from homelab_assets.orchestration import names, tables
from homelab_assets.orchestration.documents import baselines_to_json
from homelab_assets.orchestration.resources import LaboratoryResource
from homelab_assets.secrecy import redact

PARSED = "every_file_parses"

_STACKS = {
    "stack": "folder",
    "endpoint": "host it is deployed to",
    "bound_by": "what says so",
    "files": "compose files",
}
_PROBLEMS = {"where": "file and line", "what": "what is wrong", "hint": "what to do", "stack": "the stack"}


class BaselineConfig(dg.Config):
    """What the step may do besides reading."""

    fetch: bool = Field(
        default=True,
        description="Fetch the branches that follow a remote before reading them. The checkout is never touched.",
    )


def baseline_assets(lab: Lab) -> list[dg.AssetsDefinition]:
    """Return the assets that read the repositories of a lab, side by side in one step."""
    if not lab.repositories:
        return []
    by_key = {names.baseline(name): name for name in lab.repositories}

    @dg.multi_asset(
        name="load_baselines",
        specs=[_spec(lab, name) for name in lab.repositories],
        check_specs=[
            dg.AssetCheckSpec(PARSED, asset=key, description="Every compose file of the ref could be read and merged.")
            for key in by_key
        ],
        can_subset=True,
        pool="git",
        retry_policy=names.RETRY,
    )
    def load_baselines(
        context: dg.AssetExecutionContext, config: BaselineConfig, laboratory: LaboratoryResource
    ) -> Iterator[dg.MaterializeResult]:
        selected = {name: lab.repositories[name] for key, name in by_key.items() if key in context.selected_asset_keys}
        part = replace(laboratory.lab, repositories=selected)
        with laboratory.plain_errors():
            stale = audit.refresh(part) if config.fetch else {}
            for name, why in stale.items():
                context.log.warning(redact(f"{name} could not be fetched: {why}"))
            progress = laboratory.progress(context)
            loaded = audit.load(laboratory.lab, vault=laboratory.vault, only=selected, progress=progress)
            for name in selected:
                yield _materialized(name, baselines_to_json(name, loaded, stale.get(name)))

    return [load_baselines]


def _spec(lab: Lab, name: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        names.baseline(name),
        deps=[names.repository(name)],
        group_name=names.BASELINES,
        kinds={"git", "yaml"},
        owners=names.OWNERS,
        tags={"homelab/kind": "baseline"},
        description=(
            f"The stacks of {name} at the commit of {lab.repositories[name].ref or 'its default branch'}: which files "
            "make up each, and which host it is deployed to. Read from git, never from the working tree."
        ),
    ).with_io_manager_key("io_manager")


def _digest(document: Json) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]


def _materialized(name: str, document: Json) -> dg.MaterializeResult:
    problems = document["problems"]
    return dg.MaterializeResult(
        asset_key=names.baseline(name),
        value=document,
        data_version=dg.DataVersion(_digest(document)),
        metadata={
            "commit": document["commit"] or "none",
            "ref": document["ref"] or "none",
            "committed_at": document["committed_at"] or "unknown",
            "notices": "; ".join(document["notices"]) or "none",
            "stacks": dg.MetadataValue.int(len(document["stacks"])),
            "problems": dg.MetadataValue.int(len(problems)),
            "stack_list": tables.table(
                _STACKS, ({**stack, "files": ", ".join(stack["files"])} for stack in document["stacks"])
            ),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name=PARSED,
                asset_key=names.baseline(name),
                passed=not problems,
                description=f"{len(problems)} could not be read" if problems else "everything could be read",
                metadata={"problems": tables.table(_PROBLEMS, problems)},
            )
        ],
    )
