"""Documentation that writes itself, from what runs, what git says and what the audit found.

All of it refreshes itself once the drift document, the pipeline's report or the pull requests are newer, also after a
run that did not write it (see `sensors.refresh`). Files that would not change are not written.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from homelab_assets.orchestration import names, tables
from homelab_assets.orchestration.documents import stored_audit
from homelab_assets.orchestration.resources import LaboratoryResource
from homelab_assets.orchestration.store import JsonStore

if TYPE_CHECKING:
    from homelab_assets.publishing import Publication

REFRESH = (
    dg.AutomationCondition.any_deps_updated().since_last_handled()
    # Who has not tested a pipeline, or opened a pull request, wants documents all the same.
    & ~dg.AutomationCondition.any_deps_missing().ignore(
        dg.AssetSelection.assets(names.PIPELINE_REPORT, names.PULL_REQUESTS)
    )
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
).with_label("refresh when something that it is made from is newer")

# What a part is made from besides the audit.
_MORE_DEPS = {
    names.DEPENDENCY_MAP: [names.PIPELINE_REPORT],
    names.RUNBOOKS: [names.PIPELINE_REPORT],
    names.AUDIT_TRAIL: [names.PULL_REQUESTS],
}

# Asset, part of `documentation.generate.PARTS`, description.
_PARTS = (
    (
        names.SERVICE_CATALOG,
        "catalog",
        "Every service on every host: image, version, purpose, addresses, health, drift: `docs/SERVICE_CATALOG.md`.",
    ),
    (
        names.ARCHITECTURE_DIAGRAMS,
        "architecture",
        "Hosts, services, networks and the flow of media as Mermaid diagrams: `docs/architecture/`.",
    ),
    (
        names.DEPENDENCY_MAP,
        "dependencies",
        "What needs what, with evidence, and what breaks if something stops: `docs/dependencies.md`.",
    ),
    (
        names.AUDIT_TRAIL,
        "audit_trail",
        "Configuration changes of the last weeks over all repositories: `reports/AUDIT_TRAIL.md`.",
    ),
    (
        names.RUNBOOKS,
        "runbooks",
        "What to do when something fails, with real names, paths and commands: `docs/troubleshooting/`.",
    ),
)


def documentation_assets() -> list[dg.AssetsDefinition]:
    """Return one asset per part of the documentation; one step makes all that are selected, from one reading."""
    by_key = {key: part for key, part, _ in _PARTS}

    @dg.multi_asset(
        specs=[_spec(key, description) for key, _, description in _PARTS],
        can_subset=True,
        retry_policy=names.RETRY,
    )
    def documentation(
        context: dg.AssetExecutionContext, laboratory: LaboratoryResource, store: dg.ResourceParam[JsonStore]
    ) -> Iterator[dg.MaterializeResult]:
        from homelab_assets.documentation.generate import generate_parts
        from homelab_assets.documenting import gather, write_documents

        wanted = {part: key for key, part in by_key.items() if key in context.selected_asset_keys}
        with laboratory.plain_errors():
            audit = stored_audit(store, laboratory)
            material, notices = gather(laboratory.lab, audit, vault=laboratory.vault, parts=list(wanted))
            for part, documents in generate_parts(material, list(wanted)):
                done = write_documents(laboratory.lab, documents, whole=[part] if audit.document.complete else ())
                # What could not be read is git's history.
                remarks = [*(notices if part == "audit_trail" else ()), *done.problems]
                for text in remarks:
                    context.log.warning(text)
                yield dg.MaterializeResult(asset_key=wanted[part], metadata=_metadata(done, remarks))

    return [documentation]


def _spec(key: dg.AssetKey, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        # Captures and baselines are read too; the drift document, made from them, stands for all in the lineage.
        deps=[names.DRIFT_DOCUMENT, *_MORE_DEPS.get(key, ())],
        group_name=names.DOCUMENTATION,
        kinds={"markdown"},
        owners=names.OWNERS,
        tags={"homelab/kind": "documentation"},
        description=description,
        automation_condition=REFRESH,
    )


def _metadata(done: "Publication", remarks: Sequence[str]) -> dict[str, Any]:
    paths = [path for path in (*done.written, *done.unchanged) if path.suffix == ".md"]
    first: list[Path] = sorted(paths, key=lambda path: (path.name != "README.md", len(path.parts)))[:1]
    others = [path for path in paths if path not in first]
    return {
        **tables.files([*first, *others]),
        **({"preview": tables.preview(first[0].read_text("utf-8"))} if first else {}),
        "written": dg.MetadataValue.int(len(done.written)),
        "unchanged": dg.MetadataValue.int(len(done.unchanged)),
        "problems": dg.MetadataValue.int(len(done.problems)),
        "remarks": tables.markdown("\n".join(f"- {text}" for text in remarks) or "none", 4000),
    }
