"""What all searches for secrets in texts share: references to variables name a secret without being one."""

from collections.abc import Iterator, Sequence

from homelab_assets.late import late

# What git has for a variable that nobody sets is as good as the variable's value.
DEFAULT = late(r"\$\{(?P<name>[A-Za-z_]\w*):?-(?P<s>[^{}$]+)\}")
# So does what a shell puts in their place.
_REFERENCE = late(r"\$\{[^}]*\}|\$\$?[A-Za-z_]\w*|\$\$\{[^}]*\}|\$\$?\([^)]*\)")


def any_of(hints: Sequence[str], folded: str) -> bool:
    """Say whether any of these stands in a text."""
    for hint in hints:  # noqa: SIM110 - a third faster than any()
        if hint in folded:
            return True
    return False


class Places:
    """Patterns that call a secret `s`, so that what surrounds it stays readable and comparable.

    Args:
        rows: words in lower case, and a pattern. A text with none of the words has no such place.
    """

    def __init__(self, *rows: tuple[Sequence[str], str], flags: int = 0) -> None:
        self.rows = [(words, late(pattern, flags)) for words, pattern in rows]
        self._words = tuple(dict.fromkeys(word for words, _ in rows for word in words))

    def __add__(self, other: "Places") -> "Places":
        joined = Places()
        joined.rows = [*self.rows, *other.rows]
        joined._words = tuple(dict.fromkeys((*self._words, *other._words)))
        return joined

    def find(self, text: str, folded: str) -> Iterator[tuple[int, int]]:
        """Find the secrets, but for references. `folded` is the text in lower case."""
        if any_of(self._words, folded):
            for words, pattern in self.rows:
                if any_of(words, folded):
                    for match in pattern.finditer(text):
                        yield from but_for_variables(text, *match.span("s"))


def but_for_variables(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give the place of a secret; where a reference such as `${PASSWORD:-default}` fills it, that of the default."""
    variable = _REFERENCE.match(text, start)
    if variable is None or variable.end() < end:
        yield start, end
    elif default := DEFAULT.match(text, start):
        yield default.span("s")
