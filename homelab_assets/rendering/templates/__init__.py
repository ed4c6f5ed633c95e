"""Jinja2 templates of everything that is written for people."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(*, html: bool = False) -> "Environment":
    """Return a strict environment over this folder: an undefined name is an error, HTML is escaped by default."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("homelab_assets.rendering", "templates"),
        # Markdown and YAML are escaped by their own filters.
        autoescape=html,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
    )
