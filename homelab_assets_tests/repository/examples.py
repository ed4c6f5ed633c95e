"""A rule's examples as repositories: what the example shows, filled up with what keeps all other rules content."""

import re
from textwrap import indent

from homelab_assets.repository.rules.meta import Example

COMPOSE_FILE = "stacks/app/docker-compose.yml"
HOSTS = ("host-a", "host-b")

_USUAL = {
    "image": "image: nginx:1.27.3",
    "restart": "restart: unless-stopped",
    "environment": "environment:\n  TZ: Europe/Brussels",
    "healthcheck": 'healthcheck:\n  test: ["CMD", "nginx", "-t"]',
}
_KEY = re.compile(r"^(\w+):", re.MULTILINE)


def example_files(example: Example) -> dict[str, str]:
    """Return the files of the repository that an example stands for, by path."""
    files: dict[str, str | None] = {
        COMPOSE_FILE: compose_text(example),
        "stacks/app/.env.sample": "# nothing to set\n",
        "stack-targets.yml": "app: host-a\n",
    }
    return {path: text for path, text in (files | dict(example.files)).items() if text is not None}


def compose_text(example: Example) -> str:
    """Return the compose file of the stack `app`."""
    given = {*_KEY.findall(example.service), *example.without}
    body = [example.service.rstrip("\n")] if example.service else []
    body += [text for key, text in _USUAL.items() if key not in given]
    head = f"{example.compose.rstrip()}\n" if example.compose.startswith("version") else ""
    tail = f"{example.compose.rstrip()}\n" if example.compose and not head else ""
    return f"{head}services:\n  web:\n" + indent("\n".join(body), "    ") + "\n" + tail
