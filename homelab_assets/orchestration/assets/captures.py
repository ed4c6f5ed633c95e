"""Captures: what the engine of each host said of itself. One asset a host, so that each has its own history and checks.

One step captures all selected hosts side by side. `HOMELAB_HOSTS_PER_STEP=1` makes a step of each host, for executors
that spread steps over machines.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import dagster as dg

from homelab_assets import audit
from homelab_assets.drift.behind_variables import sealed_for_rest
from homelab_assets.drift.unsealed import refused, unsealed_fields
from homelab_assets.lab.settings import Lab
from homelab_assets.model import Captured, CaptureResult, Unreachable
from homelab_assets.orchestration import names
from homelab_assets.orchestration.documents import capture_to_json
from homelab_assets.orchestration.resources import LaboratoryResource

REACHABLE, NO_SECRETS = "host_is_reachable", "no_secrets_in_capture"
FRESH_FOR = timedelta(hours=26)
"""A day and some slack: what the daily schedule keeps fresh."""


def capture_assets(lab: Lab, *, hosts_per_step: int | None = None) -> list[dg.AssetsDefinition]:
    """Return the assets that capture the hosts of a lab, in steps of `hosts_per_step` hosts (None: all in one)."""
    hosts = list(lab.hosts)
    size = hosts_per_step or max(len(hosts), 1)
    chunks = [hosts[start : start + size] for start in range(0, len(hosts), size)]
    return [
        _step("capture_hosts" if len(chunks) == 1 else f"capture_hosts_{number}", chunk)
        for number, chunk in enumerate(chunks, 1)
    ]


def _step(name: str, hosts: Sequence[str]) -> dg.AssetsDefinition:
    by_key = {names.capture(host): host for host in hosts}

    @dg.multi_asset(
        name=name,
        specs=[_spec(host) for host in hosts],
        check_specs=[check for host in hosts for check in _checks(host)],
        can_subset=True,
        # A step of one host waits for that host alone.
        pool=names.host_pool(hosts[0]) if len(hosts) == 1 else "docker_engines",
        retry_policy=names.RETRY,
    )
    def capture_hosts(
        context: dg.AssetExecutionContext, laboratory: LaboratoryResource
    ) -> Iterator[dg.MaterializeResult]:
        selected = [host for key, host in by_key.items() if key in context.selected_asset_keys]
        with laboratory.plain_errors():
            results = audit.capture(
                laboratory.lab, selected, vault=laboratory.vault, progress=laboratory.progress(context)
            )
            # Git says which values stand behind variables: they are sealed in what is stored.
            baselines = audit.load(laboratory.lab, vault=laboratory.vault).baselines
            for result in results:
                if isinstance(result, Captured):
                    result = sealed_for_rest(result, baselines, laboratory.vault)
                # One that leaks never gets to the disk: its host counts as not captured, and the others go on.
                leaks = unsealed_fields(result, laboratory.vault) if isinstance(result, Captured) else []
                yield _materialized(refused(result, leaks) if leaks else result, leaks)

    return capture_hosts


def _spec(host: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        names.capture(host),
        deps=[names.host(host)],
        group_name=names.CAPTURES,
        kinds={"docker", "json"},
        owners=names.OWNERS,
        tags={"homelab/kind": "capture", "homelab/access": "read-only"},
        description=(
            f"Containers, images, networks and volumes of {host} as its engine reports them, read-only, "
            "with every secret sealed. A host that can't be reached gives a document that says so."
        ),
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=FRESH_FOR + timedelta(hours=24), warn_window=FRESH_FOR
        ),
    ).with_io_manager_key("io_manager")


def _checks(host: str) -> list[dg.AssetCheckSpec]:
    key = names.capture(host)
    return [
        dg.AssetCheckSpec(REACHABLE, asset=key, description="The engine answered and could be read."),
        dg.AssetCheckSpec(
            NO_SECRETS,
            asset=key,
            description=(
                "Sealing the document again finds nothing to seal. One that leaks is thrown away: its host counts as "
                "not captured, and the others go on."
            ),
        ),
    ]


def _materialized(result: CaptureResult, leaks: Sequence[str]) -> dg.MaterializeResult:
    return dg.MaterializeResult(
        asset_key=names.capture(result.host),
        value=capture_to_json(result),
        metadata=_metadata(result),
        check_results=[_reachable(result), _sealed(result, leaks)],
    )


def _metadata(result: CaptureResult) -> dict[str, dg.MetadataValue]:
    shared = {
        "captured_at": dg.MetadataValue.text(result.captured_at),
        "capture_seconds": dg.MetadataValue.float(round(result.seconds, 3)),
        "reachable": dg.MetadataValue.bool(isinstance(result, Captured)),
    }
    if isinstance(result, Unreachable):
        return {**shared, "error": dg.MetadataValue.text(result.error)}
    running = sum((container.get("State") or {}).get("Status") == "running" for container in result.containers)
    return {
        **shared,
        "containers": dg.MetadataValue.int(len(result.containers)),
        "containers_running": dg.MetadataValue.int(running),
        "images": dg.MetadataValue.int(len(result.images)),
        "networks": dg.MetadataValue.int(len(result.networks)),
        "volumes": dg.MetadataValue.int(len(result.volumes)),
        "engine": dg.MetadataValue.text(str((result.engine.get("version") or {}).get("Version", "unknown"))),
    }


def _reachable(result: CaptureResult) -> dg.AssetCheckResult:
    passed = isinstance(result, Captured)
    return dg.AssetCheckResult(
        check_name=REACHABLE,
        asset_key=names.capture(result.host),
        passed=passed,
        description="the engine answered" if isinstance(result, Captured) else result.error,
        metadata={} if isinstance(result, Captured) or not result.hint else {"remedy": result.hint},
    )


def _sealed(result: CaptureResult, leaks: Sequence[str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=NO_SECRETS,
        asset_key=names.capture(result.host),
        passed=not leaks,
        description=f"unsealed secrets in {', '.join(leaks)}" if leaks else "every secret is sealed",
        metadata={"remedy": result.hint} if leaks and isinstance(result, Unreachable) and result.hint else {},
    )
