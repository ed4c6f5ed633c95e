"""The keys that the running apps use: from the container's environment, else from its own configuration file.

A file alone is not believed where the environment sets the key: then the app ignores the file and never rewrites it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from homelab_assets.media.containers import MediaContainers
from homelab_assets.media.settings import MediaSettings, Service
from homelab_assets.secrecy import has_token

ReadFile = Callable[[str, str], str | None]
"""Reads a text file of a container, given its name and the path inside; None where it can't be read."""

_XML_KEY = re.compile(r"<ApiKey>\s*([0-9A-Za-z]{16,64})\s*</ApiKey>")
_PREFERENCES = "/config/Library/Application Support/Plex Media Server/Preferences.xml"
_VARIABLES = {
    "radarr": "RADARR__AUTH__APIKEY",
    "sonarr": "SONARR__AUTH__APIKEY",
    "prowlarr": "PROWLARR__AUTH__APIKEY",
    "overseerr": "API_KEY",
}
"""Seerr writes `API_KEY` over its file at each start; Overseerr does not know it, and nobody sets it there."""
_FILES: Mapping[str, tuple[Sequence[str], re.Pattern[str]]] = {
    **dict.fromkeys(("radarr", "sonarr", "prowlarr"), (("/config/config.xml",), _XML_KEY)),
    "overseerr": (("/app/config/settings.json", "/config/settings.json"), re.compile("")),
    "plex": ((_PREFERENCES,), re.compile(r'PlexOnlineToken="([^"]+)"')),
    # From 5.2; a password is only stored as a hash.
    "qbittorrent": (("/config/qBittorrent/qBittorrent.conf",), re.compile(r"^WebUI\\APIKey=(\S+)$", re.MULTILINE)),
    "sabnzbd": (("/config/sabnzbd.ini",), re.compile(r"^api_key\s*=\s*(\w+)", re.MULTILINE)),
    "bazarr": (
        ("/config/config/config.yaml",),
        re.compile(r"^auth:\n(?:[ \t].*\n)*?[ \t]+apikey:\s*'?(\w+)", re.MULTILINE),
    ),
}


def with_resolved_keys(
    settings: MediaSettings,
    containers: MediaContainers | None,
    *,
    reveal: Callable[[str], str],
    read_file: ReadFile | None = None,
) -> MediaSettings:
    """Return settings in which missing keys are filled in from the running apps; probes then verify them by a call.

    Args:
        reveal: turns sealed text of a captured environment back into what it was.
        read_file: see `ReadFile`; None where files of containers are out of reach.
    """
    services = dict(settings.services)
    for app, service in settings.services.items():
        container = containers.get(app) if containers else None
        if container is None or _has_credential(app, service):
            continue
        found = reveal(container.environment.get(_VARIABLES.get(app, ""), ""))
        # Sealed by an earlier run, as in a recorded capture: nobody can open it again.
        found = "" if has_token(found) else found
        if found := found or _from_file(app, container.name, read_file):
            services[app] = replace(service, token=found) if app == "plex" else replace(service, api_key=found)
    return replace(settings, services=services)


def lacks_keys(settings: MediaSettings) -> bool:
    """Say whether any app that could be asked for its key has none configured."""
    return any(app in _FILES and not _has_credential(app, service) for app, service in settings.services.items())


def _has_credential(app: str, service: Service) -> bool:
    return bool(service.token if app == "plex" else service.api_key or service.password)


def _from_file(app: str, container: str, read_file: ReadFile | None) -> str:
    paths, pattern = _FILES.get(app, ((), re.compile("")))
    for path in paths if read_file else ():
        assert read_file is not None
        text = read_file(container, path)
        if text and (found := _in_json(text) if app == "overseerr" else _matched(pattern, text)):
            return found
    return ""


def _matched(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _in_json(text: str) -> str:
    try:
        return str(json.loads(text)["main"]["apiKey"])
    except (ValueError, KeyError, TypeError):
        return ""
