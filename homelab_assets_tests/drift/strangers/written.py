"""What a stack's files say of a service, as it is written there; and the text of a change to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml


class _Reader(yaml.SafeLoader):
    """Reads scalars as the text that they are, but for nothing and the two words that mean yes and no to Compose."""


_Reader.yaml_implicit_resolvers = {
    first: kept
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    if (kept := [one for one in resolvers if one[0].rpartition(":")[2] in ("null", "merge")])
}


class Tagged(Exception):
    """A file changes how files merge by tags of its own: what is written in it does not stand for itself."""


def _refuse(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    raise Tagged(suffix)


_Reader.add_multi_constructor("!", _refuse)


def read_services(texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Merge what files say of each service as far as lists and mappings follow one another; services that extend others
    are left out, and all where a file is beyond this."""
    merged: dict[str, dict[str, Any]] = {}
    try:
        for text in texts:
            document = yaml.load(text, _Reader)
            for name, body in (document.get("services") or {}).items():
                for key, value in (body or {}).items():
                    merged.setdefault(name, {})[key] = _merged(merged.get(name, {}).get(key), value)
    except (Tagged, yaml.YAMLError, AttributeError, TypeError):
        return {}
    return {name: body for name, body in merged.items() if "extends" not in body}


def _merged(first: Any, second: Any) -> Any:
    if isinstance(first, dict) and isinstance(second, dict):
        return {**first, **second}
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    return second


def as_mapping(value: Any) -> dict[str, Any]:
    """Variables or labels as a mapping, however they are written."""
    if isinstance(value, Mapping):
        return dict(value)
    pairs = (str(item).partition("=") for item in value or ())
    return {name: text if equals else None for name, equals, text in pairs}


def escaped(value: Any) -> Any:
    """A value of the canonical model as it would be written: `$` doubled."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: escaped(item) for key, item in value.items()}
    return [escaped(item) for item in value] if isinstance(value, list) else value


def colons(text: str) -> list[str]:
    """Split a short form at its colons, those within `${…}` not among them."""
    parts, depth = [""], 0
    for at, sign in enumerate(text):
        depth += (text[at : at + 2] == "${") - (sign == "}" and depth > 0)
        if sign == ":" and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


@dataclass(frozen=True, slots=True)
class Instead:
    """A value that takes the place of what earlier files say, instead of being merged with it; nothing: removes it."""

    value: Any = None


class _Writer(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write_instead(writer: yaml.SafeDumper, data: Instead) -> yaml.Node:
    if not data.value:
        return yaml.ScalarNode("!reset", "null")
    node = writer.represent_data(data.value)
    node.tag = "!override"
    return node


_Writer.add_representer(Instead, _write_instead)


def compose_text(document: Mapping[str, Any]) -> str:
    """Write a compose file."""
    return yaml.dump(dict(document), Dumper=_Writer, sort_keys=False, allow_unicode=True)
