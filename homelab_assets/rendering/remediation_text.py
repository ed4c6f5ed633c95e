"""Remediation plans and what became of them, as text."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from homelab_assets.rendering.json_text import json_text
from homelab_assets.rendering.nouns import counted
from homelab_assets.rendering.painter import Painter

if TYPE_CHECKING:
    from homelab_assets.remediation.dashboard import Outcome
    from homelab_assets.remediation.plan import RemediationPlan
    from homelab_assets.remediation.proposal import Proposal
    from homelab_assets.remediation.readme_plan import ReadmePlan

_LONGEST = 800
_LINES: Mapping[str, Mapping[str, Any]] = {
    "+": {"fg": "green"},
    "-": {"fg": "red"},
    "@": {"dim": True},
    "d": {"dim": True},
}


def plans_terminal(plans: Sequence["Proposal"], *, color: bool = False, verbose: bool = False) -> str:
    """Return title, body and patch of each plan, and a count; `verbose`: with lines of any length as they are."""
    parts = []
    for plan in plans:
        if plan.actionable:
            head = f"{plan.title}\n{plan.branch}  [{', '.join(plan.labels)}]" + ("  draft" if plan.draft else "")
            parts.append(
                f"{Painter(color).bold(head)}\n\n{_short(_printable(plan.body), verbose)}\n"
                + _colored(_short(_printable(plan.patch), verbose), color)
            )
        else:
            identity = Painter(color).bold(str(plan.identity))
            parts.append(f"{identity}\nnothing can be backported: {_printable(plan.refusal)}\n")
    ready = sum(plan.actionable for plan in plans)
    rest = f"; {len(plans) - ready} can't be backported" if len(plans) > ready else ""
    last = f"{counted(ready, 'pull request')} to open{rest}." if plans else "Nothing to backport."
    hint = " `--open` opens them." if ready else ""
    return "\n".join([*parts, last + hint]) + "\n"


def outcomes_terminal(outcomes: Sequence["Outcome"], *, color: bool = False) -> str:
    """Return one line for each service."""
    if not outcomes:
        return "Nothing to do, and no pull request about it is open.\n"
    width = max(len(outcome.status) for outcome in outcomes)
    lines = []
    for outcome in outcomes:
        rest = "  ".join(_printable(part) for part in (outcome.reference, outcome.why) if part)
        status = Painter(color)(outcome.status.ljust(width), fg="red" if outcome.status == "failed" else "green")
        lines.append(f"{status}  {_printable(outcome.identity.name)}" + (f"  {rest}" if rest else ""))
    return "\n".join(lines) + "\n"


def plans_markdown(plans: Sequence["Proposal"]) -> str:
    """Return all bodies below their titles."""
    parts = [f"# {plan.title}\n\n{plan.body}" for plan in plans if plan.actionable]
    return "\n".join(parts) or "Nothing to backport.\n"


def outcomes_markdown(outcomes: Sequence["Outcome"]) -> str:
    """Return a table of what became of each service."""
    from homelab_assets.remediation.markdown import code
    from homelab_assets.rendering.markdown import table

    rows: list[tuple[str, ...]] = [
        (
            outcome.status,
            code(outcome.identity.name, in_table=True),
            code(outcome.reference, in_table=True),
            code(outcome.why, in_table=True),
        )
        for outcome in outcomes
    ]
    return table(("Status", "Service", "Where", "Why"), rows) + "\n"


def plans_json(plans: Sequence["RemediationPlan"], readmes: Sequence["ReadmePlan"] = ()) -> str:
    """Return the plans as JSON."""
    shown = [{name: getattr(plan, name) for name in README_FIELDS} for plan in readmes]
    return json_text({"schema": 1, "plans": [plan_dict(plan) for plan in plans], "readmes": shown})


README_FIELDS = ("repository", "commit", "branch", "title", "digest", "body", "patch")


def plan_dict(plan: "RemediationPlan") -> dict[str, Any]:
    """Return a plan as plain values."""
    return {
        "host": plan.identity.host,
        "stack": plan.identity.stack,
        "service": plan.identity.service,
        "repository": plan.repository,
        "commit": plan.commit,
        "branch": plan.branch,
        "title": plan.title,
        "labels": list(plan.labels),
        "draft": plan.draft,
        "digest": plan.digest,
        "severity": plan.severity if plan.actionable else None,
        "weakenings": list(plan.weakenings),
        "edits": [
            {"path": e.item.path, "file": e.file, "line": e.line, "variables": list(e.variables)} for e in plan.edits
        ],
        "not_backported": [{"path": one.path, "why": one.why} for one in plan.refused],
        "body": plan.body if plan.actionable else None,
        "patch": plan.patch if plan.actionable else None,
    }


def outcomes_json(outcomes: Sequence["Outcome"]) -> str:
    """Return the outcomes as JSON."""
    rows = [
        {
            "status": outcome.status, "host": outcome.identity.host, "stack": outcome.identity.stack,
            "service": outcome.identity.service, "title": outcome.title, "number": outcome.number,
            "reference": outcome.reference, "why": outcome.why,
        }
        for outcome in outcomes
    ]  # fmt: skip
    return json_text({"schema": 1, "outcomes": rows})


def _short(text: str, verbose: bool) -> str:
    """Cut what no terminal has room for: a value of a megabyte in one line."""
    if verbose:
        return text
    lines = text.split("\n")
    return "\n".join(f"{line[:_LONGEST]}… (--verbose shows all)" if len(line) > _LONGEST else line for line in lines)


def _printable(text: str) -> str:
    """Drop what a terminal would take for a command."""
    return "".join(c if c in "\n\t" or c.isprintable() or c == "\u200b" else "\ufffd" for c in text)


def _colored(patch: str, color: bool) -> str:
    paint = Painter(color)
    return "\n".join(paint(line, **_LINES[line[:1]]) if line[:1] in _LINES else line for line in patch.split("\n"))
