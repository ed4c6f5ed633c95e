"""What is told of a defect: which it is and where, without the data that it met, of which nobody knows what it is."""

import re
import traceback
from collections.abc import Iterator

from homelab_assets.secrecy.vault import redact

# An apostrophe may be a quote, and what is quoted may hold one: all that follows is left out.
_QUOTED = re.compile(r"""(?<=:\s).+|['"].*""", re.DOTALL)
# They quote the names of types and attributes.
_OF_THE_CODE = (AttributeError, TypeError, NameError, ImportError)


def described(error: BaseException) -> str:
    """Return the kind of an error and its message up to where it begins to quote."""
    text = str(error) if isinstance(error, _OF_THE_CODE) else _QUOTED.sub("…", str(error))
    return redact(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def traced(error: BaseException) -> str:
    """Return where an error and those before it were raised, each with its description, the last one at the end."""
    parts = [f"{''.join(traceback.format_tb(one.__traceback__))}{described(one)}" for one in reversed([*chain(error)])]
    return "Traceback (most recent call last):\n" + "\n\n".join(parts)


def chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and those before it that led to it."""
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
