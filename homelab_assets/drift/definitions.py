"""Who tells of networks and volumes that were made from other definitions than git's, and what is to be done then."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from homelab_assets.drift.document import KEPT, KEPT_BY_OTHERS, KEPT_SINCE, Item
from homelab_assets.drift.items import ItemWriter
from homelab_assets.drift.leaves import Comparer, Comparison
from homelab_assets.drift.matching import Match
from homelab_assets.drift.rows.made import Resource, is_own, made_of, resources
from homelab_assets.drift.unify import Settled
from homelab_assets.drift.view import Declared, Observed

_REMEDIES = {
    "networks": "`docker compose down` and `up` make it anew",
    "volumes": "see to its data, remove it, and deploy",
}
_KINDS = {"networks": "the network", "volumes": "the volume"}
_FOREIGN = "say that it is `external`, or remove it and deploy"


class Share(Struct, frozen=True, kw_only=True):
    """The networks and volumes that one service of a stack tells of, and its container that has them.

    Attributes:
        declared: the service without anything else.
    """

    declared: Declared
    container: Observed


def shares_of(settled: Settled) -> dict[str, Share]:
    """Let the first service of the file that uses a network or volume, and has a container, tell of it."""
    view, shares = settled.final.view, {}
    sections = {"networks": view.networks, "volumes": view.volumes}
    untold = {(section, key) for section, all_ in sections.items() for key, one in all_.items() if one and is_own(one)}
    for match in _in_file_order(settled) if untold else ():
        declared, container = settled.model_for(match.service).declared(match.service), match.containers[0]
        mine = [one for one in resources(declared) if (one.section, one.key) in untold]
        made = [found for one in mine if (found := made_of(one, container, declared)) is not None]
        untold.difference_update((one.resource.section, one.resource.key) for one in made)
        if telling := [one.resource for one in made if not (one.same and one.resource.is_plain)]:
            shares[match.service] = Share(declared=declared.read_as(_alone(telling)), container=container)
    return shares


def _in_file_order(settled: Settled) -> Sequence[Match]:
    """The services that have containers."""
    matches = [match for match in settled.matches if match.containers]
    order = {name: place for place, name in enumerate(settled.final.project.sources.names_in("services"))}
    return sorted(matches, key=lambda match: order.get(match.service, len(order)))


def _alone(mine: Sequence[Resource]) -> dict[str, Any]:
    """What a service would say that uses these and nothing else."""
    return {
        "networks": {one.key: None for one in mine if one.section == "networks"},
        "volumes": [
            {"type": "volume", "source": one.key, "target": one.target} for one in mine if one.section == "volumes"
        ],
    }


def compare(share: Share, comparer: Comparer, writer: ItemWriter) -> tuple[Comparison, Iterator[Item]]:
    """Compare what a service tells of, and write the differences down."""
    comparison = comparer.run_shared(share.declared, share.container)
    return comparison, _items(share, comparison, writer)


def _items(share: Share, comparison: Comparison, writer: ItemWriter) -> Iterator[Item]:
    # Names may hold dots: the longest beginning is a path's own.
    mine = sorted(resources(share.declared), key=lambda one: -len(one.prefix))
    writer = replace(writer, places={one.prefix: (one.section, one.key) for one in mine})
    for difference in comparison.differences:
        one = next((one for one in mine if difference.path.startswith(f"{one.prefix}.")), mine[-1])
        item = writer.write(difference, share.container)
        note, provenance = _told(one, share, writer.settled.stack.baseline.committed_at)
        yield replace(item.noting(note), provenance=provenance)


def _told(one: Resource, share: Share, committed: str | None) -> tuple[str, str]:
    """What a reader should know of it, and who made it so.

    Args:
        committed: when git last had another word on the stack.
    """
    kind = _KINDS[one.section]
    made = made_of(one, share.container, share.declared)
    project = made.project if made else None
    if project == share.declared.project.name:
        since = committed is not None and made is not None and committed < made.when
        return f"{kind} {KEPT_SINCE if since else KEPT}: {_REMEDIES[one.section]}", "Compose, when it made it"
    by = f"the project `{project}`, which made it" if project else "whoever made it, without Compose"
    return f"{kind} {KEPT_BY_OTHERS}: {_FOREIGN}", by
