"""What goes wrong with a host's documents: a capture that no engine wrote counts as not made, a defect of ours is told
as one; the other hosts go on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from homelab_assets.model import Captured, CaptureResult, Unreachable
from homelab_assets.secrecy.defects import described

_MISTAKES = (AttributeError, TypeError, ValueError, LookupError, ArithmeticError)


class MalformedCapture(Exception):
    """A capture does not have the shape of Docker's API. `why`: where, or what could not be done with it."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(host, why)
        self.host = host
        self.why = why


class Defect(MalformedCapture):
    """A capture has that shape, and something could not be done with it all the same."""


@contextmanager
def reading(captured: Captured) -> Iterator[None]:
    """Take what goes wrong with a host's documents for their fault, if they have one.

    Raises:
        MalformedCapture: something did. Defect: and it is none of theirs.
    """
    try:
        yield
    except _MISTAKES as error:
        from homelab_assets.drift.engine_shapes import mistake_in

        if mistake := mistake_in(captured):
            raise MalformedCapture(captured.host, mistake) from error
        raise Defect(captured.host, described(error)) from error


def without(captures: Sequence[CaptureResult], malformed: MalformedCapture) -> list[CaptureResult]:
    """Return the captures with the malformed one as one that could not be made."""
    return [_refused(one, malformed) if one.host == malformed.host else one for one in captures]


def _refused(capture: CaptureResult, malformed: MalformedCapture) -> Unreachable:
    if isinstance(malformed, Defect):
        error, hint = f"it could not be read ({malformed.why})", "this is a defect: please report it"
    else:
        error = f"its documents are not what Docker's API gives ({malformed.why})"
        hint = "capture it again; if a live engine answers so, please report it with `docker inspect` of the container"
    return Unreachable(
        host=capture.host, captured_at=capture.captured_at, error=error, hint=hint, seconds=capture.seconds
    )
