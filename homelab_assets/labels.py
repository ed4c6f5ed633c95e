"""The labels by which Compose and its kin tell what a container is, and what else of an inspect document tells it."""

import re
from collections.abc import Mapping

from homelab_assets.model import Json

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
VERSION = "com.docker.compose.version"
HASH = "com.docker.compose.config-hash"
IMAGE = "com.docker.compose.image"
DEPENDS_ON = "com.docker.compose.depends_on"
REPLACES = "com.docker.compose.replace"
"""Label of a container that took another one's place."""

WORKING_DIR = "com.docker.compose.project.working_dir"
CONFIG_FILES = "com.docker.compose.project.config_files"
ENVIRONMENT_FILE = "com.docker.compose.project.environment_file"

PODMAN_COMPOSE = "io.podman.compose.version"

_ONE_OFF = "com.docker.compose.oneoff"
_FOR_ONE_RUN = ("com.docker.compose.hook", "com.docker.job.id")
"""Labels of what runs before a service starts (Compose 5.3 and newer), and of an engine's jobs: some of it stays."""


def name_of(container: Mapping[str, Json]) -> str:
    """A container's name without the leading slash."""
    return str(container.get("Name") or "").lstrip("/")


def labels_of(container: Mapping[str, Json]) -> Mapping[str, str]:
    """A container's labels, or an image's."""
    return (container.get("Config") or {}).get("Labels") or {}


def project_in(labels: Mapping[str, str]) -> str | None:
    """The compose project that a container's labels name, be it podman-compose's own label."""
    return labels.get(PROJECT) or labels.get("io.podman.compose.project") or None


def is_one_off(container: Mapping[str, Json]) -> bool:
    """Whether a container is no part of a deployment: made by `compose run` (that of podman-compose tells by the name
    alone), for a hook or for a job."""
    labels = labels_of(container)
    if PODMAN_COMPOSE in labels:
        own = rf"{re.escape(project_in(labels) or '')}[_-]{re.escape(labels.get(SERVICE) or '')}"
        return re.fullmatch(rf"{own}[_-]tmp\d+", name_of(container)) is not None
    return str(labels.get(_ONE_OFF, "")).lower() == "true" or any(map(labels.get, _FOR_ONE_RUN))
