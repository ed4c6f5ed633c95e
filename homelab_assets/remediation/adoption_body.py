"""The words of a pull request that adopts a container."""

from collections.abc import Collection, Sequence
from itertools import islice

from homelab_assets.remediation.adopt import Adoption
from homelab_assets.remediation.body import BODY_LIMIT
from homelab_assets.remediation.markdown import code
from homelab_assets.rendering.markdown import fence

_MARKS, _MOST = 2_000, 60


def adoption_title(adoption: Adoption) -> str:
    """Return the conventional title."""
    return f"feat({adoption.stack}): adopt the container that runs on {adoption.host}"


def adoption_body(adoption: Adoption) -> str:
    """Return the body, short enough for a forge and the marks that are added to it."""
    text = _body(adoption, list(adoption.files))
    return text if len(text) <= BODY_LIMIT - _MARKS else _body(adoption, [])


def _body(adoption: Adoption, shown: Sequence[str]) -> str:
    parts = [
        f"**{code(adoption.container)} runs on {code(adoption.host)}, and git does not know it.** This adds a stack"
        " that says what runs. What its image and the engine set by themselves is left out.",
    ]
    if adoption.weakenings:
        lines = "\n".join(f"> - {words}" for words in adoption.weakenings[:_MOST])
        parts.append(f"> [!WARNING]\n> Look at these before you merge:\n>\n{lines}")
    for path in shown:
        text = adoption.files[path].decode()
        parts.append(f"{code(path)}:\n\n{fence(text, 'yaml' if path.endswith('yml') else 'ini')}")
    if not shown:
        parts.append(f"Too long to be shown here; see the changed files: {_listed(adoption.files, ', ')}.")
    if adoption.variables:
        names = _listed(adoption.variables, "\n- ")
        parts.append(f"## Set before the first deploy\n\nIn the `.env` on {code(adoption.host)}:\n\n- {names}")
    if adoption.left:
        paths = _listed(adoption.left, ", ")
        parts.append(f"Compose can't say, so these will differ until the first deploy: {paths}.")
    parts.append(
        "## What merging does\n\nGit then knows the container. Nothing changes on the host until the stack is deployed;"
        f" the first deploy needs the old container out of the way: {code('docker rm -f ' + adoption.container)}.\n\n"
        "To reject, close this. To roll back after the merge: `git revert <merge commit>`."
    )
    return "\n\n".join(parts) + "\n"


def _listed(names: Collection[str], between: str) -> str:
    more = [f"… and {len(names) - _MOST} more"] if len(names) > _MOST else []
    return between.join([*(code(name) for name in islice(names, _MOST)), *more])
