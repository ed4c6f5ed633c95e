"""What is new since the last audit, what went away, and since when each difference stands."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from homelab_assets.drift.document import DriftDocument, Item, ServiceDrift, Subject

Place = tuple[Subject, str]
"""Where a difference stands: whom it is about, and its path."""


def remember(previous: DriftDocument | Mapping[str, Any] | None, document: DriftDocument) -> DriftDocument:
    """Date each difference from the last audit, and list what is new and what is gone.

    A difference keeps its date as long as host, stack, service, path and both values stay; what could not be judged
    this time (an unreachable host, one that `lab.yaml` does not name any more, a broken baseline) is neither new nor
    gone.

    Args:
        previous: the last audit's document, as an object or as JSON; None or anything damaged: there was none.
    """
    before = _items(_document(previous))
    now = _items(document)
    services = tuple(
        replace(service, items=tuple(_dated(item, before.get(place), document) for place, item in _placed(service)))
        for service in document.services
    )
    silent = {service.subject for service in document.services if not service.judged}
    captured = {host.name for host in document.hosts if host.status == "captured"}
    gone = [
        (subject, path)
        for subject, path in before
        if (subject, path) not in now and subject not in silent and subject.host in captured
    ]
    return replace(
        document,
        services=services,
        new=tuple(sorted(_text(place) for place in now if place not in before)),
        gone=tuple(sorted(map(_text, gone))),
    )


def unjudged(previous: DriftDocument | None, document: DriftDocument) -> list[ServiceDrift]:
    """Return the last verdicts on what could not be judged this time, so that its differences keep their dates."""
    down = {host.name for host in document.hosts if host.status == "unreachable"}
    silent = {service.subject for service in document.services if not service.judged}
    verdicts = previous.services if previous else ()
    return [verdict for verdict in verdicts if verdict.host in down or verdict.subject in silent]


def _document(previous: Any) -> DriftDocument | None:
    if isinstance(previous, DriftDocument):
        return previous
    try:
        return DriftDocument.from_json(previous)
    except (ValueError, AttributeError, TypeError):
        return None


def _items(document: DriftDocument | None) -> dict[Place, Item]:
    services = document.services if document else ()
    return {place: item for service in services for place, item in _placed(service)}


def _placed(service: ServiceDrift) -> list[tuple[Place, Item]]:
    return [((service.subject, item.path), item) for item in service.items]


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


def _text(place: Place) -> str:
    subject, path = place
    return f"{subject}: {path}"
