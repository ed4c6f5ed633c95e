"""What can be wrong with a simulated world, by the code of the cause that it brings about.

A fault changes state, never an answer: the cause then emerges from what the apps really do. `code@place` puts the same
cause at another link.
"""

from homelab_assets.media.simulator import app_faults as apps
from homelab_assets.media.simulator import host_faults as host
from homelab_assets.media.simulator.app_faults import Fault
from homelab_assets.media.simulator.world import HOME_V4, HOME_V6, World, made_up


def apply(name: str, world: World) -> None:
    """Switch a fault on.

    Raises:
        ValueError: no such fault; the message lists all.
    """
    if name not in FAULTS:
        raise ValueError(f"no fault {name}; known: {', '.join(FAULTS)}")
    FAULTS[name](world)


FAULTS: dict[str, Fault] = {
    "container_stopped": host.stopped("radarr"),
    "container_stopped@gluetun": host.stopped("gluetun"),
    "unreachable": apps.refused("prowlarr"),
    "unreachable@radarr": apps.refused("radarr"),
    "unreachable@plex": apps.refused("plex"),
    "unreachable@applications": apps.field("applications", "prowlarr", "baseUrl", "http://radarr:7879"),
    "unreachable@way_back": apps.field("applications", "prowlarr", "prowlarrUrl", "http://prowlarr:9697"),
    "unreachable@search": apps.indexers("radarr", "baseUrl", "http://prowlarr:9697/1/"),
    "unreachable@downloads": apps.field("downloadclient", "radarr", "port", 8081),
    "unreachable@requests": apps.server("radarr", port=7879),
    "dns": lambda world: apps.service(world, "sonarr", url="http://sonarr.invalid:8989"),
    "dns@applications": apps.field("applications", "prowlarr", "baseUrl", "http://radarrr:7878"),
    "dns@downloads": apps.field("downloadclient", "radarr", "host", "qbittorrent"),
    "tls_untrusted": apps.self_signed("radarr"),
    "http_redirect": apps.behind(apps.redirect, "radarr"),
    "not_json": apps.behind(apps.login_page, "overseerr"),
    "server_error": apps.behind(apps.crash, "sonarr"),
    "key_missing": lambda world: apps.service(world, "radarr", api_key=None),
    "key_rejected": lambda world: apps.service(world, "radarr", api_key=made_up("yesterday")),
    "key_rejected@prowlarr": lambda world: apps.service(world, "prowlarr", api_key=made_up("yesterday")),
    "key_rejected@overseerr": lambda world: apps.service(world, "overseerr", api_key=made_up("yesterday")),
    "key_rejected@plex": lambda world: apps.service(world, "plex", token=made_up("yesterday")),
    "key_rejected@qbittorrent": lambda world: apps.service(world, "qbittorrent", password=made_up("yesterday")),
    "key_stale_copy": apps.indexers("radarr", "apiKey", made_up("prowlarr of before")),
    "key_stale_copy@applications": apps.field("applications", "prowlarr", "apiKey", made_up("radarr of before")),
    "key_stale_copy@downloads": apps.field("downloadclient", "radarr", "password", made_up("qbittorrent of before")),
    "key_stale_copy@requests": apps.server("radarr", apiKey=made_up("radarr of before")),
    "app_health": apps.complains,
    "netns_not_vpn": host.own_network,
    "netns_stale_recreate": host.recreated,
    "netns_stale_restart": host.restarted,
    "vpn_down": apps.vpn_down,
    "vpn_down@tunnel": apps.crashed_unnoticed,
    "vpn_probe_unauthorised": apps.private_control,
    "killswitch_off": host.environment("gluetun", "FIREWALL_ENABLED_DISABLING_IT_SHOOTS_YOU_IN_YOUR_FOOT=off"),
    "killswitch_off@subnets": host.environment("gluetun", "FIREWALL_OUTBOUND_SUBNETS=0.0.0.0/0"),
    "interface_missing": apps.bound_elsewhere,
    "leak_v4": apps.leak(HOME_V4, None),
    "leak_v6": apps.leak(None, HOME_V6),
    "banned": apps.banned,
    "host_header_blocked": apps.other_port,
    "client_settings": apps.field("downloadclient", "radarr", "movieCategory", "films//radarr"),
    "no_provider": lambda world: world.prowlarr.providers.update(indexer=[]),
    "no_provider@applications": apps.never_synced,
    "no_provider@search": lambda world: world.radarr.providers.update(indexer=[]),
    "no_provider@downloads": lambda world: world.radarr.providers.update(downloadclient=[]),
    "provider_disabled": apps.sync_off,
    "provider_disabled@indexers": apps.each("indexer", "prowlarr", enable=False),
    "provider_disabled@search": apps.each(
        "indexer", "radarr", enableRss=False, enableAutomaticSearch=False, enableInteractiveSearch=False
    ),
    "provider_disabled@downloads": apps.each("downloadclient", "radarr", enable=False),
    "provider_backoff": apps.back_off,
    "categories": apps.indexers("radarr", "categories", [8000]),
    "search_empty": apps.no_results,
    "path_not_mounted": host.private_mount,
    "path_not_mounted@everywhere": host.other_mount,
    "path_not_mounted@library": host.root("/media/films"),
    "path_ephemeral": host.in_container,
    "path_ephemeral@library": host.root("/library"),
    "path_read_only": host.read_only,
    "mapping_dead": host.dead_mapping,
    "mapping_wrong": host.mapping("gluetun", "/media/downloads/", "/data/"),
    "root_missing": host.root(),
    "disk_full": apps.full,
    "root_in_downloads": host.root("/media/downloads/complete/movies"),
    "hardlink_impossible": host.split_mounts,
    "hardlink_impossible@history": host.copied,
    "hardlink_unproved": apps.unproved,
    "import_off": lambda world: world.radarr.handling.update(enableCompletedDownloadHandling=False),
    "csrf": lambda world: setattr(world.overseerr, "csrf", True),
    "default_server_missing": apps.server("radarr", isDefault=False),
    "request_root_missing": apps.server("radarr", activeDirectory="/media/old"),
    "request_profile_missing": apps.server("radarr", activeProfileId=99),
    "notifications_off": apps.silent_agents,
    "library_mismatch": host.plex_elsewhere,
    "scan_disabled": apps.no_scan,
    "scan_no_events": host.on_nas,
    "not_playable": apps.unreadable,
}
"""Every fault by name."""

LARRY = ("key_stale_copy", "path_not_mounted", "scan_disabled")
"""What was wrong in Larry's home: a stale key of Prowlarr in Radarr, a path mismatch, and Plex that does not scan."""
