"""Tell repositories apart by what they hold."""

import re
from collections.abc import Iterable
from typing import Literal

from homelab_assets.errors import UserError
from homelab_assets.model import FileTree
from homelab_assets.repository.stacks import BASE_NAMES, walk

Kind = Literal["compose", "ansible", "terraform"]
KINDS: tuple[Kind, ...] = ("compose", "ansible", "terraform")

_ROLE = re.compile(r"(?:^|.*/)roles/[^/]+/(?:tasks|handlers|defaults|vars|meta)/main\.ya?ml")
_ENDPOINT_FILE = re.compile(r"(?:.*/)?(?:docker-)?compose\.[^/]+\.ya?ml")
_YAML = re.compile(r".*\.ya?ml")
_SERVICES = re.compile(rb"^(?:\xef\xbb\xbf)?(?:\{\s*)?[\"']?(?:services|include)[\"']?\s*:", re.MULTILINE)
_PLAY = re.compile(rb"^- (?:.*\n(?: .*\n|\s*\n)*?  )?(?:ansible\.builtin\.)?(?:hosts|import_playbook):", re.MULTILINE)
_PLAYBOOKS = 50


def kinds(tree: FileTree) -> tuple[Kind, ...]:
    """Say what a tree holds: none, one or several of `KINDS`.

    It goes by content: a compose file has services or includes some, a playbook has plays.
    """
    paths = list(walk(tree))
    found = {
        "compose": _any_holds(tree, (path for path in paths if _is_compose_name(path)), _SERVICES),
        "ansible": any(_ROLE.fullmatch(path) or path.rpartition("/")[2] == "ansible.cfg" for path in paths)
        or _any_holds(tree, _playbooks(paths), _PLAY),
        "terraform": any(path.endswith((".tf", ".tf.json", ".tofu", "terragrunt.hcl")) for path in paths),
    }
    return tuple(kind for kind in KINDS if found[kind])


def _is_compose_name(path: str) -> bool:
    return path.rpartition("/")[2] in BASE_NAMES or _ENDPOINT_FILE.fullmatch(path) is not None


def _playbooks(paths: list[str]) -> Iterable[str]:
    """Choose files that may be playbooks: few, and near the root."""
    near = (path for path in paths if _YAML.fullmatch(path) and path.count("/") <= 2)
    return sorted(near, key=lambda path: path.count("/"))[:_PLAYBOOKS]


def _any_holds(tree: FileTree, paths: Iterable[str], pattern: re.Pattern[bytes]) -> bool:
    return any(pattern.search(_text(tree, path)) for path in paths)


def _text(tree: FileTree, path: str) -> bytes:
    """Return a file's text; whoever needs one that can't be read will say why."""
    try:
        return tree.read(path) or b""
    except UserError:
        return b""
