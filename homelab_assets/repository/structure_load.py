"""Read a repository as the structure rules look at it. Each file is parsed once, whatever number of rules ask."""

import re
from collections.abc import Iterable, Iterator, Sequence

from homelab_assets.compose.documents import read_documents
from homelab_assets.errors import BaselineError, UserError
from homelab_assets.model import FileTree
from homelab_assets.repository.dotenv_files import read_lines, read_sample
from homelab_assets.repository.rules.exemptions import Exemption, find_exemptions
from homelab_assets.repository.rules.view import Assignment, Broken, Context, Place, ServiceView, StackView, Variable
from homelab_assets.repository.services import load_project
from homelab_assets.repository.stacks import Stack, find_stacks, walk
from homelab_assets.repository.targets import Targets, read_targets

# Where stacks are looked for when no setting says it; the first that matches something wins.
_USUAL_PLACES = (("stacks/*",), ("*", "."), ("**",))
_PLACE = re.compile(r"(?P<file>.+):(?P<line>\d+)")


def build_context(
    name: str, tree: FileTree, *, patterns: Sequence[str] | None = None, hosts: Sequence[str] = ()
) -> Context:
    """Read a repository.

    Args:
        patterns: of stack folders; None looks in the usual places.
        hosts: known endpoints; without them, the endpoints of stack-targets.yml are taken for right.

    Raises:
        UserError: a file that says which stacks there are can't be read.
    """
    stacks = _find(tree, patterns, name)
    targets = read_targets(tree)
    views = [_view(tree, stack, targets) for stack in stacks]
    files = _commentable(views, targets)
    return Context(
        repository=name,
        tree=tree,
        stacks=views,
        targets=targets,
        hosts=hosts,
        paths=tuple(walk(tree)),
        exemptions=tuple(exemption for file in files for exemption in _exemptions(tree, file)),
    )


def _find(tree: FileTree, patterns: Sequence[str] | None, name: str) -> tuple[Stack, ...]:
    for candidate in (patterns,) if patterns else _USUAL_PLACES:
        if stacks := find_stacks(tree, candidate, root_name=name):
            return stacks
    return ()


def _view(tree: FileTree, stack: Stack, targets: Targets | None) -> StackView:
    endpoints = tuple(dict.fromkeys(target.name for target in targets.stacks.get(stack.name, ()))) if targets else ()
    services: list[ServiceView] = []
    variables: dict[str, Variable] = {}
    broken: dict[tuple[str, int | None], Broken] = {}
    for files, there in _variants(stack, endpoints):
        try:
            project = load_project(tree, files, stack.name, stack.directory, there)
        except UserError as error:
            trouble = _broken(error, stack, files[0])
            broken.setdefault((trouble.file, trouble.line), trouble)
            continue
        services += project.services
        for variable in project.variables:
            variables.setdefault(variable.name, variable)
    env: list[Assignment] = []
    for file in stack.env_files:
        env += _env(tree, file, stack, broken)
    sample = tuple(_sample(tree, stack, broken))
    return StackView(
        stack=stack,
        services=services,
        variables=tuple(variables.values()),
        sample=sample,
        env=env,
        versions=tuple(place for file in stack.compose_files for place in _versions(tree, file)),
        broken=tuple(broken.values()),
        endpoints=endpoints,
    )


def _variants(stack: Stack, endpoints: Sequence[str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield each set of files that is merged somewhere, with the endpoints that read it."""
    variants: dict[tuple[str, ...], list[str]] = {}
    for endpoint in (*endpoints, *(e for e in stack.endpoint_files if e not in endpoints)):
        variants.setdefault(stack.files(endpoint), []).append(endpoint)
    if not variants:
        variants[stack.files()] = []
    for files, there in variants.items():
        if files:
            yield files, tuple(endpoint for endpoint in there if not endpoints or endpoint in endpoints)


def _broken(error: UserError, stack: Stack, file: str) -> Broken:
    match = _PLACE.fullmatch(error.where or "")
    what = f"{error.what} ({error.hint})" if error.hint else error.what
    if match:
        return Broken(file=match["file"], line=int(match["line"]), what=what, stack=stack.name)
    return Broken(file=error.where or file, line=None, what=what, stack=stack.name)


def _versions(tree: FileTree, file: str) -> Iterator[Place]:
    """Yield where a top-level `version` stands. A file that does not parse is told of elsewhere."""
    try:
        documents = read_documents(tree.read(file) or b"", file)
    except BaselineError:
        return
    for document in documents:
        places = getattr(document.root, "places", {})
        if "version" in places:
            node = places["version"]
            yield file, (node.key or node).line


def _env(tree: FileTree, file: str, stack: Stack, broken: dict[tuple[str, int | None], Broken]) -> Iterator[Assignment]:
    """Yield the assignments of an env file that git holds."""
    try:
        variables = read_lines(file, tree.read(file) or b"")
    except UserError as error:
        trouble = _broken(error, stack, file)
        broken[trouble.file, trouble.line] = trouble
        return
    for name, (value, line) in variables.items():
        yield Assignment(name=name, value=value, file=file, line=line)


def _sample(tree: FileTree, stack: Stack, broken: dict[tuple[str, int | None], Broken]) -> Iterator[Assignment]:
    if stack.sample is None:
        return
    try:
        for name, value, line in read_sample(stack.sample, tree.read(stack.sample) or b""):
            yield Assignment(name=name, value=value, file=stack.sample, line=line)
    except UserError as error:
        trouble = _broken(error, stack, stack.sample)
        broken[trouble.file, trouble.line] = trouble


def _commentable(views: Iterable[StackView], targets: Targets | None) -> list[str]:
    files = [targets.file] if targets else []
    for view in views:
        stack = view.stack
        files += [*stack.compose_files, *stack.env_files, *([stack.sample] if stack.sample else [])]
    return files


def _exemptions(tree: FileTree, file: str) -> Iterator[Exemption]:
    try:
        data = tree.read(file) or b""
    except UserError:
        return
    yield from find_exemptions(file, data.decode("utf-8", "replace"))
