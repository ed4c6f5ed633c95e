"""Check a YAML document against a description: every mistake at once, each with its line and what would be right."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml
from msgspec import Struct, field

from homelab_assets.yaml_words import hint_of

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_CHARACTERS = 1_000_000
_MAX_DEPTH = 100


class Text(Struct, frozen=True, kw_only=True):
    """A string. `pattern` must match all of it; `example` is shown when it does not."""

    pattern: str | None = None
    example: str = ""


class Whole(Struct, frozen=True, kw_only=True):
    """A whole number within bounds, both inclusive."""

    least: int = 0
    most: int = 2**31


class Flag(Struct, frozen=True):
    """true or false."""


class Day(Struct, frozen=True):
    """A date, YYYY-MM-DD; kept as text."""


class Choice(Struct, frozen=True):
    """One of a few words."""

    of: tuple[str, ...]


class ListOf(Struct, frozen=True):
    """A list, or a single item that stands for a list of one."""

    item: "Spec"


class MapOf(Struct, frozen=True):
    """A mapping with free keys. `names` says in words which keys are meant."""

    value: "Spec"
    key_pattern: str = r"[^\s/\x00-\x1f][^/\x00-\x1f]*"
    names: str = "letters, digits, dot, dash and underscore"


class Record(Struct, frozen=True, kw_only=True):
    """A mapping with known keys."""

    keys: Mapping[str, "Spec"]
    required: tuple[str, ...] = ()


Spec = Text | Whole | Flag | Day | Choice | ListOf | MapOf | Record


class Mistake(Struct, frozen=True, kw_only=True):
    """One thing that is wrong in the document. `line` is 1-based."""

    line: int
    key: str
    what: str
    hint: str | None = None


class Checker(Struct):
    """Walks a document and collects values and mistakes. `lines` maps a dotted key to its 1-based line."""

    mistakes: list[Mistake] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def check(self, node: yaml.Node, spec: Spec, key: str = "") -> Any:
        """Return the value of `node` as `spec` describes it; None where it is wrong (a mistake is noted)."""
        self.lines.setdefault(key, node.start_mark.line + 1)
        match spec:
            case Record():
                return self._record(node, spec, key)
            case MapOf():
                return self._map(node, spec, key)
            case ListOf():
                items = node.value if isinstance(node, yaml.SequenceNode) else [node]
                return [self.check(item, spec.item, f"{key}[{number}]") for number, item in enumerate(items)]
            case _:
                return self._scalar(node, spec, key)

    def note(self, node: yaml.Node, key: str, what: str, hint: str | None = None) -> None:
        """Note a mistake at a node."""
        self.mistakes.append(Mistake(line=node.start_mark.line + 1, key=key, what=what, hint=hint))

    def _record(self, node: yaml.Node, spec: Record, key: str) -> dict[str, Any] | None:
        if _is_null(node) and not spec.required:
            return {}
        values: dict[str, Any] = {}
        for name, key_node, value in self._pairs(node, key):
            where = f"{key}.{name}" if key else name
            if name not in spec.keys:
                from difflib import get_close_matches

                near = get_close_matches(name, spec.keys, n=1)
                known = ", ".join(sorted(spec.keys))
                self.note(
                    key_node, where, "unknown key", f"did you mean '{near[0]}'?" if near else f"known keys: {known}"
                )
                continue
            values[name] = self.check(value, spec.keys[name], where)
        for name in spec.required:
            if name not in values and isinstance(node, yaml.MappingNode):
                self.note(node, f"{key}.{name}" if key else name, "is missing")
        return values

    def _map(self, node: yaml.Node, spec: MapOf, key: str) -> dict[str, Any]:
        if _is_null(node):
            return {}
        values = {}
        for name, key_node, value in self._pairs(node, key):
            if not re.fullmatch(spec.key_pattern, name):
                self.note(key_node, f"{key}.{name}", "is not a usable name", spec.names)
                continue
            values[name] = self.check(value, spec.value, f"{key}.{name}")
        return values

    def _pairs(self, node: yaml.Node, key: str) -> list[tuple[str, yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self.note(node, key, f"should be a mapping of names to values, not {_kind(node)}")
            return []
        pairs, seen = [], set()
        for key_node, value in node.value:
            name = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            if name in seen:
                self.note(key_node, f"{key}.{name}" if key else name, "stands twice", "keep one of the two")
                continue
            seen.add(name)
            pairs.append((name, key_node, value))
        return pairs

    def _scalar(self, node: yaml.Node, spec: Spec, key: str) -> Any:
        if not isinstance(node, yaml.ScalarNode) or _is_null(node):
            self.note(node, key, f"should be {_wanted(spec)}, not {_kind(node)}")
            return None
        text = node.value
        match spec:
            case Text(pattern=pattern):
                if pattern is None or re.fullmatch(pattern, text):
                    return text
            case Choice(of=of):
                if text in of:
                    return text
            case Flag():
                if text.lower() in {"true", "false", "yes", "no", "on", "off"}:
                    return text.lower() in {"true", "yes", "on"}
            case Whole(least=least, most=most):
                if re.fullmatch(r"-?[0-9]{1,18}", text) and least <= int(text) <= most:
                    return int(text)
            case Day():
                if _is_day(text):
                    return text
        self.note(node, key, f"should be {_wanted(spec)}")
        return None


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "nothing" if _is_null(node) else "a plain value"


def _wanted(spec: Spec) -> str:
    match spec:
        case Text(example=example):
            return f"text such as {example}" if example else "text"
        case Choice(of=of):
            return "one of " + ", ".join(of)
        case Whole(least=least, most=most):
            return f"a whole number from {least} to {most}"
        case Flag():
            return "true or false"
        case Day():
            return "a date such as 2027-01-31"
        case _:
            return "a list or mapping"


def compose_document(text: str) -> yaml.Node | Mistake | None:
    """Parse one YAML document into nodes; a `Mistake` where it is no YAML, None where it is empty."""
    if len(text) > MAX_CHARACTERS:
        return Mistake(line=1, key="", what="is larger than a megabyte", hint="this is not a lab.yaml")
    try:
        if (deep := _too_deep(text)) is not None:
            return Mistake(line=deep, key="", what=f"is not valid YAML: nested deeper than {_MAX_DEPTH} levels")
        loader = _LOADER(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = f"is not valid YAML: {error.problem or error.context}"
        return Mistake(line=mark.line + 1 if mark else 1, key="", what=what, hint=hint_of(error, text))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return Mistake(line=1, key="", what=f"is not valid YAML: {type(error).__name__}")
    return node


def _too_deep(text: str) -> int | None:
    """Return the line where the nesting goes too deep: libyaml's composer would end the process there."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                return int(event.start_mark.line) + 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None
