"""In which spellings containers show the values of variables: a size as a number, a path made absolute.

A stored capture has no more of a `.env` than tokens of its values. What runs is told from another value there by the
tokens of all these spellings.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from homelab_assets.compose.interpolation import MARKER
from homelab_assets.drift.leaf import Leaf, Row, differences
from homelab_assets.drift.sealing import SealedCompare, explains
from homelab_assets.drift.sights import Sight, pairs_of
from homelab_assets.drift.templates import pieces
from homelab_assets.drift.unify import Settled, sights_of


def spellings_of(settled: Settled) -> Iterator[tuple[str, str]]:
    """Give the tokens of settled values, each with that of a spelling in which a container of the stack shows it."""
    references, certain, known = settled.templates.references, settled.stack.certain, settled.known
    vault = settled.vault
    for sight in sights_of(settled.templates, settled.matches):
        for template, texts in pairs_of(_agreeing(sight, settled)):
            named = {references[int(number)].name for number in MARKER.findall(template)}
            for name in named & certain.keys():
                others = {other: value for other, value in known.items() if other != name}
                parts = pieces(template, references, others)
                explained = (explains(parts, text, others, vault) or {} for text in texts)
                seen = {value for found in explained for value in found.get(name, ()) if value}
                # What is sealed in part in its file may be sealed wholly where it runs.
                token = vault.fingerprint(certain[name] or "")
                yield from ((token, vault.fingerprint(text)) for value in seen for text in (value, vault.reveal(value)))


def _agreeing(sight: Sight, settled: Settled) -> Sight:
    """What of a sight agrees with git and the values that are settled."""
    compare = SealedCompare(settled.vault)

    def same(row: Row, path: str, expected: Leaf, observed: Leaf) -> bool | None:
        return compare(row, path, expected.value, observed.value)

    expected = sight.row.expected(settled.final.declared(sight.service))
    _, told = differences(sight.row, expected, sight.found, lambda: sight.given, same)
    others = {verdict.path for verdict in told}
    wanted = {path: leaf for path, leaf in sight.wanted.items() if path not in others}
    return replace(sight, wanted=wanted, found={p: leaf for p, leaf in sight.found.items() if p not in others})
