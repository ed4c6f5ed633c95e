"""The media pipeline: whether its applications are well, and whether every link from request to playback holds.

Each probe is an asset check, named after it. A link that depends on a broken one is blocked: it fails as a warning, so
that one cause is one error.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg

from homelab_assets import reports
from homelab_assets.lab.settings import Lab
from homelab_assets.media.probes import PROBES, Probe
from homelab_assets.orchestration import names, tables
from homelab_assets.orchestration.assets.inventory import media_apps
from homelab_assets.orchestration.resources import Laboratory, LaboratoryResource
from homelab_assets.secrecy import redact

if TYPE_CHECKING:
    from homelab_assets.media.session import Session

_WORST = ("fail", "unknown", "blocked", "pass")
_CHECKS = {
    "link": "link of the chain",
    "name": "what is checked",
    "status": "pass, fail, blocked, unknown or skipped",
    "title": "what is wrong",
    "remedy": "what to do",
}


def media_assets(lab: Lab) -> list[dg.AssetsDefinition]:
    """Return the health of the media applications, and the report on the whole chain."""
    apps = [names.media_app(app) for app in media_apps(lab)]
    return [_health(apps), _report(apps)]


def _health(apps: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    probes = [probe for probe in PROBES if not probe.deep]

    @dg.asset(
        key=names.MEDIA_HEALTH,
        dagster_type=dict,
        deps=apps,
        check_specs=[_spec(names.MEDIA_HEALTH, probe) for probe in probes],
        group_name=names.MEDIA,
        kinds={"api", "json"},
        owners=names.OWNERS,
        tags={"homelab/kind": "pipeline", "homelab/access": "read-only"},
        retry_policy=dg.RetryPolicy(max_retries=1, delay=10),
    )
    def media_health(context: dg.AssetExecutionContext, laboratory: LaboratoryResource) -> dg.MaterializeResult:
        """Whether the media applications answer, log in and call themselves well; cheap, and it changes nothing."""
        with laboratory.plain_errors(), _session(laboratory, context) as session:
            result = session.check(generated_at=laboratory.now(), health_only=True, active=False)
            document = _sealed(result.to_json())
        _observe(context, laboratory.lab, document)
        return dg.MaterializeResult(
            value=document, metadata=_metadata(document), check_results=_results(names.MEDIA_HEALTH, document)
        )

    return media_health


def _report(apps: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        key=names.PIPELINE_REPORT,
        deps=[names.MEDIA_HEALTH, *apps],
        check_specs=[_spec(names.PIPELINE_REPORT, probe) for probe in PROBES],
        group_name=names.MEDIA,
        kinds={"api", "report"},
        owners=names.OWNERS,
        tags={"homelab/kind": "pipeline"},
    )
    def pipeline_report(context: dg.AssetExecutionContext, laboratory: LaboratoryResource) -> dg.MaterializeResult:
        """The whole chain, link by link, with causes, remedies and fixes: `reports/pipeline-test-YYYY-MM-DD.html`."""
        say = laboratory.progress(context)
        with laboratory.plain_errors(), _session(laboratory, context) as session:
            result = session.check(
                generated_at=laboratory.now(), progress=lambda check: say(f"{check.probe.title} ({check.status})")
            )
            document = _sealed(session.document(result))
            paths = reports.write_pipeline_report(laboratory.lab, document)
        _observe(context, laboratory.lab, document)
        return dg.MaterializeResult(
            metadata={**tables.files(paths), **_metadata(document)},
            check_results=_results(names.PIPELINE_REPORT, document),
        )

    return pipeline_report


def _observe(context: dg.AssetExecutionContext, lab: Lab, document: Mapping[str, Any]) -> None:
    for app in media_apps(lab):
        context.log_event(_observation(app, document))


def _observation(app: str, document: Mapping[str, Any]) -> dg.AssetObservation:
    """Return the observed state of one application: how its checks stand, and what they saw."""
    name = "overseerr" if app == "seerr" else app
    checks = [check for check in document["checks"] if check["app"] == name]
    seen = [f"- {check['name']} ({check['status']}): {'; '.join(check['evidence'])}".rstrip(": ") for check in checks]
    worst = next((status for status in _WORST if any(check["status"] == status for check in checks)), "skipped")
    return dg.AssetObservation(
        asset_key=names.media_app(app),
        metadata={
            "state": worst,
            "checks": dg.MetadataValue.int(len(checks)),
            "seen": tables.markdown("\n".join(seen)),
        },
    )


@contextmanager
def _session(laboratory: Laboratory, context: dg.AssetExecutionContext) -> "Iterator[Session]":
    from homelab_assets.fingerprint_key import load_key
    from homelab_assets.media.session import open_session

    say = laboratory.progress(context)
    with open_session(laboratory.lab, vault=laboratory.vault, salt=load_key(laboratory.lab.state), say=say) as session:
        yield session


def _sealed(document: dict[str, Any]) -> dict[str, Any]:
    """Redact once more what applications said; all else in a result is this project's own words."""
    return {**document, "checks": [_sealed_check(check) for check in document["checks"]]}


def _sealed_check(check: Mapping[str, Any]) -> dict[str, Any]:
    why = check.get("why")
    evidence = [redact(text) for text in check.get("evidence", ())]
    return {**check, "evidence": evidence, "why": redact(why) if why else why}


def _spec(asset: dg.AssetKey, probe: Probe) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(_name(probe.id), asset=asset, description=f"{probe.title}: {probe.proves}")


def _name(probe: str) -> str:
    return probe.replace(".", "__").replace("-", "_")


def _results(asset: dg.AssetKey, document: Mapping[str, Any]) -> list[dg.AssetCheckResult]:
    return [_result(asset, check) for check in document["checks"]]


def _result(asset: dg.AssetKey, check: Mapping[str, Any]) -> dg.AssetCheckResult:
    status = check["status"]
    hard = status == "fail" and check.get("severity") != "warning"
    said = {
        "pass": "holds",
        "skipped": f"skipped: {check.get('why')}",
        "blocked": f"blocked by {check.get('by')}",
        "unknown": f"could not be judged: {check.get('why')}",
    }
    shown = {key: check[key] for key in ("cause", "diagnosis", "remedy", "runbook", "about") if check.get(key)}
    evidence = "\n".join(f"- {text}" for text in check.get("evidence", ()))
    return dg.AssetCheckResult(
        check_name=_name(check["id"]),
        asset_key=asset,
        passed=status in ("pass", "skipped"),
        severity=dg.AssetCheckSeverity.ERROR if hard else dg.AssetCheckSeverity.WARN,
        description=said.get(status) or str(check.get("title")),
        metadata={"status": status, **shown, **({"evidence": tables.markdown(evidence)} if evidence else {})},
    )


def _metadata(document: Mapping[str, Any]) -> dict[str, Any]:
    summary, broken = document["summary"], document["first_broken"]
    return {
        "passed": summary["text"],
        **{
            status: dg.MetadataValue.int(summary[status])
            for status in ("pass", "fail", "blocked", "unknown", "skipped")
        },
        "first_broken": broken["check"] if broken else "none",
        "seconds": dg.MetadataValue.float(document["seconds"]),
        "checks": tables.table(_CHECKS, document["checks"]),
    }
