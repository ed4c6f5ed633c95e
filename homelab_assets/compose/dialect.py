r"""Where Compose's YAML parser takes another text than libyaml: escapes in double quotes, tabs before comments, colons.

Compose takes `\'` for an apostrophe and refuses `\/`, which JSON knows; libyaml does it the other way round. Compose
also reads comments ahead: on lines after one with nothing but a comment, a tab may stand before the next `#`. And a
colon at the end of a word in brackets belongs to the word: `[a:]` is a list of `a:`.
"""

import re
from typing import Any

from homelab_assets.compose.problems import refuse
from homelab_assets.late import late

_SLASH = late(r"[^\\](?:\\\\)*\\/")
_COLONS = range(0xF8FF, 0xE100, -1)  # of the private use area: one that a text lacks can stand in for a colon
_STAND_INS = {r"\a": "\a", r"\v": "\v", r"\b": "\b", r"\f": "\f"}
_ESCAPE_OR_END = late(r"\\.|\"", re.DOTALL)
# Characters that are read again after mendings, all in all. Nobody who writes a file by hand needs more.
_MOST_EFFORT = 500_000
_BLANK = " \t\r\n"
_COMMENTS = late(rf"(?:[{_BLANK}]*#[^\n]*)+")
_INDENT = late(r"^[ \t]+", re.MULTILINE)


class Dialect:
    """A file's text, mended where libyaml stops and Compose does not; every offset stays the same."""

    __slots__ = ("_colon", "_effort", "_has_slashes", "_stand_in", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._effort = _MOST_EFFORT
        self._stand_in: str | None = None
        self._colon: str | None = None
        self._has_slashes = r"\/" in text

    def mend(self, error: Any) -> bool:
        """Change the text at which libyaml stopped. Returns whether Compose would have read it."""
        index = error.problem_mark.index if error.problem_mark else 0
        self._effort -= index
        if self._effort < 0:
            return False
        if error.problem == "found unknown escape character" and self.text.startswith(r"\'", index):
            self._mend_apostrophe(index)
            return True
        if error.problem == "found unexpected ':'" and self.text.startswith(":", index):
            self._mend_colon(index)
            return True
        return error.problem == "found character that cannot start any token" and self._mend_comments(index)

    def _mend_apostrophe(self, index: int) -> None:
        if self._stand_in is None:
            self._stand_in = next((escape for escape in _STAND_INS if escape not in self.text), r"\a")
        ends = (found.end() for found in _ESCAPE_OR_END.finditer(self.text, index) if found[0] == '"')
        end = next(ends, len(self.text))
        stand_in = self._stand_in
        scalar = _ESCAPE_OR_END.sub(lambda found: stand_in if found[0] == r"\'" else found[0], self.text[index:end])
        self.text = self.text[:index] + scalar + self.text[end:]

    def _mend_colon(self, index: int) -> None:
        if self._colon is None:
            self._colon = next(character for character in map(chr, _COLONS) if character not in self.text)
        self.text = self.text[:index] + self._colon + self.text[index + 1 :]

    def _mend_comments(self, index: int) -> bool:
        line_before = self.text[:index].rstrip(_BLANK).rpartition("\n")[2]
        comments = _COMMENTS.match(self.text, index)
        if self.text[index] != "\t" or comments is None or not line_before.lstrip(" \t").startswith("#"):
            return False
        spaced = _INDENT.sub(lambda indent: " " * len(indent[0]), comments[0])
        self.text = self.text[:index] + spaced + self.text[comments.end() :]
        return True

    def read(self, node: Any, *, quoted: bool) -> None:
        """Put back what was mended in a scalar; `quoted`, in double quotes: refuse a slash that is escaped."""
        if not quoted:
            if self._colon is not None:
                node.value = node.value.replace(self._colon, ":")
            return
        if self._stand_in is not None:
            node.value = node.value.replace(_STAND_INS[self._stand_in], "'")
        if self._has_slashes and _SLASH.search(self.text, node.start, node.end):
            refuse("is not valid YAML: found unknown escape character", node)
