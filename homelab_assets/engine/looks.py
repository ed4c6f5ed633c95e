"""What a short look at an engine tells: values, which those who decide about it share with those who look."""

from collections.abc import Sequence

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """One event of an engine: `kind` is container or network, `container` the id it is about, `at` Unix seconds."""

    kind: str
    action: str
    container: str
    at: float


class Look(Struct, frozen=True, kw_only=True):
    """What one host's engine says at one moment.

    Attributes:
        at: Unix seconds, by the engine's clock.
        events: since the former look, any order.
        fingerprint: of the list of its containers: ids, names, images, running or not. It shows what happened while
            the engine restarted or its short memory of events overflowed.
    """

    at: float
    fingerprint: str
    events: Sequence[Event] = ()
