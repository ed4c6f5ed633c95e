"""Is there room for more? Radarr and Sonarr neither grab nor import what leaves less free than they want left."""

from homelab_assets.media.clients import Trouble
from homelab_assets.media.clients.servarr import Servarr
from homelab_assets.media.probes.base import Probe, Sight, title_of
from homelab_assets.media.verdicts import Fail, Pass, Skipped, Verdict

_MEGABYTE = 2**20


def has_room(sight: Sight) -> Verdict:
    """Has each app a library folder with room? One disk is mostly that of both, so they are judged together."""
    full: list[str] = []
    seen: list[str] = []
    for app in ("radarr", "sonarr"):
        client: Servarr | None = getattr(sight.clients, app)
        roots = client.items("rootfolder") if client else ()
        if client is None or isinstance(roots, Trouble):
            continue
        free = {str(one.get("path")): int(one["freeSpace"]) for one in roots if one.get("freeSpace") is not None}
        wanted = _wanted(client)
        said = [f"{path}: {_in_words(left)} free" for path, left in free.items()]
        # An old disk that is full does no harm beside a new one, and neither does one of which nothing is known.
        if free and len(free) == len(roots) and max(free.values()) <= wanted:
            full += [f"{title_of(app)} wants more than {_in_words(wanted)} left", *said]
        seen += said
    if full:
        return Fail("disk_full", full)
    return Pass(seen) if seen else Skipped("neither Radarr nor Sonarr says how much is free")


def _wanted(client: Servarr) -> int:
    settings = client.item("config/mediamanagement")
    if isinstance(settings, Trouble) or settings.get("skipFreeSpaceCheckWhenImporting"):
        return 0
    return int(settings.get("minimumFreeSpaceWhenImporting") or 0) * _MEGABYTE


def _in_words(size: int) -> str:
    return f"{size / 2**30:.0f} GB" if size >= 2**30 else f"{size // _MEGABYTE} MB"


PROBES = (
    Probe(
        id="paths.room", link="paths", app="host", title="There is room for more",
        proves="A library folder of each app has more free than the app wants left.", judge=has_room, deep=True,
    ),
)  # fmt: skip
