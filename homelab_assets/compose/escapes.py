r"""Escapes in double quotes on which Compose's YAML parser and libyaml disagree.

Compose takes `\'` for an apostrophe and refuses `\/`, which JSON knows; libyaml does it the other way round.
"""

import re
from typing import Any

from homelab_assets.compose.problems import refuse

_SLASH = re.compile(r"[^\\](?:\\\\)*\\/")
_STAND_INS = {r"\a": "\a", r"\v": "\v", r"\b": "\b", r"\f": "\f"}


class Escapes:
    """The text of a file, in which an escape that libyaml knows stands for each `\\'`; offsets stay the same."""

    __slots__ = ("_has_slashes", "_stand_in", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._stand_in: str | None = None
        self._has_slashes = r"\/" in text

    def mend(self, error: Any) -> bool:
        r"""Replace the `\'` at which libyaml stopped. Returns whether it stopped at one."""
        mark = error.problem_mark
        if error.problem != "found unknown escape character" or not self.text.startswith(r"\'", mark.index):
            return False
        if self._stand_in is None:
            self._stand_in = next((escape for escape in _STAND_INS if escape not in self.text), r"\a")
        self.text = self.text[: mark.index] + self._stand_in + self.text[mark.index + 2 :]
        return True

    def read(self, node: Any) -> None:
        """Put the apostrophes back into a scalar in double quotes; refuse a slash that is escaped."""
        if self._stand_in is not None:
            node.value = node.value.replace(_STAND_INS[self._stand_in], "'")
        if self._has_slashes and _SLASH.search(self.text, node.start, node.end):
            refuse("is not valid YAML: found unknown escape character", node)
