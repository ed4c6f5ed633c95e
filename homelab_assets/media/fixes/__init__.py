"""From a result to proposed fixes. Pure: a result and a situation in, fixes out."""

from collections.abc import Callable, Mapping, Sequence

from homelab_assets.media.fixes import keys, paths, switches, vpn
from homelab_assets.media.plan import Fix
from homelab_assets.media.result import Check, PipelineResult
from homelab_assets.media.situation import Situation
from homelab_assets.media.verdicts import Fail

Fixer = Callable[[Check, Fail, Situation], Fix | None]

FIXERS: Mapping[str, Fixer] = {
    "key_stale_copy": keys.renew_copy,
    "key_rejected": keys.pin_key,
    "key_missing": keys.pin_key,
    "path_not_mounted": paths.align,
    "path_ephemeral": paths.align,
    "mapping_dead": paths.align,
    "mapping_wrong": paths.drop_mapping,
    "hardlink_impossible": paths.one_mount,
    "path_read_only": paths.writable,
    "netns_not_vpn": vpn.into_namespace,
    "netns_stale_recreate": vpn.follow_gluetun,
    "netns_stale_restart": vpn.follow_gluetun,
    "killswitch_off": vpn.kill_switch,
    "interface_missing": vpn.bind_interface,
    "import_off": switches.import_on,
    "provider_disabled": switches.enable_provider,
    "default_server_missing": switches.default_server,
    "request_root_missing": switches.request_root,
    "scan_disabled": switches.scan_by_events,
    "scan_no_events": switches.scan_by_clock,
}


def propose(result: PipelineResult, situation: Situation) -> Sequence[Fix]:
    """Return a fix for each failed check, in the order of the chain; where none is known, what a person should do."""
    found = []
    for check in result.checks:
        if isinstance(check.verdict, Fail):
            fixer = FIXERS.get(check.verdict.cause)
            found.append((fixer and fixer(check, check.verdict, situation)) or by_hand(check))
    return found


def by_hand(check: Check) -> Fix:
    """Return a fix that consists of the catalogue's remedy."""
    words = check.to_json()
    return Fix(
        check=check.probe.id,
        cause=words["cause"],
        title=words["title"],
        why=words["evidence"],
        manual=[words["remedy"]],
    )
