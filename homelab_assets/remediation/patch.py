"""Unified diffs of files in memory, as `git apply` takes them."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from homelab_assets.model import FileTree
from homelab_assets.remediation.yaml_tree import Unreadable, parse, walk
from homelab_assets.secrecy import SHOWN, find_secrets, redact
from homelab_assets.secrecy.values import Anywhere, tells_nothing

_CONTEXT = 3  # lines, as git shows


def patch_of(tree: FileTree, files: Mapping[str, bytes | None]) -> str:
    """Return the patch that turns a tree's files into these (None: removed), sorted by path."""
    return "".join(_one(path, tree.read(path), new, _CONTEXT) for path, new in sorted(files.items()))


def shown_patch(tree: FileTree, files: Mapping[str, bytes | None]) -> str:
    """Return the patch, fit to be shown and to be applied: of each file with as much context as shows no secret."""
    return "".join(_shown(path, tree.read(path), new) for path, new in sorted(files.items()))


def _shown(path: str, old: bytes | None, new: bytes | None) -> str:
    covered = _cover(old, new)
    texts = (_one(path, old, new, context) for context in range(_CONTEXT, -1, -1))
    # A line of the change itself is covered: what it says stands in the commit.
    return next((text for text in texts if covered(text) == text), covered(_one(path, old, new, 0)))


def _cover(*contents: bytes | None) -> Callable[[str], str]:
    """Return what covers secrets: a value that one line of a file gives away is one in all of them."""
    found = {secret for content in contents if content for secret in _secrets_in(content.decode("utf-8", "replace"))}
    anywhere = Anywhere(secret for secret in found if not tells_nothing(secret))
    return lambda text: anywhere.replaced(redact(text), lambda secret: SHOWN)


def _secrets_in(text: str) -> Iterator[str]:
    """Give the secrets of a file; of YAML also those that a command as a whole gives away, on whatever lines it is."""
    texts = [text]
    with suppress(Unreadable):
        root = parse(text)
        for node in walk(root) if root else ():
            texts.append(node.text or " ".join(item.text for item in node.items))
    yield from (one[start:end] for one in texts for start, end in find_secrets(one))


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
