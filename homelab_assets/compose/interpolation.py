"""Variables in values: the `${…}` grammar of Compose, and what stands for a variable that nobody knows.

Two modes. As Compose: an unset variable is empty (with a warning). Symbolic: an unknown variable becomes a marker, a
pair of private-use characters round a number, that flows through everything as ordinary text and names an `Expression`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from homelab_assets.compose.problems import Place, at, refuse
from homelab_assets.compose.tree import Map, Rules, Seq
from homelab_assets.compose.yaml_nodes import Scalar
from homelab_assets.errors import BaselineError
from homelab_assets.late import late
from homelab_assets.model import Span

OPEN, CLOSE = "\ue000", "\ue001"
MARKER = late(f"{OPEN}([0-9]+){CLOSE}")
"""What stands in a text for a variable without a value, as symbolic loading leaves it."""

MAX_VALUES = 200_000
_LONG, _MANY = 100_000, 1_000

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_AFTER_DOLLAR = late(r"\$\{?([A-Za-z_]\w*)")
_TEMPLATE = late(
    rf"\$(?:(?P<escaped>\$)|(?P<named>{_NAME})|\{{(?:(?P<braced>{_NAME}(?::?[-+?][^\n]*)?)\}}|(?P<invalid>)))"
)
_BRACED = late(rf"(?P<name>{_NAME})(?:(?P<operator>:?[-+?])(?P<argument>[^\n]*))?")

Lookup = Callable[[str], str | None]


class Written(Place, Protocol):
    """A place that knows its span."""

    def span(self) -> Span: ...


class Expression(Struct, frozen=True, kw_only=True):
    """A use of a variable whose value is not known.

    Attributes:
        argument: the raw default, alternate or message.
        scope: what sets it apart from others of its name, "" where it is the whole project's, see `Interpolator`.
        otherwise: what it is if nothing outside sets it, where the env file of an include or a service says that.
    """

    name: str
    operator: str
    argument: str
    span: Span | None
    scope: str = ""
    otherwise: str | None = None


def unscoped(name: str) -> str:
    """A variable's name as it stands in the file, without the scope that may stand after it."""
    return name.partition("@")[0]


class VariableUse(Struct, frozen=True, kw_only=True):
    """Where a file names a variable. `default` is None without one; `required`: loading fails without a value."""

    span: Span
    operator: str
    default: str | None
    required: bool


def is_marked(value: Any) -> bool:
    """Say whether a value is text that holds a marker."""
    return type(value) is str and OPEN in value


class Knowledge(Struct, frozen=True, kw_only=True):
    """What is known of variables besides the values that are given.

    Attributes:
        unset: those that are set nowhere; symbolic loading leaves no markers for them.
        assumed: those whose value is a conclusion, which an included file's own env file knows better.
        outside: whether a variable without a given value is set all the same, None where it may be: that beats what the
            env file of an include or a service says.
    """

    unset: Collection[str] = ()
    assumed: Collection[str] = ()
    outside: Callable[[str], bool | None] = lambda name: False


NO_MORE = Knowledge()


class Interpolator(Struct):
    """Replaces variables in trees of one project.

    Attributes:
        lookup: returns a variable's value, or None when it is not set (or not known).
        symbolic: leave markers for unknown variables. knowledge: what is known of those that `lookup` lacks.
        scope: of included files whose own env file may say something else than the project's (nobody knows it, it is
            private, or something outside may beat it). It stands after the names of their unknown variables; these are
            looked up by the name alone, then by both together.
        included: what private env files of includes say, by scope: see `scope.Private`.
        otherwise: what the env file of an include or a service says, where it is not certain that nothing beats it.
        expressions: what the markers stand for. warnings: names of variables that were empty for want of a value.
    """

    lookup: Lookup
    symbolic: bool = False
    knowledge: Knowledge = NO_MORE
    expressions: list[Expression] = field(default_factory=list)
    warnings: dict[str, None] = field(default_factory=dict)
    values: int = 0
    scope: str = ""
    included: dict[str, Mapping[str, str]] = field(default_factory=dict)
    otherwise: Mapping[str, str] = field(default_factory=dict)

    def with_lookup(self, lookup: Lookup, scope: str = "", *, otherwise: Mapping[str, str]) -> "Interpolator":
        """The same project seen from an included file, or an env file, which knows more variables."""
        return replace(self, lookup=lookup, scope=scope, otherwise=otherwise, values=0)

    @property
    def contested(self) -> frozenset[str]:
        """Names of variables that the files use, of which nobody knows whether they are set: that would beat what a
        service's env file has for itself under such a name."""
        outside = self.knowledge.outside
        return frozenset(one.name for one in self.expressions if not one.scope and outside(one.name) is None)

    def tree(self, value: Any, casts: Rules[Callable[[str], Any]] | None, place: Written | None = None) -> Any:
        """Copy a tree, replacing variables and casting the values that `casts` names.

        Raises:
            BaselineError: a malformed `${…}`, a required variable without a value, a value that can't be cast.
        """
        kind = type(value)
        if kind is str:
            text = self.text(value, place) if "$" in value else value
            return casts.action(text) if casts is not None and casts.action is not None and OPEN not in text else text
        if kind is Map:
            return self._map(value, casts)
        if kind is Seq:
            return self._list(value, casts)
        return value

    def _map(self, value: Map, casts: Rules[Callable[[str], Any]] | None) -> Map:
        self.count(len(value))
        result = Map(value, value.places.copy())
        for key, item in value.items():
            kind = type(item)
            if kind is str and casts is None:
                if "$" in item:
                    result[key] = self.text(item, value.places.get(key))
            elif kind is str or kind is Map or kind is Seq:
                place = value.places.get(key)
                try:
                    result[key] = self.tree(item, casts.below(key) if casts is not None else None, place)
                except BaselineError as error:
                    raise at(error, place) from None
        return result

    def _list(self, value: Seq, casts: Rules[Callable[[str], Any]] | None) -> Seq:
        self.count(len(value))
        below = casts.any if casts is not None else None
        result = Seq(value, value.places)
        for index, item in enumerate(value):
            if type(item) in (str, Map, Seq):
                try:
                    result[index] = self.tree(item, below, value.places[index])
                except BaselineError as error:
                    raise at(error, value.places[index]) from None
        return result

    def count(self, number: int) -> None:
        """Count values against the most that a project may come to, be it by including files again and again.

        Raises:
            BaselineError: there are more.
        """
        self.values += number
        if self.values > MAX_VALUES:
            refuse(f"expands to more than {MAX_VALUES} values")

    def text(self, template: str, place: Written | None = None) -> str:
        """Replace the variables of one string."""
        pieces: list[str] = []
        position = 0
        for start, end, found in expressions_in(template, place):
            pieces.append(template[position:start])
            pieces.append("$" if found is None else self.value(*found, place))
            position = end
        return "".join(pieces) + template[position:]

    def value(self, name: str, operator: str, argument: str, place: Written | None = None) -> str:
        """What one use of a variable comes to."""
        scope = "" if self.scope and self.knowledge.outside(name) else self.scope
        value = self.lookup(name)
        if value is None and scope:
            value = self.lookup(name + scope)
        if value is None:
            if self.symbolic and name + scope not in self.knowledge.unset:
                return self._mark(name, scope, operator, argument, place)
            value = self.otherwise.get(name)
        is_set = value is not None and (value != "" or not operator.startswith(":"))
        kind = operator[-1:]
        if kind:
            argument = self.text(argument, place) if "$" in argument else argument
        if kind == "-":
            return value if is_set and value is not None else argument
        if kind == "+":
            return argument if is_set else value or ""
        if kind == "?" and not is_set:
            reason = f": {argument}" if argument else ""
            refuse(f"required variable {name} is missing a value{reason}", place, hint=f"set {name}")
        if value is None:
            self.warnings[name] = None
            return ""
        return value

    def _mark(self, name: str, scope: str, operator: str, argument: str, place: Written | None) -> str:
        self.expressions.append(
            Expression(
                name=name,
                operator=operator,
                argument=argument,
                span=None if place is None else place.span(),
                scope=scope,
                otherwise=None if self.knowledge.outside(name) else self.otherwise.get(name),
            )
        )
        return f"{OPEN}{len(self.expressions) - 1}{CLOSE}"


def expressions_in(
    template: str, place: Written | None = None
) -> Iterator[tuple[int, int, tuple[str, str, str] | None]]:
    """Yield start, end and (name, operator, argument) of every variable; None instead of the triple for `$$`.

    The pattern is greedy: it takes a braced expression with everything up to the last `}` of the line, and the brace
    that closes it is searched afterwards. That is how Compose comes to its results for unbalanced braces.
    """
    if len(template) > _LONG and template.count("$") > _MANY:
        refuse(f"a text of {len(template)} characters with {template.count('$')} variables", place)
    position = 0
    while match := _TEMPLATE.search(template, position):
        start, position = match.span()
        if match["escaped"]:
            yield start, position, None
        elif match["named"]:
            yield start, position, (match["named"], "", "")
        else:
            whole = match[0]
            closing = _closing_brace(whole)
            braced = _BRACED.fullmatch(whole[2:closing]) if match["braced"] else None
            if braced is None:
                # The text may be a password in which a $ stands.
                refuse("invalid interpolation format", place, hint="write a literal $ as $$")
            position = start + closing + 1
            yield start, position, (braced["name"], braced["operator"] or "", braced["argument"] or "")


def _closing_brace(text: str) -> int:
    """Where the first `{` of a match closes, else its end. The character after a `{` is skipped, as Compose does."""
    depth, index = 0, 0
    while index < len(text):
        if text[index] == "}":
            depth -= 1
            if depth == 0:
                return index
        elif text[index] == "{":
            depth += 1
            index += 1
        index += 1
    return len(text) - 1


def names_in(text: str) -> set[str]:
    """Names of all variables that a text may refer to: whatever follows a `$`, escaped or not."""
    return set(_AFTER_DOLLAR.findall(text))


def variables_of(scalar: Scalar) -> Iterator[tuple[str, VariableUse]]:
    """Yield every variable that a scalar names, nested defaults included, with the place of its `$`."""
    yield from _uses(scalar.value, scalar.span())


def _uses(template: str, span: Span) -> Iterator[tuple[str, VariableUse]]:
    try:
        found = [expression for _, _, expression in expressions_in(template) if expression is not None]
    except BaselineError:  # told when, and if, the value is used
        return
    for name, operator, argument in found:
        default = argument if operator.endswith("-") else None
        yield name, VariableUse(span=span, operator=operator, default=default, required=operator.endswith("?"))
        yield from _uses(argument, span)


def put_back(value: Any, write: Callable[[int], str]) -> Any:
    """Return a value with a text in place of each marker, in names too.

    Args:
        write: gives the text for a marker's number.
    """
    if isinstance(value, str):
        return MARKER.sub(lambda match: write(int(match[1])), value) if OPEN in value else value
    if isinstance(value, Mapping):
        return {put_back(key, write): put_back(part, write) for key, part in value.items()}
    return [put_back(part, write) for part in value] if isinstance(value, list | tuple) else value
