"""Drift: what runs against what git says, and the report that people read."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg

from homelab_assets import audit
from homelab_assets.drift.document import SEVERITIES, DriftDocument
from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration import names, tables
from homelab_assets.orchestration.assets.captures import FRESH_FOR
from homelab_assets.orchestration.documents import stored_baselines, stored_captures
from homelab_assets.orchestration.resources import LaboratoryResource
from homelab_assets.orchestration.store import JsonStore
from homelab_assets.reports import write_drift_report
from homelab_assets.secrecy import has_token

NO_SECRETS = "no_secrets_in_drift"


def drift_assets(lab: Lab) -> list[dg.AssetsDefinition]:
    """Return the drift document, made from all captures and baselines of the lab, and its report."""
    return [_document(lab), drift_report]


def _document(lab: Lab) -> dg.AssetsDefinition:
    @dg.asset(
        key=names.DRIFT_DOCUMENT,
        dagster_type=dict,
        deps=[*map(names.capture, lab.hosts), *map(names.baseline, lab.repositories)],
        group_name=names.DRIFT,
        kinds={"json", "report"},
        owners=names.OWNERS,
        tags={"homelab/kind": "drift"},
        check_specs=[
            dg.AssetCheckSpec(
                NO_SECRETS,
                asset=names.DRIFT_DOCUMENT,
                blocking=True,
                description="No fingerprint of a secret stands in what reports are made from: they show `<secret>`.",
            )
        ],
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=FRESH_FOR + timedelta(hours=24), warn_window=FRESH_FOR
        ),
        retry_policy=names.RETRY,
        metadata={"dagster/column_schema": tables.schema(tables.DRIFT_COLUMNS)},
    )
    def drift(
        context: dg.AssetExecutionContext, laboratory: LaboratoryResource, store: dg.ResourceParam[JsonStore]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """Every difference between what runs and what git says, judged.

        The drift document (schema 1): one verdict per service, one item per leaf that a person would change, with
        severity, cause, the line in git that decides it, and since when it is known. Secrets stand in it as `<secret>`.
        """
        with laboratory.plain_errors():
            baselines = stored_baselines(store, laboratory)
            document = audit.compare(
                laboratory.lab,
                stored_captures(store, laboratory, baselines.baselines),
                baselines,
                vault=laboratory.vault,
                now=laboratory.now(),
            )
            leaks = leaking_parts(document)
            if leaks:
                # Not even stored: a report made from it would be committed to a public repository one day.
                told = f"fingerprints of secrets in {', '.join(leaks)}"
                yield dg.AssetCheckResult(check_name=NO_SECRETS, passed=False, description=told)
                raise dg.Failure(told, allow_retries=False)
            audit.remember(laboratory.lab, document)
        counts = document.summary
        laboratory.progress(context)(f"{counts['drifted']} of {counts['services']} services drifted")
        yield dg.MaterializeResult(
            value=document.to_json(),
            data_version=content_version(document),
            metadata=drift_metadata(document),
            check_results=[dg.AssetCheckResult(check_name=NO_SECRETS, passed=True, description="nothing leaks")],
        )

    return drift


def content_version(document: DriftDocument) -> dg.DataVersion:
    """Return what the document says, as a digest: what is made from it is out of date only if that has changed."""
    data = document.to_json()
    said = {key: data[key] for key in ("baselines", "services", "problems")}
    return dg.DataVersion(hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16])


def leaking_parts(document: DriftDocument) -> list[str]:
    """Return the services and the other parts of the document in which a fingerprint of a secret stands."""
    parts = document.to_json()
    verdicts = [(f"{verdict['host']}/{verdict['service']}", verdict) for verdict in parts.pop("services")]
    return [name for name, part in [*verdicts, *parts.items()] if has_token(json.dumps(part, ensure_ascii=False))]


@dg.asset(
    key=names.DRIFT_REPORT,
    ins={"drift": dg.AssetIn(key=names.DRIFT_DOCUMENT)},
    **names.REPORT,
)
def drift_report(laboratory: LaboratoryResource, drift: Mapping[str, Any]) -> dg.MaterializeResult:
    """The drift report of the day: `reports/drift-YYYY-MM-DD.md` for people, `.json` for programs."""
    document = DriftDocument.from_json(drift)
    with laboratory.plain_errors():
        paths = write_drift_report(laboratory.lab, document)
    return dg.MaterializeResult(
        metadata={
            **tables.files(paths),
            **{severity: dg.MetadataValue.int(document.summary[severity]) for severity in SEVERITIES},
            "services_drifted": dg.MetadataValue.int(document.summary["drifted"]),
            "preview": tables.preview(paths[0].read_text("utf-8")),
        }
    )


def drift_metadata(document: DriftDocument) -> dict[str, Any]:
    """Return what Dagster shows of a drift document: counts that plot over time, a table of findings, a preview."""
    from homelab_assets.rendering.drift_markdown import drift_markdown

    summary = document.summary
    unreachable = sum(host.status == "unreachable" for host in document.hosts)
    commits = "\n".join(
        f"- {ref.repository}: `{ref.commit or 'working tree'}` ({ref.ref})" for ref in document.baselines
    )
    return {
        **{severity: dg.MetadataValue.int(summary[severity]) for severity in SEVERITIES},
        "items": dg.MetadataValue.int(summary["items"]),
        "services": dg.MetadataValue.int(summary["services"]),
        "services_drifted": dg.MetadataValue.int(summary["drifted"]),
        "services_missing": dg.MetadataValue.int(summary["missing"]),
        "services_unmanaged": dg.MetadataValue.int(summary["unmanaged"]),
        "services_verified": dg.MetadataValue.int(summary["verified"]),
        "hosts_unreachable": dg.MetadataValue.int(unreachable),
        "problems": dg.MetadataValue.int(summary["problems"]),
        "ignored": dg.MetadataValue.int(summary["ignored"]),
        "new": dg.MetadataValue.int(len(document.new)),
        "capture_seconds": dg.MetadataValue.float(
            round(max((host.seconds or 0.0 for host in document.hosts), default=0.0), 3)
        ),
        "dagster/row_count": summary["items"],
        "findings": tables.table(tables.DRIFT_COLUMNS, tables.drift_rows(document)),
        "baseline_commits": tables.markdown(commits or "none"),
        "preview": tables.preview(drift_markdown(document)),
    }
