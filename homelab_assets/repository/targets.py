"""`stack-targets.yml`: which endpoints each stack is deployed to.

Three forms may be mixed: `<stack>: <endpoint>`, `<stack>: [a, b]` and `<stack>: {endpoints: [a, b]}`.
"""

from collections.abc import Iterator, Mapping, Sequence

import yaml
from msgspec import Struct

from homelab_assets.lab.schema import Mistake, compose_document
from homelab_assets.model import FileTree

FILE_NAMES = ("stack-targets.yml", "stack-targets.yaml")


class Endpoint(Struct, frozen=True, kw_only=True):
    """One endpoint of a stack, and the 1-based line that names it."""

    name: str
    line: int


class Targets(Struct, frozen=True, kw_only=True):
    """The whole file. `lines` says where each stack stands; `mistakes` are what could not be understood."""

    file: str
    stacks: Mapping[str, Sequence[Endpoint]]
    lines: Mapping[str, int]
    mistakes: Sequence[Mistake] = ()

    def unknown_endpoints(self, hosts: Sequence[str]) -> Iterator[Mistake]:
        """Yield a mistake for each endpoint that is no known host."""
        for stack, endpoints in self.stacks.items():
            for endpoint in endpoints:
                if endpoint.name not in hosts:
                    from difflib import get_close_matches

                    near = get_close_matches(endpoint.name, hosts, n=1)
                    hint = f"did you mean {near[0]}?" if near else "known hosts: " + ", ".join(hosts)
                    yield Mistake(line=endpoint.line, key=stack, what=f"no host is named {endpoint.name!r}", hint=hint)


def read_targets(tree: FileTree) -> Targets | None:
    """Read the file at the repository's root; None where there is none.

    Raises:
        BaselineError: it is a link that leaves the repository, or too large.
    """
    for file in FILE_NAMES:
        data = tree.read(file)
        if data is not None:
            return _parse(file, data)
    return None


def _parse(file: str, data: bytes) -> Targets:
    try:
        node = compose_document(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        node = Mistake(line=1, key="", what="is not UTF-8 text")
    if node is None:
        return Targets(file=file, stacks={}, lines={})
    if isinstance(node, Mistake):
        return Targets(file=file, stacks={}, lines={}, mistakes=(node,))
    if not isinstance(node, yaml.MappingNode):
        mistake = _mistake(node, "", "should map stacks to endpoints")
        return Targets(file=file, stacks={}, lines={}, mistakes=(mistake,))
    return _stacks(file, node)


def _stacks(file: str, node: yaml.MappingNode) -> Targets:
    stacks: dict[str, Sequence[Endpoint]] = {}
    lines: dict[str, int] = {}
    mistakes: list[Mistake] = []
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if not name:
            mistakes.append(_mistake(key, "", "is no name of a stack"))
        elif name in stacks:
            mistakes.append(_mistake(key, name, "stands twice", "keep one of the two"))
        else:
            stacks[name] = tuple(_endpoints(name, value, mistakes))
            lines[name] = key.start_mark.line + 1
    return Targets(file=file, stacks=stacks, lines=lines, mistakes=tuple(mistakes))


def _endpoints(stack: str, node: yaml.Node, mistakes: list[Mistake]) -> Iterator[Endpoint]:
    if isinstance(node, yaml.MappingNode):
        found = False
        for key, value in node.value:
            if key.value == "endpoints" and not isinstance(value, yaml.MappingNode):
                found = True
                yield from _endpoints(stack, value, mistakes)
        if not found:
            mistakes.append(_mistake(node, stack, "has no `endpoints`", "write `endpoints: [a, b]`, or a name alone"))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if isinstance(item, yaml.ScalarNode) and item.value.strip():
                yield Endpoint(name=item.value, line=item.start_mark.line + 1)
            else:
                mistakes.append(_mistake(item, stack, "should be the name of an endpoint"))
    elif isinstance(node, yaml.ScalarNode) and node.tag != "tag:yaml.org,2002:null" and node.value.strip():
        yield Endpoint(name=node.value, line=node.start_mark.line + 1)
    else:
        mistakes.append(_mistake(node, stack, "names no endpoint", "write the name of a host, or remove the line"))


def _mistake(node: yaml.Node, stack: str, what: str, hint: str | None = None) -> Mistake:
    return Mistake(line=node.start_mark.line + 1, key=stack, what=what, hint=hint)
