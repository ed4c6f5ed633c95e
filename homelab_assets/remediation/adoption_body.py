"""The words of a pull request that adopts a container."""

from homelab_assets.remediation.adopt import Adoption
from homelab_assets.remediation.markdown import code
from homelab_assets.rendering.markdown import fence


def adoption_title(adoption: Adoption) -> str:
    """Return the conventional title."""
    return f"feat({adoption.stack}): adopt the container that runs on {adoption.host}"


def adoption_body(adoption: Adoption) -> str:
    """Return the body."""
    parts = [
        f"**{code(adoption.container)} runs on {code(adoption.host)}, and git does not know it.** This adds a stack"
        " that says what runs. What its image and the engine set by themselves is left out.",
    ]
    if adoption.weakenings:
        lines = "\n".join(f"> - {words}" for words in adoption.weakenings)
        parts.append(f"> [!WARNING]\n> Look at these before you merge:\n>\n{lines}")
    for path, data in adoption.files.items():
        parts.append(f"{code(path)}:\n\n{fence(data.decode(), 'yaml' if path.endswith('yml') else 'ini')}")
    if adoption.variables:
        names = "\n".join(f"- {code(name)}" for name in adoption.variables)
        parts.append(f"## Set before the first deploy\n\nIn the `.env` on {code(adoption.host)}:\n\n{names}")
    if adoption.left:
        paths = ", ".join(code(path) for path in adoption.left)
        parts.append(f"Compose can't say, so these will differ until the first deploy: {paths}.")
    parts.append(
        "## What merging does\n\nGit then knows the container. Nothing changes on the host until the stack is deployed;"
        f" the first deploy needs the old container out of the way: {code('docker rm -f ' + adoption.container)}.\n\n"
        "To reject, close this. To roll back after the merge: `git revert <merge commit>`."
    )
    return "\n\n".join(parts) + "\n"
