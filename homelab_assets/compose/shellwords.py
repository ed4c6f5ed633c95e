"""Split a command line into words, exactly as Compose does it (which is neither a shell nor Python's `shlex`)."""

from collections.abc import Iterable

from homelab_assets.compose.problems import refuse
from homelab_assets.late import late

_SPACES = " \t\r\n"
_STOPPERS = ";&|<>"
_SEALED = late("<(secret#[0-9a-f.]+)>")
_KEPT = late("\uf8f0(secret#[0-9a-f.]+)\uf8f1")


class Words(list[str]):
    """Words that one text was split into: a variable among them may stand for several, or for none.

    Attributes:
        line: the text.
    """

    def __init__(self, words: Iterable[str], line: str) -> None:
        super().__init__(words)
        self.line = line


def split(line: str) -> Words:
    """Return the words of a command.

    The line ends at the first unquoted `;`, `&`, `|`, `<` or `>`. A backslash drops itself everywhere but in single
    quotes. Backticks and `$(…)` group and are kept. There are no comments, no globs and no variables.

    Raises:
        BaselineError: unbalanced quotes, or a bracket that `$` does not introduce.
    """
    if "<secret#" not in line:
        return Words(_Splitter().split(line), line)
    # A sealed secret is a word, or part of one: its brackets redirect nothing.
    words = _Splitter().split(_SEALED.sub("\uf8f0\\1\uf8f1", line))
    return Words((_KEPT.sub(r"<\1>", word) for word in words), line)


class _Splitter:
    def __init__(self) -> None:
        self.words: list[str] = []
        self.buffer = ""
        self.started = self.escaped = False
        self.double = self.single = self.back = self.dollar = False

    def split(self, line: str) -> list[str]:
        for character in line:
            if self._stops(character):
                break
        if self.started:
            self.words.append(self.buffer)
        if self.escaped or self.single or self.double or self.back or self.dollar:
            refuse(f"invalid command line {line!r}", hint="balance the quotes")
        return self.words

    def _stops(self, character: str) -> bool:
        if self.escaped:
            self.buffer += character
            self.escaped = False
            self.started = True
        elif character == "\\":
            if self.single:
                self.buffer += character
            else:
                self.escaped = True
        elif character in _SPACES:
            self._space(character)
        elif character in _STOPPERS and not (self.single or self.double or self.back or self.dollar):
            if character == ">" and self.buffer[:1].isdigit() and self.buffer[:1].isascii():
                self.started = False  # `2>file`: the number is part of the redirection
            return True
        elif not self._quote(character):
            self.started = True
            self.buffer += character
        return False

    def _space(self, character: str) -> None:
        if self.single or self.double or self.back or self.dollar:
            self.buffer += character
        elif self.started:
            self.words.append(self.buffer)
            self.buffer = ""
            self.started = False

    def _quote(self, character: str) -> bool:
        """Handle quoting characters; True when the character itself is dropped."""
        if character == "`" and not (self.single or self.double or self.dollar):
            self.back = not self.back
        elif character == ")" and not (self.single or self.double or self.back):
            self.dollar = not self.dollar
        elif character == "(" and not (self.single or self.double or self.back):
            if self.dollar or not self.buffer.endswith("$"):
                refuse("invalid command line: a bracket outside quotes", hint="put it in quotes")
            self.dollar = True
            self.buffer += character
            return True
        elif character == '"' and not (self.single or self.dollar):
            self.started = self.started or self.double
            self.double = not self.double
            return True
        elif character == "'" and not (self.double or self.dollar):
            self.started = self.started or self.single
            self.single = not self.single
            return True
        return False
