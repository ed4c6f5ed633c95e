"""The words of a pull request that removes what is stale in one stack."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from homelab_assets.remediation.body import printable, scope_of, sentence
from homelab_assets.remediation.identity import CLEANUP
from homelab_assets.remediation.markdown import code, shortened
from homelab_assets.remediation.proposal import with_marks, with_trailers
from homelab_assets.rendering.markdown import fence, table

if TYPE_CHECKING:
    from homelab_assets.remediation.cleanup_plan import CleanupPlan
    from homelab_assets.repository.stale import StaleItem

_MOST = 100


def title_of(plan: "CleanupPlan") -> str:
    """Return the conventional title, such as `chore(old-wiki): remove the stack that nothing runs from`."""
    items = plan.items or [item for item, _ in plan.kept]
    kinds = {item.kind for item in items}
    if "compose file" in kinds and not any(item.service for item in items):
        what = "the stack that nothing runs from" if kinds - {"compose file"} else "a compose file that nothing reads"
    elif kinds == {"service"}:
        names = sorted({item.service or "" for item in items})
        what = f"{names[0]}, which does not run" if len(names) == 1 else "services that do not run"
    elif kinds == {"env file"}:
        what = "an env file that nothing reads" if len(items) == 1 else "env files that nothing reads"
    else:
        what = "what nothing runs from"
    return f"chore({scope_of(plan.identity.stack)}): remove {printable(what)}"


def message_of(plan: "CleanupPlan") -> str:
    """Return the whole commit message, with the trailers that a branch is recognised by."""
    lines = "\n".join(f"- {printable(f'{item.kind}: {what_of(item)}')}" for item in plan.items[:_MOST])
    return with_trailers(f"{plan.title}\n\nNothing runs from:\n{lines}", plan)


def what_of(item: "StaleItem") -> str:
    """Return where a stale thing stands, as text."""
    name = f" {item.service}" if item.service else f" {item.stack}" if item.kind == "target" else ""
    return f"{item.file}{f':{item.line}' if item.line else ''}{name}"


def body_of(plan: "CleanupPlan") -> str:
    """Return the body, with the hidden markers as its last lines. What the files hold is never in it."""
    count = len(plan.items)
    things = "1 thing" if count == 1 else f"{count} things"
    parts = [
        f"**Nothing runs from {things} that git holds for stack {code(plan.identity.stack)}.** This removes them from"
        " git. Nothing is deleted on a host.",
        "## What goes\n\n" + _table(plan.items),
    ]
    if plan.deleted:
        names = [f"- {code(path)}" for path in plan.deleted]
        parts.append("Files that go as a whole:\n\n" + shortened(names, _MOST))
    if plan.kept:
        lines = [f"- {code(what_of(item))}: {sentence(why)}" for item, why in plan.kept[:_MOST]]
        parts.append("## Stale too, but not in this pull request\n\n" + "\n".join(lines))
    parts += [_merging(plan), _declining(), _rolling_back()]
    return with_marks("\n\n".join(parts), plan, CLEANUP)


def _table(items: Sequence["StaleItem"]) -> str:
    rows: list[tuple[str, ...]] = [
        (
            item.kind,
            code(what_of(item), in_table=True),
            item.confidence,
            sentence(item.reason),
            (item.last_commit or "").partition("T")[0] or "unknown",
        )
        for item in items[:_MOST]
    ]
    more = f"\n\n… and {len(items) - _MOST} more." if len(items) > _MOST else ""
    return table(("Kind", "What", "Confidence", "Why", "Last commit"), rows) + more


def _merging(plan: "CleanupPlan") -> str:
    text = (
        "## What merging does\n\n"
        "- Git then holds only what runs. What the other stacks mean was read again, and stays the same.\n"
        "- Containers, volumes, networks and data on the hosts stay as they are. A container that was only stopped and"
        " removed by hand can't be deployed from git any more."
    )
    if not any(item.kind == "target" for item in plan.items):
        return text
    return text + (
        "\n- Once another pull request has removed a neighbouring line of the targets file, this one conflicts: the"
        " next `drift-detector cleanup --open` makes it anew."
    )


def _declining() -> str:
    return (
        "## How to reject\n\nClose this pull request: it is not opened again for these removals, only for others."
        " To keep a service that rightly does not run, give it a profile, or `scale: 0`: it then counts as known."
        "\n\nCommits that you push to this branch are never overwritten."
    )


def _rolling_back() -> str:
    revert = "git revert <merge commit>   # for a merge commit: git revert -m 1 <merge commit>"
    return f"## How to roll back\n\n{fence(revert, 'sh')}\n\nAll files come back as they were."
