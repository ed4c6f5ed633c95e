"""Prove that a removal takes away what it should and nothing else, by reading the files as Compose does."""

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from homelab_assets.errors import UserError
from homelab_assets.model import Baseline
from homelab_assets.remediation.loading import ROOT
from homelab_assets.remediation.model_leaves import Leaf, Model, describe, differing
from homelab_assets.remediation.proof import Loader, Overlay


def objection(
    baselines: Sequence[Baseline],
    stack: str,
    services: Collection[str],
    endpoints: Collection[str],
    files: Mapping[str, bytes | None],
    load: Loader,
) -> str | None:
    """Say what speaks against a removal; None where nothing does.

    Args:
        baselines: all of the repository. services: those of the stack that go, where only some do.
        endpoints: those that the stack is no longer deployed to. files: what changes, None where a file goes.
    """
    for baseline, edited in surviving(baselines, stack, endpoints, files):
        own = baseline.stack == stack
        try:
            before = load(baseline)
        except UserError:
            # What it reads can't be known; what it names can.
            if not own and _names(baseline, stack):
                return f"{baseline.label} can't be loaded, and names {stack}"
            continue
        try:
            after = load(edited)
        except UserError as error:
            return f"{baseline.label} would not load any more: {error.what}"
        stray = [leaf for leaf in differing(before, after) if not (own and _expected(leaf, services))]
        if stray:
            return f"it would also change {describe(stray[0])} in {baseline.label}"
        if mounted := _mounted(after, baselines, stack, files):
            return f"{baseline.label} mounts `{mounted}`"
    return None


def surviving(
    baselines: Sequence[Baseline], stack: str, endpoints: Collection[str], files: Mapping[str, bytes | None]
) -> Iterator[tuple[Baseline, Baseline]]:
    """Yield the baselines that stay, as they are and as they will be."""
    for baseline in baselines:
        left = [file for file in baseline.files if file not in files or files[file] is not None]
        if left and not (baseline.stack == stack and baseline.endpoint in endpoints):
            yield baseline, replace(baseline, tree=Overlay(baseline.tree, files), files=left)


def _names(baseline: Baseline, stack: str) -> bool:
    return any(f"/{stack}/".encode() in (baseline.tree.read(file) or b"") for file in baseline.files)


def _expected(leaf: Leaf, services: Collection[str]) -> bool:
    if leaf[0] != "services":
        # What only the removed services used is left out of the model.
        return bool(services)
    return leaf[1] in services or (len(leaf) > 2 and leaf[2] in ("depends_on", "links"))


def _mounted(model: Model, baselines: Sequence[Baseline], stack: str, files: Mapping[str, bytes | None]) -> str | None:
    """Return a path below the stack's folder that something which stays mounts, and that would be gone."""
    folders = {posixpath.join(ROOT, b.directory) for b in baselines if b.stack == stack}
    gone = [posixpath.join(ROOT, path) for path, data in files.items() if data is None]
    for text in _texts(model.get("services")):
        path = posixpath.normpath(text)
        below = any(path == folder or path.startswith(f"{folder}/") for folder in folders)
        if below and any(file == path or file.startswith(f"{path}/") for file in gone):
            return path.removeprefix(f"{ROOT}/")
    return None


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str) and node.startswith(ROOT):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _texts(value)
