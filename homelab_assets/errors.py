"""What can go wrong, in words that a person can act on.

Every error that a user can cause or cure is a `UserError`: it names what failed, where, and what to do next, and
is printed without a traceback. Anything else that escapes is a defect of this project.
"""

from collections.abc import Iterable
from typing import NamedTuple


class HomelabError(Exception):
    """Base of all errors that this project raises on purpose."""


class UserError(HomelabError):
    """A problem that the operator can see and solve.

    Attributes:
        what: what failed, one sentence without a trailing full stop.
        where: host, or `file:line`; None where there is no better place than the command itself.
        hint: what to do next; None where `what` says it already.
    """

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(self.__str__())

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.what}{hint}"


class ConfigurationError(UserError):
    """`lab.yaml`, a command-line option or an environment variable is wrong."""


_MOST_NAMES = 12


def nothing_named(kind: str, name: str, known: Iterable[str]) -> ConfigurationError:
    """Return the error for a name that nothing has: what was meant, it may be, else which there are."""
    from difflib import get_close_matches

    names = sorted(known)
    near = get_close_matches(name, names, n=3)
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    listed = f"known: {', '.join(names[:_MOST_NAMES])}{more}" if names else None
    return ConfigurationError(
        f"no {kind} is named {name!r}", hint=f"did you mean {' or '.join(near)}?" if near else listed
    )


class Needs(NamedTuple):
    """A variable that has no value, in the name of a file or a service.

    Attributes:
        variable: its name, with its scope if it is an include's own.
        before, after: the file's absolute path around it; empty for a service.
        value: what a private env file of the include gives it.
    """

    variable: str
    before: str = ""
    after: str = ""
    value: str | None = None


class BaselineError(UserError):
    """A compose file, a repository or a ref in it can't be read as a baseline.

    Attributes:
        needs: the variable whose value alone tells which file is meant, or None.
    """

    def __init__(
        self, what: str, *, where: str | None = None, hint: str | None = None, needs: "Needs | None" = None
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.needs = needs

    def reworded(self, what: str, *, where: str | None = None) -> "BaselineError":
        """The same error in other words, or told at another place."""
        return BaselineError(what, where=where or self.where, hint=self.hint, needs=self.needs)


class CaptureError(UserError):
    """A host can't be captured, or a recorded capture can't be read."""


class ForgeError(UserError):
    """GitHub or Gitea refused a request or can't be reached."""
