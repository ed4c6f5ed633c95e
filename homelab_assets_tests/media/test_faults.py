"""Every cause, brought about in the simulator, is found: exactly that cause, at exactly that link, and nothing else."""

import json
from collections.abc import Sequence

import pytest

from homelab_assets.media.causes import causes
from homelab_assets.media.containers import media_containers
from homelab_assets.media.fixes import propose
from homelab_assets.media.pipeline import run_pipeline
from homelab_assets.media.plan import Fix, apply_plan
from homelab_assets.media.result import PipelineResult
from homelab_assets.media.simulator import FAULTS, LARRY, World
from homelab_assets.media.situation import look
from homelab_assets.media.verdicts import Fail, Unknown
from homelab_assets.rendering.pipeline_words import verdict

pytestmark = pytest.mark.scenario

WHEN = "2026-11-23T06:00:00Z"

# fault: the one check that says it.
WHERE = {
    "container_stopped": "radarr.container",
    "container_stopped@gluetun": "vpn.container",
    "unreachable": "prowlarr.reachable",
    "unreachable@radarr": "radarr.reachable",
    "unreachable@plex": "plex.reachable",
    "unreachable@applications": "applications.radarr",
    "unreachable@way_back": "applications.radarr",
    "unreachable@search": "search.radarr",
    "unreachable@downloads": "downloads.radarr",
    "unreachable@requests": "requests.radarr_reached",
    "dns": "sonarr.reachable",
    "dns@applications": "applications.radarr",
    "dns@downloads": "downloads.radarr",
    "tls_untrusted": "radarr.reachable",
    "http_redirect": "radarr.reachable",
    "not_json": "overseerr.reachable",
    "server_error": "sonarr.reachable",
    "key_missing": "radarr.key",
    "key_rejected": "radarr.key",
    "key_rejected@prowlarr": "prowlarr.key",
    "key_rejected@overseerr": "overseerr.key",
    "key_rejected@plex": "plex.key",
    "key_rejected@qbittorrent": "qbittorrent.login",
    "key_stale_copy": "search.radarr",
    "key_stale_copy@applications": "applications.radarr",
    "key_stale_copy@downloads": "downloads.radarr",
    "key_stale_copy@requests": "requests.radarr",
    "app_health": "radarr.health",
    "netns_not_vpn": "vpn.namespace",
    "netns_stale_recreate": "vpn.namespace",
    "netns_stale_restart": "vpn.start_order",
    "vpn_down": "vpn.container",
    "vpn_down@tunnel": "vpn.tunnel",
    "vpn_probe_unauthorised": "vpn.tunnel",
    "killswitch_off": "vpn.kill_switch",
    "killswitch_off@subnets": "vpn.kill_switch",
    "interface_missing": "vpn.interface",
    "leak_v4": "vpn.egress_v4",
    "leak_v6": "vpn.egress_v6",
    "banned": "qbittorrent.login",
    "host_header_blocked": "qbittorrent.reachable",
    "client_settings": "downloads.radarr",
    "no_provider": "indexers.ready",
    "no_provider@applications": "applications.radarr",
    "no_provider@search": "search.radarr",
    "no_provider@downloads": "downloads.radarr",
    "provider_disabled": "applications.radarr",
    "provider_disabled@indexers": "indexers.ready",
    "provider_disabled@search": "search.radarr",
    "provider_disabled@downloads": "downloads.radarr",
    "provider_backoff": "indexers.ready",
    "categories": "search.radarr",
    "search_empty": "indexers.search",
    "path_not_mounted": "paths.radarr_downloads",
    "path_not_mounted@everywhere": "paths.shared",
    "path_not_mounted@library": "paths.radarr_library",
    "path_ephemeral": "paths.qbittorrent",
    "path_ephemeral@library": "paths.radarr_library",
    "path_read_only": "paths.radarr_library",
    "mapping_dead": "paths.radarr_downloads",
    "mapping_wrong": "paths.radarr_downloads",
    "root_missing": "paths.radarr_library",
    "disk_full": "paths.room",
    "root_in_downloads": "paths.radarr_apart",
    "hardlink_impossible": "paths.radarr_hardlink",
    "hardlink_impossible@history": "paths.radarr_hardlinked",
    "hardlink_unproved": "paths.radarr_hardlinked",
    "import_off": "downloads.radarr_import",
    "csrf": "requests.radarr_reached",
    "default_server_missing": "requests.radarr",
    "request_root_missing": "requests.radarr",
    "request_profile_missing": "requests.radarr",
    "notifications_off": "requests.notifications",
    "library_mismatch": "library.radarr",
    "scan_disabled": "library.scan",
    "scan_no_events": "library.scan",
    "not_playable": "library.playable",
}
# An honest "can't be told", and that for two apps or of one kind only.
UNKNOWN = {"vpn_probe_unauthorised", "search_empty", "hardlink_unproved", "csrf"}


def examine(
    faults: Sequence[str] = (), *, versions: dict[str, str] | None = None, health_only: bool = False
) -> PipelineResult:
    return examine_and_fix(faults, versions=versions, health_only=health_only)[0]


def examine_and_fix(
    faults: Sequence[str] = (), *, versions: dict[str, str] | None = None, health_only: bool = False
) -> tuple[PipelineResult, Sequence[Fix]]:
    """Run the probes and propose fixes; neither may show a secret."""
    with World(faults=faults, versions=versions) as world, world.clients() as clients:
        settings = world.settings()
        containers = media_containers(world.containers(), settings, world.volumes)
        result = run_pipeline(
            settings,
            clients=clients,
            generated_at=WHEN,
            containers=containers,
            health_only=health_only,
        )
        fixes = propose(result, look(clients, settings, containers, salt=b"for tests")) if result.exit_code == 1 else []
    plan = apply_plan(fixes, generated_at=WHEN, host=None)
    text = json.dumps([result.to_json(), [fix.to_json() for fix in fixes], plan])
    assert not [secret for secret in settings.secrets if secret in text]
    return result, fixes


def hangs_on(result: PipelineResult, identity: str) -> set[str]:
    """Return all checks that need one, directly or through others."""
    found = {identity}
    while True:
        more = {check.probe.id for check in result.checks if found & set(check.probe.needs)} | found
        if more == found:
            return found - {identity}
        found = more


def test_every_fault_and_every_cause_has_a_place() -> None:
    assert set(WHERE) == set(FAULTS)
    assert {fault.partition("@")[0] for fault in FAULTS} == set(causes())


def test_without_fault_everything_passes() -> None:
    result = examine()
    assert [check.to_json() for check in result.checks if check.status not in ("pass", "skipped")] == []
    assert {check.probe.app for check in result.checks if check.status == "skipped"} == {"bazarr", "sabnzbd"}
    assert result.exit_code == 0


@pytest.mark.parametrize("fault", [name for name in WHERE if name.partition("@")[0] not in UNKNOWN])
def test_a_fault_is_one_failure_at_its_link(fault: str) -> None:
    result, fixes = examine_and_fix([fault])
    failed = {check.probe.id: check.verdict for check in result.checks if check.status == "fail"}
    assert {name: verdict.cause for name, verdict in failed.items()} == {WHERE[fault]: fault.partition("@")[0]}
    (verdict,) = failed.values()
    assert verdict.evidence
    assert result.first_broken is not None
    assert result.first_broken.probe.id == WHERE[fault]
    assert result.exit_code == 1
    assert [(fix.check, bool(fix.why), bool(fix.steps or fix.edits or fix.manual)) for fix in fixes] == [
        (WHERE[fault], True, True)
    ]
    assert not [check for check in result.checks if check.status == "unknown"]
    downstream, skipped = (
        hangs_on(result, WHERE[fault]),
        {check.probe.id for check in result.checks if check.status == "skipped"},
    )
    blocked = {check.probe.id for check in result.checks if getattr(check.verdict, "by", None) == WHERE[fault]}
    if verdict.stops:
        assert blocked == downstream - skipped
    else:
        assert blocked <= downstream


@pytest.mark.parametrize("fault", [name for name in WHERE if name.partition("@")[0] in UNKNOWN])
def test_what_cannot_be_told_is_no_pass(fault: str) -> None:
    result = examine([fault])
    verdict = result.check(WHERE[fault]).verdict
    assert isinstance(verdict, Unknown)
    assert verdict.cause == fault
    assert not [check for check in result.checks if check.status == "fail"]
    assert result.exit_code == 2


def test_larrys_three_faults_are_found_together() -> None:
    result = examine(LARRY)
    failed = {check.probe.id: check.verdict for check in result.checks if isinstance(check.verdict, Fail)}
    assert {name: verdict.cause for name, verdict in failed.items()} == {
        "search.radarr": "key_stale_copy",
        "paths.radarr_downloads": "path_not_mounted",
        "library.scan": "scan_disabled",
    }


# Every version of each app at least once, and every pair of the newest ones.
MATRIX = [
    ("4.6", "overseerr", "5", "3.41"),
    ("5.0", "seerr", "6", "3.42"),
    ("5.1", "overseerr", "6", "3.41"),
    ("5.1", "seerr", "5", "3.42"),
    ("5.2", "overseerr", "5", "3.42"),
    ("5.2", "seerr", "6", "3.41"),
    ("5.2", "seerr", "6", "3.42"),
]


@pytest.mark.parametrize(("torrent", "requests", "radarr", "gluetun"), MATRIX)
def test_all_versions_pass(torrent: str, requests: str, radarr: str, gluetun: str) -> None:
    result = examine(versions={"qbittorrent": torrent, "requests": requests, "radarr": radarr, "gluetun": gluetun})
    assert result.exit_code == 0, [
        check.to_json() for check in result.checks if check.status not in ("pass", "skipped")
    ]


@pytest.mark.parametrize("torrent", ["5.1", "5.2"])
@pytest.mark.parametrize(
    "fault", ["banned", "key_rejected@qbittorrent", "key_stale_copy@downloads", "host_header_blocked"]
)
def test_old_and_new_qbittorrent_fail_alike(torrent: str, fault: str) -> None:
    result = examine([fault], versions={"qbittorrent": torrent})
    assert {check.probe.id: check.verdict.cause for check in result.checks if isinstance(check.verdict, Fail)} == {
        WHERE[fault]: fault.partition("@")[0]
    }


def test_the_health_part_only_reads_and_logs_in_once() -> None:
    result = examine(health_only=True)
    assert result.exit_code == 0
    assert set(result.effects) == {"read", "login"}
    assert result.effects["login"] == 1
    assert 20 < len(result.checks) < 45


def test_what_only_costs_comfort_blocks_nothing_else_and_is_not_where_the_chain_breaks() -> None:
    result = examine(["hardlink_impossible"])
    assert result.check("end_to_end.dry_run").status == "pass"
    assert verdict(result.to_json()).startswith("Media flows, with a flaw at Paths: every import")
    result = examine(["hardlink_impossible", "scan_disabled"])
    assert verdict(result.to_json()).startswith("The chain breaks at Library: ")
    assert result.exit_code == 1
