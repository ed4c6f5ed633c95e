"""HL001: image tags are pinned."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.variables import with_defaults, written
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL001",
    title="Image tags are pinned",
    severity="warning",
    rationale=(
        "A moving tag runs another version after each pull: git does not say what runs, and there is no way back."
    ),
    remedy="Write the version that runs, such as `nginx:1.27.3`, or a digest.",
    bad=Example(service="image: nginx:latest"),
    good=Example(service="image: nginx:1.27.3"),
)

_MOVING = frozenset(
    {"latest", "stable", "edge", "nightly", "main", "master", "develop", "development", "dev",
     "rolling", "beta", "unstable", "release", "current", "lts"}
)  # fmt: skip


def check(context: Context) -> Iterator[Finding]:
    """Find images without a tag, and with one that is known to move. A tag from `.env` is not judged."""
    for service in context.services():
        image = with_defaults(service.image)
        if not image or "@" in image or service.config.get("build"):
            continue
        _, colon, tag = image.rpartition("/")[2].partition(":")
        shown = written(service.image)
        if not colon:
            yield service.found(f"image {shown} has no tag, which means `latest`", "image")
        elif tag.lower() in _MOVING or tag.lower().startswith(("latest-", "nightly-")):
            yield service.found(f"image {shown} has the moving tag `{tag}`", "image")
