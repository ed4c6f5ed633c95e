"""Comparing git's clear text with what the capture has sealed, without ever unsealing anything for others to see."""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from homelab_assets.compose import shellwords
from homelab_assets.drift.leaf import Row
from homelab_assets.drift.templates import SIGN, Alternative, Piece, match_pieces
from homelab_assets.errors import BaselineError
from homelab_assets.late import late
from homelab_assets.secrecy import SHOWN, TOKEN, Vault, has_token, show

_LONE_REFERENCE = late(r"(?P<name>\$\{\w+(?::?-)?)(?P<default>(?<=-).+)?(?::?[?+].*)?\}|\$\w+", re.DOTALL)

_SIGN = late(SIGN, re.DOTALL)
_QUOTED = late(r"[\s;&|<>'\"]")


class SealedCompare:
    """Compares expected with observed values, in which secrets stand as tokens.

    Git's value is sealed the way the capture seals the same field (`Vault.seal_inspect`), then both are compared.

    Args:
        spellings: of a stored capture, see `Captured`.
    """

    def __init__(self, vault: Vault, spellings: Mapping[str, Sequence[str]] | None = None) -> None:
        self.vault, self._spellings = vault, spellings or {}

    def __call__(self, row: Row, path: str, expected: Any, observed: Any) -> bool | None:
        """Say whether the two are the same; None where tokens make it impossible to know."""
        if row.same(expected, observed):
            return True
        if isinstance(expected, str) and isinstance(observed, str):
            return self._text(row, path, expected, observed)
        sealed = self.seal(row, path, self._reveal(expected))
        if row.same(sealed, observed):
            return True
        running = self._reveal(observed)
        words = row.seal == "arguments" and isinstance(expected, tuple)
        # What is secret in git's own text need not be in what runs, where no name tells.
        if words and _tokens(expected) and row.same(as_split(expected, self.vault), running):
            return True
        if not _tokens(sealed) and not _tokens(observed):
            return False
        if row.same(self._reveal(sealed), running):
            return True
        clear = self._reveal(expected)
        if row.same(clear, self._recognised(clear, observed)):
            return True
        return False if words and _differ_in_words(expected, observed) else self._knowable(expected, observed)

    def _recognised(self, clear: Any, observed: Any) -> Any:
        """What runs, in clear where git's own texts are what was sealed: a capture may know more secrets than git."""
        if isinstance(clear, str) and isinstance(observed, str):
            return clear if has_token(observed) and self._is_sealed_form(clear, observed) else observed
        if isinstance(clear, tuple) and isinstance(observed, tuple) and len(clear) == len(observed):
            return _like(observed, map(self._recognised, clear, observed))
        return observed

    def _is_sealed_form(self, clear: str, sealed: str) -> bool:
        """Whether a text with tokens is this one, sealed in parts."""
        tokens = [match[0] for match in TOKEN.finditer(sealed)]
        literals = TOKEN.sub("\0", sealed).split("\0")
        match = re.fullmatch("(.+?)".join(map(re.escape, literals)), clear, re.DOTALL)
        return match is not None and all(map(self.vault.is_token_of, tokens, match.groups()))

    def _text(self, row: Row, path: str, expected: str, observed: str) -> bool | None:
        vault = self.vault
        sealed = self.seal(row, path, vault.reveal(expected))
        if sealed == observed or vault.reveal(sealed) == vault.reveal(observed):
            return True
        if TOKEN.fullmatch(expected) and vault.token(observed) in (expected, *self._spellings.get(expected, ())):
            return True
        if self._recognised(clear := vault.reveal(expected), observed) == clear:
            return True
        if _differ_beside_secrets(expected, observed) or not (has_token(sealed) or has_token(observed)):
            return False
        return self._knowable(expected, observed)

    def _knowable(self, expected: Any, observed: Any) -> bool | None:
        """False where the difference is real, None where it may only be one of sealing."""
        tokens = _tokens(expected) | _tokens(observed)
        if any(TOKEN.fullmatch(token)["key"] != self.vault.key_id for token in tokens):  # type: ignore[index]
            return None
        # Git's own text is clear, or known: it was sealed as the capture seals, so unequal means different.
        if all(self.vault.revealable(token) for token in _tokens(expected)):
            return False
        # One token is another value's, unless what runs was sealed in parts.
        whole = isinstance(expected, str) and TOKEN.fullmatch(expected) and not self._is_in_parts(observed)
        return False if whole or _differ_in_one_secret(expected, observed) else None

    def _is_in_parts(self, value: Any) -> bool:
        """Whether tokens that nobody can open are a part of a text."""
        tokens = _tokens(value)
        return value not in tokens and not all(map(self.vault.revealable, tokens))

    def seal(self, row: Row, path: str, value: Any) -> Any:
        """Seal git's value as `Vault.seal_inspect` seals the field that holds it."""
        vault = self.vault
        if row.seal == "name":
            name = _name_in(path, row)
            return map_texts(value, lambda text: vault.seal(name, text))
        if row.seal == "arguments" and isinstance(value, tuple):
            return tuple(vault.seal_args([str(part) for part in value]))
        if row.seal == "reference":
            return map_texts(value, vault.seal_name)
        return map_texts(value, vault.seal_plain)

    def _reveal(self, value: Any) -> Any:
        return map_texts(value, self.vault.reveal)

    def shown_template(self, row: Row, path: str, value: Any) -> Any:
        """Git's own text, with its variables, fit for the document: of a reference that is a secret only the default
        is one."""
        if row.seal == "arguments" and isinstance(value, list):
            words = zip(value, self.seal(row, path, tuple(value)), strict=True)
            return [_shown_reference(str(word), sealed) for word, sealed in words]
        return map_texts(value, lambda text: _shown_reference(text, self.seal(row, path, text)))

    def shown(self, row: Row, path: str, value: Any, cover: str = SHOWN) -> Any:
        """A value fit for the document: sealed, and its tokens covered."""
        if row.seal == "arguments" and isinstance(value, list):
            value = list(self.seal(row, path, tuple(value)))
        else:
            value = self.seal(row, path, value)
        return map_texts(value, lambda text: show(text, cover))


def _name_in(path: str, row: Row) -> str:
    """The name under which a value stands."""
    if row.shared:
        return path.partition(f".{row.key.rpartition('.')[2]}.")[2]
    return path.split(".", 2)[2] if path.startswith("logging.options.") else path.partition(".")[2]


def _shown_reference(text: str, sealed: str) -> str:
    """What to show of a text of git: all that is not sealed, and a lone reference without its default if it is."""
    reference = _LONE_REFERENCE.fullmatch(text) if TOKEN.fullmatch(sealed) else None
    if reference is None:
        return show(sealed)
    return f"{reference['name']}{SHOWN}}}" if reference["default"] else text


def explains(
    parts: Sequence[Piece], text: str, known: Mapping[str, Alternative], vault: Vault
) -> Mapping[str, tuple[Alternative, ...]] | None:
    """Match a text, and if it was sealed as a whole, what it says in clear: git may hold a part of such a secret.

    Returns:
        What each variable may be, by name; None where the text can't come of these parts.
    """
    if "<secret#" not in text and any(part.reference and "$" in part.reference.word for part in parts):
        # What is not sealed where it runs is to be told from a default that holds a secret in clear.
        known = {name: value and vault.reveal(value) for name, value in known.items()}
    found = match_pieces(parts, text, known)
    if not vault.revealable(text) or not any("<secret#" in one for one in (text, *(part.literal for part in parts))):
        return found
    known = {name: value and vault.reveal(value) for name, value in known.items()}
    clear = match_pieces(
        [Piece(vault.reveal(part.literal), part.reference) for part in parts], vault.reveal(text), known
    )
    if found is None or clear is None:
        return clear if found is None else found
    # What is sealed where it runs may be a default that stands in clear.
    return {
        name: (*values, *(one for one in clear.get(name, ()) if not one and one not in values))
        for name, values in found.items()
    }


def _differ_in_words(expected: Sequence[Any], observed: Sequence[Any]) -> bool:
    """Whether commands of as many words differ in some of them, beside the secrets that both have in their places."""
    pairs = [(str(one), str(other)) for one, other in zip(expected, observed, strict=False) if one != other]
    return len(expected) == len(observed) and all(_differ_beside_secrets(*pair) for pair in pairs)


def _differ_in_one_secret(expected: Any, observed: Any) -> bool:
    """Whether two texts have another secret in the same place, and are the same around it."""
    if not isinstance(expected, str) or not isinstance(observed, str):
        return False
    around = TOKEN.sub("\0", expected)
    return around.count("\0") == 1 and around == TOKEN.sub("\0", observed)


def _differ_beside_secrets(expected: str, observed: str) -> bool:
    """Whether two texts differ in what stands around the same secrets, whatever these are."""
    one, other = _SIGN.findall(expected), _SIGN.findall(observed)
    for _ in ("end", "beginning"):
        while one and other and one[-1] == other[-1]:
            del one[-1], other[-1]
        one.reverse()
        other.reverse()
    secrets = sorted(filter(TOKEN.fullmatch, one))
    if secrets != sorted(filter(TOKEN.fullmatch, other)):
        return False
    return len(one) != len(other) or bool(one and not secrets)


def as_split(words: Iterable[Any], vault: Vault) -> tuple[str, ...]:
    """A command as Compose splits it when it knows its secrets: a blank in one, or a `&`, may end a word.

    Not in a word that stood in quotes, which is to be seen by what stands around the secret.
    """
    line = " ".join(
        vault.reveal(word)
        if has_token(word) and not _QUOTED.search(TOKEN.sub("", word))
        else shlex.quote(vault.reveal(word))
        for word in map(str, words)
    )
    try:
        return tuple(shellwords.split(line))
    except BaselineError:
        return ()


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Apply a function to every text inside tuples, sets, lists and mappings (their values); the rest stays."""
    match value:
        case str():
            return change(value)
        case list():
            return [map_texts(part, change) for part in value]
        case tuple() | frozenset():
            return _like(value, (map_texts(part, change) for part in value))
        case dict():
            return {key: map_texts(part, change) for key, part in value.items()}
        case _:
            return value


def _like(value: Any, parts: Iterable[Any]) -> Any:
    """The parts as what they were taken from."""
    return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)


def texts_in(value: Any) -> Iterator[str]:
    """Give every text inside tuples, sets, lists and mappings (their values)."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list | frozenset | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)


def _tokens(value: Any) -> set[str]:
    return {match[0] for text in texts_in(value) for match in TOKEN.finditer(text)}
