"""What stands in a text in the place of a secret: the token that is stored, the cover that people see."""

from collections.abc import Callable, Iterator

from homelab_assets.late import late

TOKEN = late(r"<secret#(?P<key>[0-9a-f]{4})\.(?P<mac>[0-9a-f]{20})>")
SHOWN = "<secret>"
SHOWN_CHANGED = "<secret changed>"
HIDDEN = late(rf"{SHOWN}|{SHOWN_CHANGED}|{TOKEN.pattern}")


def show(text: str, cover: str = SHOWN) -> str:
    """Return text for people: each token as `<secret>`, or as another cover such as `<secret changed>`."""
    return TOKEN.sub(cover, text)


def has_token(text: str) -> bool:
    """Say whether a sealed secret stands in the text."""
    return "<secret#" in text and TOKEN.search(text) is not None


def outside(text: str, change: Callable[[str], str]) -> str:
    """Change a text but for the tokens and covers in it: a value such as `secret` is a part of all of them."""
    if "<secret" not in text:
        return change(text)
    return "".join(_changed(text, change))


def _changed(text: str, change: Callable[[str], str]) -> Iterator[str]:
    last = 0
    for match in HIDDEN.finditer(text):
        yield change(text[last : match.start()])
        yield match[0]
        last = match.end()
    yield change(text[last:])
