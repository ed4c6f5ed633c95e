"""HL110: stack folders are named in kebab-case."""

import re
from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

_WEB = """\
services:
  web:
    image: nginx:1.27.3
    restart: unless-stopped
    environment: {TZ: Europe/Brussels}
    healthcheck: {test: [CMD, nginx, -t]}
"""

META = Meta(
    id="HL110",
    title="Stack folders are named in kebab-case",
    severity="warning",
    rationale=(
        "The folder's name is the project's: Compose drops capitals, dots and spaces from it, so that the two differ."
    ),
    remedy="Rename the folder, and its entry in stack-targets.yml; the containers are made anew under the new name.",
    bad=Example(
        files={
            "stacks/My.App/docker-compose.yml": _WEB,
            "stacks/My.App/.env.sample": "",
            "stack-targets.yml": "app: host-a\nMy.App: host-b\n",
        }
    ),
    good=Example(
        files={
            "stacks/my-app/docker-compose.yml": _WEB,
            "stacks/my-app/.env.sample": "",
            "stack-targets.yml": "app: host-a\nmy-app: host-b\n",
        }
    ),
)


def check(context: Context) -> Iterator[Finding]:
    """Find names with anything but lower-case letters, digits and single dashes. The root's name is not judged."""
    for view in context.stacks:
        if view.stack.directory and not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", view.stack.name):
            file = view.stack.base or next(iter(view.stack.endpoint_files.values()))
            yield Finding(message=f"stack {view.stack.name} is not in kebab-case", file=file, stack=view.stack.name)
