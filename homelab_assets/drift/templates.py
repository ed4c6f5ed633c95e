"""Git's values with variables in them: matched against running values, and inverted into what the variables must be."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

from msgspec import Struct

from homelab_assets.compose.interpolation import MARKER, expressions_in, unscoped
from homelab_assets.errors import BaselineError
from homelab_assets.secrecy import TOKEN, has_token

UNSET = None
Alternative = str | None
"""A possible value of a variable; None: it isn't set."""

_PLAIN, _ALTERNATE = ("", "?", ":?"), ("+", ":+")

_ANONYMOUS = TOKEN.pattern.replace("?P<key>", "?:").replace("?P<mac>", "?:")
SIGN = rf"(?:{_ANONYMOUS}|(?!{_ANONYMOUS}).)"
"""A token stands for a value as a whole: no variable is a part of one, though git may have `.` between two."""


def not_set(variables: Mapping[str, Alternative]) -> frozenset[str]:
    """Names of the variables that are known to have no value."""
    return frozenset(name for name, value in variables.items() if value is UNSET)


class Reference(Struct, frozen=True):
    """One `${NAME}` with its operator (`:-`, `-`, `:+`, `+`, `:?`, `?`, or "") and the word after it.

    Attributes:
        name: what it is told from others by, its scope included (`compose.Expression`).
        otherwise: what the variable is where it isn't set: the env file of an `include` or a service has it then.
    """

    name: str
    operator: str = ""
    word: str = ""
    otherwise: Alternative = UNSET

    def __str__(self) -> str:
        return f"${{{unscoped(self.name)}{self.operator}{self.word}}}"


class Unknown(Exception):
    """A text depends on a variable whose value isn't known."""


def resolve(reference: Reference, known: Mapping[str, Alternative]) -> str:
    """The value of a reference under known variables.

    Raises:
        Unknown: it depends on a variable that isn't known.
    """
    if reference.name not in known:
        raise Unknown(reference.name)
    value = reference.otherwise if known[reference.name] is UNSET else known[reference.name]
    there = bool(value) if reference.operator.startswith(":") else value is not None
    match reference.operator.lstrip(":"):
        case "-":
            return str(value) if there else expand(reference.word, known)
        case "+":
            return expand(reference.word, known) if there else ""
        case _:
            return value or ""


def expand(text: str, known: Mapping[str, Alternative]) -> str:
    """Replace the references in the word of another one.

    Raises:
        Unknown: one of them isn't known.
    """
    if "$" not in text:
        return text
    parts, last = list[str](), 0
    try:
        for start, end, found in expressions_in(text):
            parts += [text[last:start], "$" if found is None else resolve(Reference(*found), known)]
            last = end
    except BaselineError:
        # Compose would refuse it if it came to that: nobody knows that it did.
        raise Unknown(text) from None
    return "".join(parts) + text[last:]


def references_in(text: str) -> tuple[str, ...]:
    """The outermost references of a text, as they stand in it; none where Compose would refuse it."""
    try:
        return tuple(text[start:end] for start, end, found in expressions_in(text) if found)
    except BaselineError:
        return ()


def inverse(reference: Reference, captured: str, known: Mapping[str, Alternative]) -> tuple[Alternative, ...] | None:
    """What the variable may be, if the reference gave this text; None: it can't have given it; (): anything goes."""
    found = _inverse(reference, captured, known)
    if reference.otherwise is UNSET or found == ():
        return found
    values: tuple[Alternative, ...] = tuple(value for value in found or () if value is not UNSET)
    with suppress(Unknown):
        if resolve(reference, {**known, reference.name: UNSET}) == captured:
            values = (*values, UNSET)
    return values or None


def _inverse(reference: Reference, captured: str, known: Mapping[str, Alternative]) -> tuple[Alternative, ...] | None:
    plain: tuple[Alternative, ...] = (captured,) if captured else ("", UNSET)
    match reference.operator:
        case "" | ":?" | "?":
            return (captured,) if captured or reference.operator == "?" else plain if not reference.operator else None
        case ":-" | "-":
            try:
                default = expand(reference.word, known)
            except Unknown:
                return (captured, UNSET)  # the default may have given it, whatever that is
            if captured == default:
                return (captured, UNSET, "") if captured and reference.operator == ":-" else (captured, UNSET)
            return (captured,) if captured or reference.operator == "-" else None
        case _:
            return _inverse_of_alternate(reference, captured, known)


def _inverse_of_alternate(
    reference: Reference, captured: str, known: Mapping[str, Alternative]
) -> tuple[Alternative, ...] | None:
    """`${A:+word}` gives the word for any value, and nothing else."""
    if not captured:
        return "", UNSET
    try:
        return () if captured == expand(reference.word, known) else None
    except Unknown:
        return ()


class Piece(Struct, frozen=True):
    """A literal text, or a reference to a variable without a known value."""

    literal: str
    reference: Reference | None = None


def pieces(template: str, references: Sequence[Reference], known: Mapping[str, Alternative]) -> list[Piece]:
    """Split a text with markers into literals and references; references to known variables become literals."""
    found: list[Piece] = []
    last = 0

    def literal(text: str) -> None:
        if found and found[-1].reference is None:
            found[-1] = Piece(found[-1].literal + text)
        elif text:
            found.append(Piece(text))

    for match in MARKER.finditer(template):
        literal(template[last : match.start()])
        reference = references[int(match[1])]
        try:
            literal(resolve(reference, known))
        except Unknown:
            found.append(Piece("", reference))
        last = match.end()
    literal(template[last:])
    return found


def unknown_names(parts: Sequence[Piece]) -> set[str]:
    """Names of the variables that are still open."""
    return {part.reference.name for part in parts if part.reference}


def match_pieces(
    parts: Sequence[Piece], text: str, known: Mapping[str, Alternative]
) -> dict[str, tuple[Alternative, ...]] | None:
    """Match a text: what each variable may be, by name; None where it doesn't match.

    Neighbours without a literal between them are accepted together and bind nothing.
    """
    pattern, captures = _pattern(parts, text, "*?")
    match = re.fullmatch(pattern, text, re.DOTALL)
    if match is None:
        return None
    found: dict[str, tuple[Alternative, ...]] = {}
    for group, reference, adjacent in captures:
        if adjacent:
            continue
        alternatives = inverse(reference, match[group], known)
        if alternatives is None:
            return None
        if alternatives and reference.name in found:
            both = tuple(value for value in found[reference.name] if value in alternatives)
            if not both:
                return None
            alternatives = both
        if alternatives:
            found[reference.name] = alternatives
    return found


def splits_one_way(parts: Sequence[Piece], text: str) -> bool:
    """Whether a text that matches can be shared out among the variables in one way only."""
    patterns = [_pattern(parts, text, quantifier)[0] for quantifier in ("*?", "*")]
    matches = [re.fullmatch(pattern, text, re.DOTALL) for pattern in patterns]
    # As little as possible for each in turn, and as much as possible: where both are the same, so is all between.
    return len({match.groups() for match in matches if match}) <= 1


def _pattern(parts: Sequence[Piece], text: str, quantifier: str) -> tuple[str, list[tuple[str, Reference, bool]]]:
    """The pattern of a template for a text, and its groups: each with its reference, and whether another one follows at
    once."""
    sign = SIGN if has_token(text) else "."
    first: dict[str, tuple[str, Reference]] = {}
    captures: list[tuple[str, Reference, bool]] = []
    pattern = ""
    for index, part in enumerate(parts):
        if (reference := part.reference) is None:
            pattern += re.escape(part.literal)
            continue
        adjacent = any(0 <= other < len(parts) and parts[other].reference for other in (index - 1, index + 1))
        group = f"g{index}"
        ways = _ways(reference, first.get(reference.name), sign, quantifier)
        pattern += f"(?P<{group}>{'|'.join(ways if quantifier == '*?' else reversed(ways))})"
        captures.append((group, reference, adjacent))
        if reference.operator not in _ALTERNATE:
            first.setdefault(reference.name, (group, reference))
    return pattern, captures


def _ways(reference: Reference, before: tuple[str, Reference] | None, sign: str, quantifier: str) -> Sequence[str]:
    """Patterns of what a reference may give: where its variable stands before, the same again or what it is without a
    value. A word with variables in it may be anything."""
    operator, anything = reference.operator, f"{sign}{quantifier}"
    try:
        word = "" if operator in _PLAIN else re.escape(expand(reference.word, {}))
    except Unknown:
        return [anything]
    if operator in _ALTERNATE:
        return ["", word]
    if before is None or reference.otherwise is not UNSET:
        never_empty = operator == ":?" or (operator == ":-" and word)
        some = f"{sign}{quantifier.replace('*', '+')}" if never_empty else anything
        return [some] if operator in _PLAIN else [word, some]
    group, other = before
    again = f"(?P={group})"
    if operator in _PLAIN and other.operator in _PLAIN:
        return [again]
    return [again, word, ""] if operator == "-" else [again, word]


def readable(text: str, references: Sequence[Reference]) -> str:
    """A text with markers as it stands in the file."""
    return MARKER.sub(lambda match: str(references[int(match[1])]), text)
