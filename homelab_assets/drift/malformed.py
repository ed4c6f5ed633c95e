"""Captures that no engine wrote: such a host counts as not audited, and the others go on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from homelab_assets.model import CaptureResult, Unreachable
from homelab_assets.secrecy import redact

_MISTAKES = (AttributeError, TypeError, ValueError, LookupError, ArithmeticError)


class MalformedCapture(Exception):
    """A capture does not have the shape of Docker's API. `why`: what could not be done with it."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(host, why)
        self.host = host
        self.why = why


@contextmanager
def reading(host: str) -> Iterator[None]:
    """Take what goes wrong with a host's documents for their fault.

    Raises:
        MalformedCapture: something did.
    """
    try:
        yield
    except _MISTAKES as error:
        raise MalformedCapture(host, f"{type(error).__name__}: {redact(str(error))}") from error


def without(captures: Sequence[CaptureResult], malformed: MalformedCapture) -> list[CaptureResult]:
    """Return the captures with the malformed one as one that could not be made."""
    return [_refused(one, malformed.why) if one.host == malformed.host else one for one in captures]


def _refused(capture: CaptureResult, why: str) -> Unreachable:
    return Unreachable(
        host=capture.host,
        captured_at=capture.captured_at,
        error=f"its documents are not what Docker's API gives ({why})",
        hint="capture it again; if a live engine answers so, please report it with `docker inspect` of the container",
    )
