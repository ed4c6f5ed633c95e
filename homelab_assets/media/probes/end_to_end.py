"""The whole way, without taking a step: what a request would go through, once every link holds."""

from collections.abc import Collection, Sequence

from homelab_assets.media.probes.base import Probe, Sight, answered
from homelab_assets.media.settings import FILM, FILM_ID
from homelab_assets.media.verdicts import Pass, Unknown, Verdict


def knows_the_film(sight: Sight) -> Verdict:
    """Does Radarr find the test film at its metadata service?"""
    assert sight.clients.radarr is not None
    found = answered(sight.clients.radarr.items("movie/lookup", term=f"tmdb:{FILM_ID}"))
    if not found:
        return Unknown(f"Radarr's metadata service does not know film {FILM_ID}")
    return Pass([f"Radarr knows “{found[0].get('title')}” ({found[0].get('year')})"])


def would_flow(sight: Sight) -> Verdict:
    """Reached only when nothing that it needs has failed: spell out the steps that are proved."""
    return Pass(
        [
            f"1. a request for “{FILM}” is accepted and sent to Radarr",
            "2. Radarr searches through Prowlarr and gets results",
            "3. Radarr hands the release to qBittorrent, which downloads through the VPN",
            "4. Radarr finds the finished download and imports it into the library folder",
            "5. Plex notices the file and plays it",
            "nothing was requested or downloaded; `--live` takes these steps for real",
        ]
    )


def left_out(sight: Sight, skipped: Collection[str]) -> Sequence[str]:
    """Return the checks that the whole way can't do without, and that were skipped."""
    apps = [app for app in ("radarr", "sonarr") if app in sight.settings.services] or ["radarr"]
    wanted = dict.fromkeys(pattern.format(app) for pattern in _WAY for app in apps)
    return [name for name in wanted if name in skipped]


_WAY = (
    "vpn.namespace",
    "requests.{}", "requests.{}_reached", "search.{}", "downloads.{}", "downloads.{}_import", "paths.{}_downloads",
    "paths.{}_library", "library.{}",
)  # fmt: skip

LOOKUP = Probe(
    id="end_to_end.lookup", link="end_to_end", app="radarr", title="Radarr knows the test film",
    proves="Radarr's metadata service answers.", judge=knows_the_film, apps=("radarr",), needs=("radarr.key",),
    deep=True, active=True,
)  # fmt: skip


def flow(needs: tuple[str, ...]) -> Probe:
    """Return the last probe of the chain, which depends on all others."""
    return Probe(
        id="end_to_end.dry_run", link="end_to_end", app="all", title="A request would reach the screen",
        proves="Every link from request to playback holds at the same time.", judge=would_flow, needs=needs,
        deep=True, whole=True,
    )  # fmt: skip
