"""Files beyond a stack's folder that its compose files extend, include or name: a commit to them is one to it, too."""

import posixpath
from collections.abc import Iterator
from contextlib import suppress

from homelab_assets.errors import BaselineError
from homelab_assets.late import late
from homelab_assets.model import FileTree
from homelab_assets.repository.stacks import Stack

_WORD = late(r"""[^\s'",:=\[\]{}]+""")
_LEADING_ON = ("../", "extends", "include")


def shared_files(tree: FileTree, stack: Stack) -> tuple[str, ...]:
    """Return the paths of a stack's shared files. Those that only a variable names are not found."""
    within = f"{stack.directory}/" if stack.directory else ""
    found: dict[str, None] = {}
    pending = [*stack.compose_files, *([stack.env] if stack.env else [])]
    seen = set(pending)
    while pending:
        file = pending.pop()
        for path in _named_in(tree, file, anywhere=not file.startswith(within)):
            if path not in seen:
                seen.add(path)
                if not path.startswith(within):
                    found[path] = None
                if path.endswith((".yml", ".yaml")):
                    pending.append(path)
    return tuple(sorted(found))


def _named_in(tree: FileTree, file: str, *, anywhere: bool) -> Iterator[str]:
    """Give the files of the repository that a file names.

    Args:
        anywhere: also those beside it and below.
    """
    with suppress(BaselineError):
        text = (tree.read(file) or b"").decode("utf-8", "replace")
        if not anywhere and not any(word in text for word in _LEADING_ON):
            return
        for word in {word for word in _WORD.findall(text) if "." in word or "/" in word}:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(file), word))
            with suppress(BaselineError):
                if not path.startswith(("../", "/")) and tree.read(path) is not None:
                    yield path
