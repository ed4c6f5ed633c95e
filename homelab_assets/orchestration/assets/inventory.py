"""Where the lineage starts: hosts, repositories and media applications, which live outside Dagster."""

import dagster as dg

from homelab_assets.lab.settings import Lab
from homelab_assets.media.probes.base import title_of
from homelab_assets.orchestration import names
from homelab_assets.secrecy import redact

_SIMULATED = ("gluetun", "qbittorrent", "prowlarr", "radarr", "sonarr", "overseerr", "plex")


def inventory_specs(lab: Lab) -> list[dg.AssetSpec]:
    """Return the external assets that `lab.yaml` names."""
    hosts = [
        dg.AssetSpec(
            names.host(host.name),
            group_name=names.INVENTORY,
            kinds={"docker"},
            owners=names.OWNERS,
            tags={"homelab/kind": "host"},
            description=host.description or f"The Docker engine of {host.name}.",
            metadata={"docker": redact(host.docker), "configured_in": str(lab.file)},
        )
        for host in lab.hosts.values()
    ]
    repositories = [
        dg.AssetSpec(
            names.repository(repository.name),
            group_name=names.INVENTORY,
            kinds={"github" if repository.forge.kind == "github" else "git"},
            owners=names.OWNERS,
            tags={"homelab/kind": "repository"},
            description=f"The git repository {repository.name}, meant to be the truth.",
            metadata={
                "clone": dg.MetadataValue.path(str(repository.path)),
                "ref": repository.ref or "the default branch",
            },
        )
        for repository in lab.repositories.values()
    ]
    apps = [
        dg.AssetSpec(
            names.media_app(app),
            group_name=names.MEDIA,
            kinds={"api"},
            owners=names.OWNERS,
            tags={"homelab/kind": "media"},
            description=f"{title_of(app)}, a link of the media pipeline.",
            metadata={"url": dg.MetadataValue.url(redact(url))} if url else {},
        )
        for app, url in media_apps(lab).items()
    ]
    return [*hosts, *repositories, *apps]


def media_apps(lab: Lab) -> dict[str, str | None]:
    """Return the applications of the media pipeline by name with their addresses; the simulated ones of the demo lab
    have none that would last."""
    if lab.demo and not lab.media.get("services"):
        return dict.fromkeys(_SIMULATED)
    return {app: settings["url"] for app, settings in lab.media.get("services", {}).items()}
