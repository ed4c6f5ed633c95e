"""Variables of which a stored capture tells no more than fingerprints of their values."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from homelab_assets.drift.sealing import explains
from homelab_assets.drift.templates import Alternative, Piece, unknown_names
from homelab_assets.secrecy import TOKEN, Vault, has_token


class SealedVariables(Struct, frozen=True, kw_only=True):
    """What values such variables can't have.

    Attributes:
        tokens: of their values, by name. spellings: by these tokens, those of all spellings in which containers show
            the same values; None where that isn't known.
    """

    vault: Vault
    tokens: Mapping[str, str]
    spellings: Mapping[str, Sequence[str]] | None = None

    def is_value(self, name: str, value: Alternative) -> bool:
        """Whether this is a variable's value, in whichever spelling."""
        if not value or (token := self.tokens.get(name)) is None:
            return False
        return self.vault.fingerprint(self.vault.reveal(value)) in (token, *(self.spellings or {}).get(token, ()))

    def may_be(self, name: str, value: Alternative) -> bool:
        """Whether a variable may have this value."""
        return name not in self.tokens or self.is_value(name, value)

    def deny(self, parts: Sequence[Piece], texts: Sequence[str], known: Mapping[str, Alternative]) -> bool:
        """Whether the one open variable of a template is certain to have another value than any of these texts, ways
        to write what runs, would come of.

        A text that is sealed in part may hide where a value begins and ends, and so may further variables.
        """
        names = unknown_names(parts)
        if self.spellings is None or len(names) != 1 or names.isdisjoint(self.tokens):
            return False
        vault = self.vault
        opaque = [text for text in texts if has_token(text) and not vault.revealable(text)]
        if opaque and (len(parts) > 1 or not all(map(TOKEN.fullmatch, opaque))):
            return False
        (name,) = names
        found = [explained for text in texts if (explained := explains(parts, text, known, vault)) is not None]
        if not found or not all(explained.get(name) for explained in found):
            return False
        return not any(self.is_value(name, value) for explained in found for value in explained[name])
