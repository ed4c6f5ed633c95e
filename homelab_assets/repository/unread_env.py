"""Env files that nothing reads: in a folder without a compose file, or beside one that does not name them.

Compose reads `.env`, and Portainer `stack.env`, without being told; every other name stands somewhere: in `env_file`,
behind `--env-file` in a script or a workflow, in an include. So a name that stands nowhere in the repository is read by
nobody but who types it, and as long as some text builds such a name with a variable, none is judged.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from homelab_assets.errors import UserError
from homelab_assets.model import FileTree, path_in
from homelab_assets.repository.snapshots import Snapshot
from homelab_assets.repository.stacks import SAMPLE_NAMES, stack_folders, walk
from homelab_assets.repository.stale import StaleItem

_READ_UNASKED = frozenset({".env", ".envrc", "stack.env", *SAMPLE_NAMES})
# What keeps a file out of git, or out of an image, does not read it.
_NO_READER = (".gitignore", ".dockerignore", ".gitattributes", ".gitkeep")
_BUILT = re.compile(
    r"""[$*}]\w*\.env\b | \.env\.["']?[$*{]
      | env[-_]?files?["']?[\s:=]+(?:-\s+)?["']?\$\{?\w+\}?["']?(?=\s|$)""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_MOST_FILES, _MOST_BYTES = 5000, 256 * 1024


class _Candidate(Struct, frozen=True, kw_only=True):
    """An env file; `beside`: its folder holds a compose file."""

    folder: str
    file: str
    beside: bool

    @property
    def short(self) -> str:
        """Its folder's name and its own."""
        return "/".join(self.file.rsplit("/", 2)[-2:])


def unread_env_files(
    snapshot: Snapshot, found: Sequence[StaleItem], *, running: Collection[str], named: Collection[str]
) -> Iterator[StaleItem]:
    """Yield the env files below the stacks' folders that nothing reads.

    Args:
        found: what is stale otherwise; what goes with it is not told again.
        running: names of the projects and folders from which containers run. named: the env files that containers were
            made with, as `folder/name`.
    """
    own = [item for item in found if item.repository == snapshot.repository.name]
    known = {item.file for item in own if item.kind != "service"}
    whole = {stack.directory for stack in snapshot.stacks if stack.base in known}
    candidates = [
        one
        for one in _candidates(snapshot)
        if one.file not in known
        and one.folder not in whole
        and one.short not in named
        and (one.beside or one.folder.rpartition("/")[2] not in running)
    ]
    texts = _texts(snapshot.tree, {one.file for one in candidates}) if candidates else None
    if texts is None:
        return
    built = any(_BUILT.search(text) for text in texts.values())
    for one in candidates:
        if not (one.beside and built) and not _is_named(one, texts):
            yield _item(snapshot, one)


def _item(snapshot: Snapshot, one: _Candidate) -> StaleItem:
    return StaleItem(
        kind="env file",
        repository=snapshot.repository.name,
        stack=one.folder.rpartition("/")[2] or snapshot.repository.name,
        file=one.file,
        reason="no compose file and no script names it" if one.beside else "its folder holds no compose file",
        # Somebody may name it by hand when the stack is deployed.
        confidence="low" if one.beside else "medium",
        last_commit=snapshot.changed.get(one.folder),
    )


def _candidates(snapshot: Snapshot) -> Iterator[_Candidate]:
    tree, stacks = snapshot.tree, {stack.directory for stack in snapshot.stacks}
    for folder in stack_folders(tree, snapshot.repository.stacks):
        beside = folder in stacks
        # What lies within a stack is its data, and a folder that holds stacks is all theirs.
        if not beside and any(_within(folder, one) or _within(one, folder) for one in stacks):
            continue
        for name in tree.list(folder):
            own = name.endswith(".env") or name.startswith(".env.") or name in _READ_UNASKED
            if own and not (beside and name in _READ_UNASKED):
                yield _Candidate(folder=folder, file=path_in(folder, name), beside=beside)


def _within(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _texts(tree: FileTree, without: Collection[str]) -> dict[str, str] | None:
    """Return the texts of the repository by path; None where there are too many to look through."""
    texts: dict[str, str] = {}
    for path in walk(tree, depth=8, hidden=True):
        if path in without or path.rpartition("/")[2] in _NO_READER:
            continue
        if len(texts) == _MOST_FILES:
            return None
        try:
            data = tree.read(path) or b""
        except UserError:
            # A link that leads out, or a file too large for a text.
            continue
        if len(data) <= _MOST_BYTES and b"\0" not in data:
            texts[path] = data.decode("utf-8", "replace")
    return texts


def _is_named(one: _Candidate, texts: dict[str, str]) -> bool:
    """Whether a text names the file; one of a name that every stack has, by its folder, or from within that."""
    name = one.file.rpartition("/")[2]
    alone = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)")
    if name not in _READ_UNASKED:
        return any(alone.search(text) for text in texts.values())
    return any(
        one.short in text or (_within(where, one.folder) and alone.search(text)) for where, text in texts.items()
    )
