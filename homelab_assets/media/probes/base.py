"""What a probe is, and what it gets to see."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct

from homelab_assets.media.clients import Clients, Trouble
from homelab_assets.media.containers import Container, MediaContainers
from homelab_assets.media.settings import MediaSettings
from homelab_assets.media.verdicts import Fail, Skipped, Unknown, Verdict

Value = TypeVar("Value")


class Sight(Struct, frozen=True, kw_only=True):
    """What a probe judges by. Clients remember what they were told, so probes may ask for the same thing again.

    Attributes:
        containers: of the media host; None where it was not captured, for the reason `capture_error`.
        home: addresses and prefixes of the home as the internet sees it, names already resolved.
        nowhere: names of the home that lead to no address now, and variables without a value.
        deep: the whole dry run is made, not only the health part. active: apps may be made to call each other.
    """

    settings: MediaSettings
    clients: Clients
    containers: MediaContainers | None = None
    home: Sequence[str] = ()
    nowhere: Sequence[str] = ()
    deep: bool = True
    active: bool = True
    capture_error: str | None = None

    def container(self, app: str) -> Container | None:
        """Return the container of an app, or None."""
        return self.containers.get(app) if self.containers else None


class Probe(Struct, frozen=True, kw_only=True):
    """One check.

    Attributes:
        id: `<link>.<what>`, stable. link: the link of the chain that it belongs to. app: whom a person would look at.
        proves: what is known once it passes.
        needs: ids of the checks that must not have failed for this one to mean anything.
        apps: apps that must be configured. inspects: needs the containers of the media host.
        deep: not part of the health check. active: makes the apps test each other, which may reach trackers.
        whole: an open question among what it needs makes it an open question too.
    """

    id: str
    link: str
    app: str
    title: str
    proves: str
    judge: Callable[[Sight], Verdict]
    needs: Sequence[str] = ()
    apps: Sequence[str] = ()
    inspects: bool = False
    deep: bool = False
    active: bool = False
    whole: bool = False


class Unanswered(Exception):
    """A question of a probe has no usable answer; its verdict is on that."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(trouble.detail)


def answered(answer: Value | Trouble) -> Value:
    """Return an answer.

    Raises:
        Unanswered: there is none; who judges the probe catches it.
    """
    if isinstance(answer, Trouble):
        raise Unanswered(answer)
    return answer


def verdict_of(judge: Callable[[Sight], Verdict], sight: Sight) -> Verdict:
    """Judge; what got no usable answer is judged by that."""
    try:
        return judge(sight)
    except Unanswered as without:
        return of_trouble(without.trouble)


def of_trouble(trouble: Trouble) -> Fail | Unknown:
    """Return the verdict on a call without a usable answer."""
    if trouble.cause == "vpn_probe_unauthorised":
        return Unknown("Gluetun does not let us ask", trouble.cause, [trouble.detail])
    if trouble.open:
        return Unknown(trouble.open, None, [trouble.detail])
    return Fail(trouble.cause, [trouble.detail])


def not_captured(sight: Sight) -> Unknown | Skipped:
    """Say why the containers are not known: nobody named their host, or it could not be captured."""
    if sight.settings.host is None:
        return Skipped("no media host is configured, so no container is looked at")
    why = "the containers of the media host were not captured"
    return Unknown(f"{why}: {sight.capture_error}" if sight.capture_error else why)


_OTHERS = {"plex": ("jellyfin", "emby"), "qbittorrent": ("transmission", "deluge", "rtorrent")}


def not_configured(apps: Sequence[str], sight: Sight) -> Skipped:
    """Say which apps are not configured, and what runs in their place that this project can't judge."""
    images = [one.image.rpartition("/")[2] for one in sight.containers.everything] if sight.containers else []
    instead = sorted({image for app in apps for word in _OTHERS.get(app, ()) for image in images if word in image})
    remark = f" ({', '.join(instead)} runs here, which is not supported)" if instead else ""
    return Skipped(f"{', '.join(title_of(app) for app in apps)}: not configured in lab.yaml{remark}")


def title_of(app: str) -> str:
    """Return an app's name as its makers write it."""
    names = {"qbittorrent": "qBittorrent", "sabnzbd": "SABnzbd", "overseerr": "Overseerr/Seerr"}
    return names.get(app, app.capitalize())


def listed(names: Sequence[str]) -> str:
    """Join names for a sentence: at most five, then how many more."""
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
