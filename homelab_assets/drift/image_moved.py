"""The same tag, another image: a pull happened, or a build, and the container still runs the old one."""

from collections.abc import Mapping
from typing import Any

from homelab_assets.drift.rows.process import reference
from homelab_assets.drift.rows.shapes import dig
from homelab_assets.drift.view import Host, Observed, once
from homelab_assets.labels import IMAGE


def moved_to(container: Observed) -> str | None:
    """The id of the image that the container's tag names now, None where it still is the container's own.

    Ids are compared, not digests of registries: an image that lost its tag has none left, and one that was built here
    never had any. With a multi-platform image the container may name the manifest of its platform instead.
    """
    text = str(container.config.get("Image") or "")
    own = str(container.container.get("Image") or "")
    if not text or not own or "@" in text or text.startswith("sha256:"):
        return None
    tagged = _tagged(container.host).get(reference(text))
    if tagged is None or own in _ids(tagged) or not str(tagged.get("Id") or ""):
        return None
    label = container.labels.get(IMAGE)
    if (label and label in _ids(tagged)) or _same_program(container, tagged):
        return None
    return str(tagged["Id"])


def _same_program(container: Observed, tagged: Mapping[str, Any]) -> bool:
    """Whether a tag that names another index leads to what the container runs all the same.

    Where the engine keeps images of several platforms, an image's id is that of its index: a new one whenever anything
    in it is, be it another platform's image or the attestation that each build brings along.
    """
    manifest, own = dig(container.container, "ImageManifestDescriptor"), container.image
    if not manifest or not own:
        return False
    if manifest.get("digest") in _ids(tagged):
        return True
    kept = own.get("RootFS") and all(own.get(part) == tagged.get(part) for part in _RUNS)
    return bool(kept) and dig(manifest, "platform", "architecture") == own.get("Architecture")


_RUNS = ("RootFS", "Config", "Os", "Architecture")
"""Of an image all that becomes a container."""


@once
def _tagged(host: Host) -> Mapping[str, Mapping[str, Any]]:
    """The images by what their tags refer to; of several spellings of one tag the first counts."""
    return {reference(tag): image for tag, image in reversed(host.tags.items())}


def _ids(image: Mapping[str, Any]) -> set[str]:
    """All ids under which an image may be known: its own, and those of its platforms' manifests."""
    manifests = image.get("Manifests") or ()
    descriptor = image.get("Descriptor") or {}
    found = {str(image.get("Id")), str(descriptor.get("digest"))}
    found |= {str(manifest.get("ID")) for manifest in manifests}
    return found | {str((manifest.get("Descriptor") or {}).get("digest")) for manifest in manifests}


def short(identity: str) -> str:
    """An image id as people read it."""
    return identity.removeprefix("sha256:")[:12]
