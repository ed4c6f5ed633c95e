"""Forges: GitHub, Gitea and Forgejo behind one protocol. `open_forge` is the door.

`model` is the protocol, `github` and `gitea` speak it, `refusals` says what a status code means and what is worth
another try. Where there is no forge, `remediation.no_forge` writes the proposals down.
"""

from contextlib import AbstractContextManager, closing
from typing import TYPE_CHECKING, Any

from homelab_assets.errors import ForgeError
from homelab_assets.forge.model import Forge, Issue, PullRequest, Refusal

if TYPE_CHECKING:
    from homelab_assets.lab.settings import Lab, RepositorySettings

__all__ = ["Forge", "Issue", "PullRequest", "Refusal", "open_forge"]

_TOKENS = {"github": "GITHUB_TOKEN", "gitea": "GITEA_TOKEN"}


def open_forge(lab: "Lab", repository: "RepositorySettings") -> "AbstractContextManager[Forge] | None":
    """Open the forge of a repository, for use in a `with`; None where it has none (`kind: none`).

    The token comes from the environment, or the `.env` beside `lab.yaml`, by its name.

    Raises:
        UserError: the token is not set, or `ca` names no certificates.
    """
    settings = repository.forge
    if settings.kind == "none":
        return None
    from homelab_assets.lab.certificates import trusted

    key = f"repositories.{repository.name}.forge"
    named = settings.token or "${" + _TOKENS[settings.kind] + "}"
    name = named.strip("${}")
    token = lab.environment.get(name, "").strip()
    if not token:
        raise ForgeError(
            f"{name} is not set",
            where=f"{lab.file}:{lab.lines.get(key, 1)}",
            hint=f"put a token into the environment or into {lab.file.parent / '.env'}",
        )
    ca = trusted(lab, settings.ca, f"{key}.ca") if settings.ca else None
    forge: Any
    if settings.kind == "github":
        from homelab_assets.forge.github import GitHub

        forge = GitHub(settings.slug, token=token, url=settings.url, ca=ca)
    else:
        from homelab_assets.forge.gitea import Gitea

        forge = Gitea(settings.url, settings.slug, token=token, ca=ca)
    return closing(forge)
