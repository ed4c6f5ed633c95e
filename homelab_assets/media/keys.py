"""The keys that the running apps use: from the container's environment, else from its own configuration file.

A file alone is not believed where the environment sets the key: then the app ignores the file and never rewrites it.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace

from homelab_assets.media.containers import MediaContainers
from homelab_assets.media.settings import MediaSettings
from homelab_assets.secrecy import has_token

ReadFile = Callable[[str, str], str | None]
"""Reads a text file of a container, given its name and the path inside; None where it can't be read."""

_XML_KEY = re.compile(r"<ApiKey>\s*([0-9A-Za-z]{16,64})\s*</ApiKey>")
_PLEX_TOKEN = re.compile(r'PlexOnlineToken="([^"]+)"')
_PREFERENCES = "/config/Library/Application Support/Plex Media Server/Preferences.xml"


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
        if container is None:
            continue
        found = reveal(container.environment.get(f"{app.upper()}__AUTH__APIKEY", ""))
        # Sealed by an earlier run, as in a recorded capture: nobody can open it again.
        found = "" if has_token(found) else found
        found = found or _from_file(app, container.name, read_file)
        if found and app == "plex" and not service.token:
            services[app] = replace(service, token=found)
        elif found and app != "plex" and not service.api_key:
            services[app] = replace(service, api_key=found)
    return replace(settings, services=services)


def _from_file(app: str, container: str, read_file: ReadFile | None) -> str:
    if read_file is None:
        return ""
    match app:
        case "radarr" | "sonarr" | "prowlarr":
            found = _XML_KEY.search(read_file(container, "/config/config.xml") or "")
            return found[1] if found else ""
        case "overseerr":
            return _overseerr_key(
                read_file(container, "/app/config/settings.json") or read_file(container, "/config/settings.json")
            )
        case "plex":
            found = _PLEX_TOKEN.search(read_file(container, _PREFERENCES) or "")
            return found[1] if found else ""
        case _:
            return ""


def _overseerr_key(text: str | None) -> str:
    try:
        return str(json.loads(text or "{}")["main"]["apiKey"])
    except (ValueError, KeyError, TypeError):
        return ""
