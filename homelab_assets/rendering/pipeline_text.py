"""The pipeline's result for a terminal, for Markdown, and as JUnit cases."""

from homelab_assets.rendering.junit import Case
from homelab_assets.rendering.markdown import cell, terminal_safe
from homelab_assets.rendering.painter import Painter
from homelab_assets.rendering.pipeline_words import (
    SIGNS,
    WORDS,
    Document,
    by_id,
    effects,
    explanation,
    titles,
    troubles,
    verdict,
)

_COLORS = {"pass": "green", "fail": "red", "blocked": "yellow", "unknown": "magenta", "skipped": "bright_black"}


def check_line(status: str, name: str, note: str = "", *, color: bool) -> str:
    """Return one check as a line; `note` stands behind it."""
    text = f"{_sign(status, color)} {terminal_safe(name)}"
    return f"{text}  {Painter(color).dim(terminal_safe(note))}" if note else text


def pipeline_terminal(document: Document, *, color: bool, verbose: bool = False) -> str:
    """Render a result for people at a terminal: the chain, then what is broken and what to do.

    Args:
        verbose: every check with its evidence too.
    """
    blocks = ["\n".join(_link(link, document, color) for link in document["chain"])]
    if verbose:
        blocks.append("\n".join(_detail(check, color) for check in document["checks"]))
    blocks += [_trouble(check, color) for check in troubles(document)]
    advice = [
        f"  {one['id']} {one['app']}: {one['setting']} is {one['seen']}, better: {one['wanted']}"
        for one in document["advice"]
    ]
    if advice and verbose:
        blocks.append("\n".join(["worth a thought:", *map(terminal_safe, advice)]))
    blocks.append(f"{terminal_safe(verdict(document))}\n{explanation(document)}\n{effects(document)}")
    return "\n\n".join(blocks) + "\n"


def _sign(status: str, color: bool) -> str:
    return Painter(color)(SIGNS[status], fg=_COLORS[status], bold=status == "fail")


def _link(link: Document, document: Document, color: bool) -> str:
    checks = by_id(document)
    counted = [checks[name] for name in link["checks"] if checks[name]["status"] != "skipped"]
    passed = sum(check["status"] == "pass" for check in counted)
    broken = (document.get("first_broken") or {}).get("link") == link["link"]
    note = f"{passed}/{len(counted)}" if counted else "skipped"
    return check_line(
        link["status"], f"{link['title']:<18}", note + ("  the chain breaks here" if broken else ""), color=color
    )


def _detail(check: Document, color: bool) -> str:
    note = check["why"] or (f"blocked by {check['by']}" if check["by"] else "; ".join(check["evidence"]))
    return check_line(check["status"], f"{check['id']:<26}", note, color=color)


def _trouble(check: Document, color: bool) -> str:
    head = f"{check['link_title']}: {check['title'] or check['why']}  [{check['cause'] or 'unknown'}]"
    lines = [f"{_sign(check['status'], color)} {Painter(color).bold(terminal_safe(head))}"]
    lines += [f"    {terminal_safe(line)}" for line in check["evidence"]]
    fix = check["fix"]
    steps = (
        [*(step["what"] for step in fix["steps"]), *(_edit(edit) for edit in fix["edits"]), *fix["manual"]]
        if fix
        else [check["remedy"]]
    )
    lines += [f"  → {terminal_safe(step)}" for step in steps if step]
    if check["blocks"]:
        lines.append(Painter(color).dim(f"    not judged because of this: {len(check['blocks'])}"))
    return "\n".join(lines)


def _edit(edit: Document) -> str:
    where = f"compose, {edit['stack']}/{edit['service']}: {edit['path']}"
    return f"{where} goes" if edit["change"] == "removed" else f"{where} becomes {edit['value']}"


def pipeline_markdown(document: Document) -> str:
    """Render a result as Markdown."""
    lines = [
        f"# Media pipeline: {document['summary']['text']} passing",
        "",
        f"**{cell(verdict(document))}.**",
        "",
        explanation(document),
        "",
    ]
    lines += ["| | link | check | cause |", "| --- | --- | --- | --- |"]
    named = titles(document)
    for check in document["checks"]:
        if check["status"] != "skipped":
            note = check["title"] or (f"blocked by {check['by']}" if check["by"] else check["why"] or "")
            lines.append(
                f"| {SIGNS[check['status']]} {WORDS[check['status']]} | {cell(named[check['link']])} "
                f"| {cell(check['name'])} | {cell(note)} |"
            )
    for check in troubles(document):
        lines += [
            "",
            f"## {cell(check['link_title'])}: {cell(check['title'] or check['why'])}",
            "",
            cell(check["diagnosis"] or check["why"]),
            "",
        ]
        lines += [f"- {cell(line)}" for line in check["evidence"]]
        fix = check["fix"]
        steps = (
            [*(step["what"] for step in fix["steps"]), *(_edit(edit) for edit in fix["edits"]), *fix["manual"]]
            if fix
            else [check["remedy"]]
        )
        lines += ["", "What to do:", "", *(f"1. {cell(step)}" for step in steps if step)]
    lines += ["", f"{effects(document)} {document['generated_at']}"]
    return "\n".join(lines) + "\n"


def pipeline_cases(document: Document) -> list[Case]:
    """Return the checks as JUnit cases: what was not judged is an error, for it is no pass."""
    outcomes = {"pass": "passed", "fail": "failed", "blocked": "skipped", "unknown": "error", "skipped": "skipped"}
    named = titles(document)
    return [
        Case(
            suite=named[check["link"]],
            name=check["name"],
            outcome=outcomes[check["status"]],  # type: ignore[arg-type]
            message=check["title"] or check["why"] or (f"blocked by {check['by']}" if check["by"] else ""),
            detail="\n".join([check["diagnosis"] or "", *check["evidence"], check["remedy"] or ""]).strip(),
            seconds=check["seconds"],
        )
        for check in document["checks"]
    ]
