"""Volumes of other containers, all of one's at once."""

from homelab_assets.drift.leaf import Leaf, Row
from homelab_assets.drift.rows.shapes import unseen
from homelab_assets.drift.view import Declared, Observed


def _expected_volumes_from(declared: Declared) -> dict[str, Leaf]:
    leaves = {}
    for entry in declared.get("volumes_from") or ():
        name, mode = _parts(str(entry).removeprefix("container:"))
        leaves[f"volumes_from.{name}"] = Leaf((name, mode), entry)
    return leaves


def _parts(entry: str) -> tuple[str, str]:
    """Whose volumes, and how they are mounted where that isn't as the other container has them."""
    name, _, mode = entry.partition(":")
    return name, "" if mode == "rw" else mode


def _observed_volumes_from(container: Observed, declared: Declared) -> dict[str, Leaf]:
    leaves: dict[str, Leaf] = {}
    wanted = _expected_volumes_from(declared)
    gone = []
    for entry in container.host_config.get("VolumesFrom") or ():
        reference, mode = _parts(str(entry))
        other = container.host.by_reference(reference)
        if other is None:
            gone.append(reference[:12])
            continue
        lender = Observed(other, container.host)
        names = _names(lender, container)
        name = next((name for name in names if f"volumes_from.{name}" in wanted), names[0])
        path = f"volumes_from.{name}"
        if path in wanted and not mode and container.compose >= (2,):
            # Compose v2 passes a service's mode on to nobody.
            leaves[path] = wanted[path]
            continue
        written = f"container:{name}" if name == lender.name else name
        leaves[path] = Leaf((name, mode), f"{written}:{mode}" if mode else written)
    # Made anew since, a container has another id; the volumes that it lent before stay where they are.
    missing = [path for path in wanted if path not in leaves]
    leaves |= {path: unseen("the container that it names was made anew since") for path in missing[: len(gone)]}
    return leaves | {f"volumes_from.{name}": Leaf((name, ""), name) for name in gone[len(missing) :]}


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
