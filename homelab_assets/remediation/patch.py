"""Unified diffs of files in memory, as `git apply` takes them."""

import difflib
from collections.abc import Mapping

from homelab_assets.model import FileTree
from homelab_assets.secrecy import redact

_CONTEXT = 3  # lines, as git shows


def patch_of(tree: FileTree, files: Mapping[str, bytes | None]) -> str:
    """Return the patch that turns a tree's files into these (None: removed), sorted by path."""
    return "".join(_one(path, tree.read(path), new, _CONTEXT) for path, new in sorted(files.items()))


def shown_patch(tree: FileTree, files: Mapping[str, bytes | None]) -> str:
    """Return the patch, fit to be shown and to be applied: of each file with as much context as shows no secret."""
    return "".join(_shown(path, tree.read(path), new) for path, new in sorted(files.items()))


def _shown(path: str, old: bytes | None, new: bytes | None) -> str:
    texts = (_one(path, old, new, context) for context in range(_CONTEXT, -1, -1))
    # A line of the change itself is covered: what it says stands in the commit.
    return next((text for text in texts if redact(text) == text), redact(_one(path, old, new, 0)))


def _one(path: str, old: bytes | None, new: bytes | None, context: int) -> str:
    if old == new:
        return ""
    before, after = _lines(old), _lines(new)
    old_name, new_name = ("/dev/null" if old is None else f"a/{path}"), ("/dev/null" if new is None else f"b/{path}")
    head = f"diff --git a/{path} b/{path}\n"
    head += "new file mode 100644\n" if old is None else "deleted file mode 100644\n" if new is None else ""
    lines = []
    for line in difflib.unified_diff(before, after, old_name, new_name, n=context):
        lines.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return head + "".join(lines)


def _lines(data: bytes | None) -> list[str]:
    text = (data or b"").decode("utf-8", "surrogateescape")
    # Only line feeds end a line for git; `splitlines` knows a dozen more.
    return [f"{line}\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.rpartition("\n")[2]) else [])
