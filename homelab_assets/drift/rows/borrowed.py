"""Volumes of other containers, all of one's at once."""

from homelab_assets.drift.leaf import Leaf, Row
from homelab_assets.drift.rows.shapes import unseen
from homelab_assets.drift.view import Declared, Observed


def _expected_volumes_from(declared: Declared) -> dict[str, Leaf]:
    leaves = {}
    for entry in declared.get("volumes_from") or ():
        name = str(entry).removeprefix("container:").partition(":")[0]
        leaves[f"volumes_from.{name}"] = Leaf(name, entry)
    return leaves


def _observed_volumes_from(container: Observed, declared: Declared) -> dict[str, Leaf]:
    leaves: dict[str, Leaf] = {}
    wanted = _expected_volumes_from(declared)
    gone = []
    for entry in container.host_config.get("VolumesFrom") or ():
        reference = str(entry).partition(":")[0]
        other = container.host.by_reference(reference)
        if other is None:
            gone.append(reference[:12])
            continue
        names = _names(Observed(other, container.host), container)
        name = next((name for name in names if f"volumes_from.{name}" in wanted), names[0])
        leaves[f"volumes_from.{name}"] = Leaf(name)
    # Made anew since, a container has another id; the volumes that it lent before stay where they are.
    missing = [path for path in wanted if path not in leaves]
    leaves |= {path: unseen("the container that it names was made anew since") for path in missing[: len(gone)]}
    return leaves | {f"volumes_from.{name}": Leaf(name) for name in gone[len(missing) :]}


def _names(lender: Observed, container: Observed) -> tuple[str, ...]:
    """What another container is called here: its service where it's of the same project, its name."""
    project, service = lender.origin
    return (service, lender.name) if service and project == container.origin[0] else (lender.name,)


ROWS: tuple[Row, ...] = (
    Row(
        key="volumes_from", kind="set", where="HostConfig.VolumesFrom", still=("HostConfig.VolumesFrom",),
        expected=_expected_volumes_from, observed=_observed_volumes_from,
    ),
)  # fmt: skip
