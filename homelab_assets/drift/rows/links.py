"""Links: old, and still in use. Compose adds names of its own to those that git gives."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from homelab_assets.drift.leaf import Difference, Leaf, Row
from homelab_assets.drift.rows.networks import attached_networks, declared_networks
from homelab_assets.drift.view import Declared, Observed
from homelab_assets.labels import name_of

_OUTSIDE = "external_links"
"""Where links to containers of other stacks are declared."""

_LOST_IN_PART = "it is not linked in all its networks any more"
"""What no compose file can say of a link: a hand joined one of the networks again, without it."""


def _expected_links(declared: Declared) -> dict[str, Leaf]:
    leaves = {}
    for key in ("links", _OUTSIDE):
        for entry in declared.get(key) or ():
            target, _, alias = str(entry).partition(":")
            leaves[f"{key}.{alias or target}"] = Leaf((target,), entry)
    return leaves


def link_pairs(
    container: Observed, endpoints: Iterable[Mapping[str, Any] | None] | None = None
) -> Iterator[tuple[str, str]]:
    """Yield the container that each link of a container leads to, by name or id, and the alias that it gives.

    Args:
        endpoints: those that count; default: all of the container.
    """
    for endpoint in container.networks.values() if endpoints is None else endpoints:
        for link in (endpoint or {}).get("Links") or ():
            target, _, alias = str(link).partition(":")
            yield target, alias or target
    for link in container.host_config.get("Links") or ():
        target, _, alias = str(link).partition(":")
        yield target.lstrip("/"), alias.rpartition("/")[2]


def _observed_links(container: Observed, declared: Declared) -> dict[str, Leaf]:
    wanted = _expected_links(declared)
    networks, attached = declared_networks(declared), attached_networks(container, declared)
    endpoints = [attached[key] for key in networks if key in attached] if networks else None
    if endpoints == []:
        # They went with the networks, which tell of it.
        return wanted
    by_target: dict[str, dict[str, None]] = {}
    # Those in a network that is none of git's are a part of that one.
    for target, alias in link_pairs(container, endpoints):
        by_target.setdefault(target, {})[alias] = None
    leaves: dict[str, Leaf] = {}
    if not by_target:
        return leaves
    for target, aliases in by_target.items():
        service = service_of(target, container)
        mine = [alias for alias in aliases if f"links.{alias}" in wanted or f"{_OUTSIDE}.{alias}" in wanted]
        foreign = [alias for alias in aliases if alias not in mine and not _automatic(target, alias, container, wanted)]
        if not mine and not foreign:
            foreign = [service]
        # Who is gone may have been of this stack.
        usual = "links" if _own_service(target, container) or not container.host.by_reference(target) else _OUTSIDE
        for alias in (*mine, *foreign):
            key = next((key for key in (_OUTSIDE, "links") if f"{key}.{alias}" in wanted), usual)
            path = f"{key}.{alias}"
            written = service if alias == service else f"{service}:{alias}"
            leaves[path] = Leaf(_linked(target, service, wanted.get(path), container), written)
    for path in _lost_in_part(container, endpoints or ()) & wanted.keys() & leaves.keys():
        leaves[path] = Leaf((*leaves[path].value, _LOST_IN_PART), wanted[path].shown)
    return leaves


def _lost_in_part(container: Observed, endpoints: Iterable[Mapping[str, Any] | None]) -> set[str]:
    """The links, under either key, that a container has in some of its networks only: Compose gives each to all."""
    if container.host.podman or container.made_before(2, 20):
        return set()
    known = [{alias for _, alias in link_pairs(container, [endpoint])} for endpoint in endpoints]
    some = {alias for aliases in known for alias in aliases if not all(alias in others for others in known)}
    return {f"{key}.{alias}" for key in ("links", _OUTSIDE) for alias in some}


def _lost(difference: Difference, container: Observed) -> str | None:
    return _LOST_IN_PART if difference.observed is not None and _LOST_IN_PART in difference.observed.value else None


def _linked(target: str, service: str, wanted: Leaf | None, container: Observed) -> tuple[str]:
    """Whom a link leads to: as git calls it, where this is it or was it before it was removed."""
    other = container.host.by_reference(target)
    if wanted and (other is None or wanted.value[0] in (target, service, name_of(other))):
        return (wanted.value[0],)
    return (service,)


def service_of(target: str, container: Observed) -> str:
    """Return the service of a linked container, its name where it is of another stack."""
    return _own_service(target, container) or target


def _own_service(target: str, container: Observed) -> str | None:
    """The service of a linked container; None where it is of another stack, or gone."""
    other = container.host.by_reference(target)
    if other is None:
        return None
    project, service = Observed(other, container.host).origin
    return service if container.origin[0] in (None, project) else None


def _automatic(target: str, alias: str, container: Observed, wanted: Mapping[str, Leaf]) -> bool:
    """Whether Compose adds this alias by itself: name, service and number of the linked container."""
    other = container.host.by_reference(target)
    # Who was removed tells its service no more: it is one of those that git links to.
    gone = [str(leaf.shown).partition(":")[0] for leaf in wanted.values()] if other is None else []
    services = "|".join(map(re.escape, (service_of(target, container), *gone)))
    if alias == target or re.fullmatch(rf"(.+[-_])?({services})[-_]\d+", alias):
        return True
    return other is not None and alias in (name_of(other), str(other.get("Id"))[:12])


ROWS: tuple[Row, ...] = (
    Row(
        key="links", kind="set", where="NetworkSettings.Networks.*.Links", live=True, keys=("links", "external_links"),
        engine="name, service and number of the linked container, by Compose",
        expected=_expected_links, observed=_observed_links, beyond=_lost,
    ),
)  # fmt: skip
