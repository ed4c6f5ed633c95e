"""What is new since the last audit, what went away, and since when each difference stands."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from homelab_assets.drift.document import DriftDocument, Item, ServiceDrift

Identity = tuple[str, str | None, str, str]


def remember(previous: DriftDocument | Mapping[str, Any] | None, document: DriftDocument) -> DriftDocument:
    """Date each difference from the last audit, and list what is new and what is gone.

    A difference keeps its date as long as host, stack, service, path and both values stay; what could not be judged
    this time (an unreachable host, one that `lab.yaml` does not name any more, a broken baseline) is neither new nor
    gone.

    Args:
        previous: the last audit's document, as an object or as JSON; None or anything damaged: there was none.
    """
    before = _items(_document(previous))
    now = {identity: item for service in document.services for identity, item in _named(service)}
    services = tuple(
        replace(
            service, items=tuple(_dated(item, before.get(identity), document) for identity, item in _named(service))
        )
        for service in document.services
    )
    silent, captured = _not_judged(document), {host.name for host in document.hosts if host.status == "captured"}
    gone = [
        identity
        for identity in before
        if identity not in now and identity[:3] not in silent and identity[0] in captured
    ]
    return replace(
        document,
        services=services,
        new=tuple(sorted(_text(identity) for identity in now if identity not in before)),
        gone=tuple(sorted(_text(identity) for identity in gone)),
    )


def _document(previous: Any) -> DriftDocument | None:
    if isinstance(previous, DriftDocument):
        return previous
    try:
        return DriftDocument.from_json(previous)
    except (ValueError, AttributeError, TypeError):
        return None


def _items(document: DriftDocument | None) -> dict[Identity, Item]:
    services = document.services if document else ()
    return {identity: item for service in services for identity, item in _named(service)}


def _named(service: ServiceDrift) -> list[tuple[Identity, Item]]:
    return [((service.host, service.stack, service.service, item.path), item) for item in service.items]


def _dated(item: Item, before: Item | None, document: DriftDocument) -> Item:
    same = before is not None and (before.change, before.baseline, before.running) == (
        item.change,
        _json(item.baseline),
        _json(item.running),
    )
    return replace(
        item, first_seen=before.first_seen if same and before and before.first_seen else document.generated_at
    )


def _json(value: Any) -> Any:
    """A value as it comes back from JSON."""
    return list(value) if isinstance(value, tuple) else value


def _not_judged(document: DriftDocument) -> set[tuple[str, str | None, str]]:
    """Services whose state is not known this time, though their host was captured."""
    return {
        (service.host, service.stack, service.service)
        for service in document.services
        if service.status in ("unreachable", "unknown")
    }


def _text(identity: Identity) -> str:
    host, stack, service, path = identity
    return f"{'/'.join(part for part in (host, stack, service) if part)}: {path}"
