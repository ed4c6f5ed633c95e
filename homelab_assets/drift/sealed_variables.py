"""Variables of which a stored capture tells no more than fingerprints of their values."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from homelab_assets.drift.sealing import explains
from homelab_assets.drift.templates import Alternative, Piece, Reference, pieces, unknown_names
from homelab_assets.secrecy import TOKEN, Vault, has_token


class SealedVariables(Struct, frozen=True, kw_only=True):
    """What values such variables can't have.

    Attributes:
        tokens: of their values, by name. spellings: by these tokens, those of all spellings in which containers show
            the same values; None where that isn't known.
    """

    vault: Vault
    tokens: Mapping[str, str] = field(default_factory=dict)
    spellings: Mapping[str, Sequence[str]] | None = None

    def is_value(self, name: str, value: Alternative) -> bool:
        """Whether this is a variable's value, in whichever spelling."""
        if not value or (token := self.tokens.get(name)) is None:
            return False
        values = {token, *(self.spellings or {}).get(token, ())}
        # A file's value may have been sealed in part before it was sealed wholly.
        return not values.isdisjoint(map(self.vault.fingerprint, (value, self.vault.reveal(value))))

    def may_be(self, name: str, value: Alternative) -> bool:
        """Whether a variable may have this value."""
        return name not in self.tokens or self.is_value(name, value)

    def deny(self, parts: Sequence[Piece], texts: Sequence[str], known: Mapping[str, Alternative]) -> bool:
        """Whether none of these texts, ways to write what runs, may come of a template."""
        return self.allow(parts, texts, known) is False

    def allow(self, parts: Sequence[Piece], texts: Sequence[str], known: Mapping[str, Alternative]) -> bool | None:
        """Whether one of these texts, ways to write what runs, may come of the one open variable of a template.

        None where a value is sealed in part: it may be cut elsewhere. So may one beside further variables.
        """
        names = unknown_names(parts)
        if self.spellings is None or len(names) != 1 or names.isdisjoint(self.tokens):
            return True
        (name,) = names
        found = [explained for text in texts if (explained := explains(parts, text, known, self.vault)) is not None]
        if not found or not all(explained.get(name) for explained in found):
            return True
        values = [value for explained in found for value in explained[name]]
        if any(self.is_value(name, value) for value in values):
            return True
        return None if any(value and self._in_part(value) for value in values) else False

    def _in_part(self, value: str) -> bool:
        return has_token(value) and TOKEN.fullmatch(value) is None and not self.vault.revealable(value)

    def recognise(self, pairs: Iterable[tuple[str, Sequence[str]]], references: Sequence[Reference]) -> None:
        """Let the vault know what tokens stand for of which a variable shows the value in clear elsewhere.

        Args:
            pairs: templates with the ways to write what runs.
        """
        vault, seen = self.vault, dict[str, set[Alternative]]()
        for template, texts in pairs:
            parts = pieces(template, references, {})
            if len(unknown_names(parts)) == 1:
                for text in texts:
                    for name, values in (explains(parts, text, {}, vault) or {}).items():
                        seen.setdefault(name, set()).update(values)
        for name, shown in seen.items():
            opaque = {value for value in (*shown, self.tokens.get(name)) if value and self._is_opaque(value)}
            for value in shown if opaque else ():
                if value and not has_token(value) and vault.fingerprint(value) in opaque:
                    vault.token(value)

    def _is_opaque(self, value: str) -> bool:
        return TOKEN.fullmatch(value) is not None and not self.vault.revealable(value)
