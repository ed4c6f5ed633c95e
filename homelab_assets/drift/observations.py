"""What a running text tells of the variables in git's."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from homelab_assets.drift.sealing import explains
from homelab_assets.drift.sights import Sight
from homelab_assets.drift.templates import UNSET, Alternative, Piece, Reference, pieces, unknown_names
from homelab_assets.secrecy import TOKEN, Vault


class Observation(Struct, frozen=True, kw_only=True):
    """One running value allows a variable to be one of these."""

    name: str
    alternatives: tuple[Alternative, ...]
    service: str
    created: str


def observe(
    sight: Sight, parts: Sequence[Piece], texts: Sequence[str], known: Mapping[str, Alternative], vault: Vault
) -> Iterator[Observation]:
    """What one template says, from all the ways to write the running value."""
    allowed: dict[str, dict[Alternative, None]] = {}
    for text in texts:
        for name, alternatives in (explains(parts, text, known, vault) or {}).items():
            allowed.setdefault(name, {}).update(dict.fromkeys(alternatives))
    for name, found in allowed.items():
        yield Observation(name=name, alternatives=tuple(found), service=sight.service, created=sight.created)


def votes(
    sight: Sight,
    template: str,
    texts: Sequence[str],
    references: Sequence[Reference],
    known: Mapping[str, Alternative],
    bound: Mapping[str, Alternative],
    vault: Vault,
) -> Iterator[Observation]:
    """What a text with several variables says of those that other texts have bound already: the same, or otherwise."""
    names = unknown_names(pieces(template, references, known)) & bound.keys()
    if not names:
        return
    environment = {**known, **bound}
    parts = pieces(template, references, environment)
    fits = any(explains(parts, text, environment, vault) is not None for text in texts)
    for name in names:
        if fits:
            yield Observation(name=name, alternatives=(bound[name],), service=sight.service, created=sight.created)
            continue
        others = {other: value for other, value in environment.items() if other != name}
        found = observe(sight, pieces(template, references, others), texts, others, vault)
        yield from (observation for observation in found if observation.name == name)


def agreed(observations: Sequence[Observation], vault: Vault) -> bool:
    """Whether two services show one value, and none that the variable may not be set."""
    return not any(UNSET in one.alternatives for one in observations) and any(
        one.service != observations[0].service
        and any(allows(one, value, vault) for value in observations[0].alternatives)
        for one in observations[1:]
    )


def allows(observation: Observation, value: Alternative, vault: Vault) -> bool:
    if value in observation.alternatives:
        return True
    if value is UNSET:
        return False
    sealed = value if TOKEN.fullmatch(value) else vault.token(value) if value else value
    return any(
        (TOKEN.fullmatch(other) is not None and other == sealed)
        or (TOKEN.fullmatch(value) is not None and vault.token(other) == value)
        for other in observation.alternatives
        if other
    )
