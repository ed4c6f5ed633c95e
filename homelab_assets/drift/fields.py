"""The field table: one row for each compose key that an inspect document shows.

To teach the audit a key, add a row in the module of its subject; nothing else changes.
"""

from homelab_assets.drift.leaf import Row
from homelab_assets.drift.rows import (
    borrowed,
    endpoints,
    environment,
    files,
    links,
    mounts,
    names,
    namespaces,
    networks,
    ports,
    process,
    resources,
    security,
    upkeep,
)

TABLE: tuple[Row, ...] = (
    *process.ROWS,
    *names.ROWS,
    *environment.ROWS,
    *ports.ROWS,
    *mounts.ROWS,
    *borrowed.ROWS,
    *files.ROWS,
    *networks.ROWS,
    *endpoints.ROWS,
    *links.ROWS,
    *namespaces.ROWS,
    *security.ROWS,
    *resources.ROWS,
    *upkeep.ROWS,
)

UNSEEN: dict[str, str] = {
    "build": "how the image is made",
    "pull_policy": "when the image is fetched",
    "depends_on": "only the order of starting",
    "profiles": "whether the service is part of a deployment",
    "develop": "how files are watched while developing",
    "attach": "what `up` prints",
    "pre_start": "containers of their own, for one run each",
    "post_start": "commands inside the container",
    "pre_stop": "commands inside the container",
    "deploy.mode": "Swarm",
    "deploy.placement": "Swarm",
    "deploy.update_config": "Swarm",
    "deploy.rollback_config": "Swarm",
    "deploy.labels": "Swarm",
    "deploy.resources.reservations.cpus": "Swarm",
    "cpu_percent": "Windows",
    "credential_spec": "Windows",
    "provider": "the service is no container",
    "models": "only its variables are in the container",
    "extends": "resolved when the file is read",
    "env_file": "compared as `environment`",
    "label_file": "compared as `labels`",
    "scale": "compared as the number of containers",
    "deploy.replicas": "compared as the number of containers",
    "external_links": "compared with `links`",
}
"""Keys that no inspect document shows, or that other rows cover, with the reason."""
