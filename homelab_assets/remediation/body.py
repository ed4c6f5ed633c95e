"""The words of a pull request: title, commit message, body. Pure text, the same for the same drift."""

import json
import posixpath
import re
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from homelab_assets.drift.document import Item
from homelab_assets.remediation.identity import DRIFT, digest_of, kebab
from homelab_assets.remediation.markdown import code, shortened
from homelab_assets.remediation.proposal import with_marks, with_trailers
from homelab_assets.rendering.markdown import fence, table, terminal_safe
from homelab_assets.secrecy import SHOWN, SHOWN_CHANGED, redact, show

if TYPE_CHECKING:
    from homelab_assets.remediation.plan import RemediationPlan

BODY_LIMIT = 65_536
_ROWS = 60
_DIFF_CHARACTERS = 24_000
_TOPICS = (
    ("image", re.compile(r"image$")),
    ("DNS config", re.compile(r"dns|(environment\..*(?:^|[._])(?:dns|resolver|upstream)_?)", re.IGNORECASE)),
    ("routing", re.compile(r"labels\.traefik\.")),
    ("labels", re.compile(r"labels\.")),
    ("environment", re.compile(r"environment\.")),
    ("ports", re.compile(r"(ports|expose)\.")),
    ("volumes", re.compile(r"(volumes|tmpfs)\.")),
    ("networks", re.compile(r"(networks\.|network_mode|links|extra_hosts)")),
    ("limits", re.compile(r"(mem_|memswap|cpu|pids_limit|ulimits|deploy\.resources|shm_size|blkio)")),
    ("restart policy", re.compile(r"(restart|deploy\.restart_policy)")),
    ("health check", re.compile(r"healthcheck")),
    ("command", re.compile(r"(command|entrypoint)")),
    ("logging", re.compile(r"logging")),
    ("privileges", re.compile(r"(privileged|cap_|security_opt|devices|user$|read_only)")),
)
_CAUSES = {
    "host_changed": "Someone changed the container on the host after it was created from git.",
    "unknown": "It can't be told whether the host or git changed first; compare before you merge.",
}


def title_of(service: str, items: Sequence[Item]) -> str:
    """Return the conventional title, such as `fix(pihole): sync DNS config with running state`."""
    topics = list(dict.fromkeys(_topic(item.path) for item in items))
    words = topics[0] if len(topics) == 1 else f"{topics[0]} and {topics[1]}" if len(topics) == 2 else "configuration"
    return f"fix({scope_of(service)}): sync {words} with running state"


def scope_of(name: str) -> str:
    """Return a name as the scope of a conventional title."""
    return name if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", name) else kebab(name)


def _topic(path: str) -> str:
    return next((topic for topic, pattern in _TOPICS if pattern.match(path)), path.partition(".")[0].replace("_", " "))


def message_of(plan: "RemediationPlan") -> str:
    """Return the whole commit message, with the trailers that a branch is recognised by."""
    paths = "\n".join(f"- {printable(edit.item.path)}" for edit in plan.edits)
    who = printable(f"{plan.identity.service} on {plan.identity.host} (stack {plan.identity.stack})")
    return with_trailers(f"{plan.title}\n\nWhat runs as {who} differs from git in:\n{paths}", plan)


def printable(text: str) -> str:
    """Return a text as part of one line."""
    return "".join(character if character.isprintable() else "?" for character in text)


def body_of(plan: "RemediationPlan", *, report: str, diff: str) -> str:
    """Return the body, at most 65,536 characters, with the hidden marker as its last lines.

    Args:
        report: link to, or path of, the drift report. diff: the patch as text.
    """
    parts = [_verdict(plan), *_warning(plan), _changes(plan), _cause(plan), *_secrets(plan), *_refused(plan)]
    parts += [_diff(diff, plan), _merging(plan), _declining(plan), _ROLLING_BACK]
    parts.append(f"Found by the drift report {report}.")
    end = with_marks("", plan, DRIFT)
    text, cut = "\n\n".join(parts), "\n\n(cut: the rest stands in the drift report)"
    if len(text) + len(end) > BODY_LIMIT:
        # The table alone is bounded; it is the details that go.
        parts = [_verdict(plan), *_warning(plan), _changes(plan, rows=20), _cause(plan)]
        text = "\n\n".join(parts)[: BODY_LIMIT - len(end) - len(cut)] + cut
    return text + end


def fingerprint_of(plan: "RemediationPlan") -> str:
    """Name the text of a body by what it is made of, without what changes from day to day (the report's date)."""
    rows = [(edit.item.path, edit.item.severity, edit.item.provenance, edit.line) for edit in plan.edits]
    refused = [(one.item.path, one.why) for one in plan.refused]
    return digest_of(plan.digest, plan.content, plan.title, rows, refused, plan.weakenings, plan.cause, plan.left)


def _verdict(plan: "RemediationPlan") -> str:
    identity, count = plan.identity, len(plan.edits)
    differs = f"**{code(identity.service)} on {code(identity.host)} does not run what git says.** "
    one, stack = count == 1, code(identity.stack)
    if plan.refused:
        worst = plan.severity if one else f"the worst is {plan.severity}"
        return (
            f"{differs}{count + len(plan.refused)} settings differ. This pull request takes {count} of them over into"
            f" stack {stack} in git ({worst}), and says below why not the rest."
        )
    return (
        differs
        + (f"1 setting differs ({plan.severity})" if one else f"{count} settings differ, the worst is {plan.severity}")
        + f". This pull request makes stack {stack} in git say what runs."
    )


def _warning(plan: "RemediationPlan") -> list[str]:
    if not plan.weakenings:
        return []
    lines = "\n".join(f"> - {sentence}" for sentence in plan.weakenings)
    return [
        "> [!WARNING]\n> This drift weakens security, so this is a draft and is never merged automatically."
        f" Ask who made the change before you bless it:\n>\n{lines}"
    ]


def _changes(plan: "RemediationPlan", rows: int = _ROWS) -> str:
    cells = [_row(edit.item, edit.file, edit.line) for edit in plan.edits[:rows]]
    text = table(("Setting", "Git says", "Running", "Severity", "Where", "Who set it", "Since"), cells)
    more = len(plan.edits) - rows
    return f"## Changes\n\n{text}" + (f"\n\n… and {more} more." if more > 0 else "")


def _row(item: Item, file: str, line: int) -> tuple[str, ...]:
    return (
        code(item.path, in_table=True),
        "nothing" if item.change == "added" else written(item.baseline),
        "nothing" if item.change == "removed" and item.running is None else written(item.running, item.secret),
        item.severity,
        code(f"{file}:{line}", in_table=True),
        sentence(item.provenance or "unknown"),
        (item.first_seen or "").partition("T")[0] or "now",
    )


def written(value: Any, secret: bool = False) -> str:
    """Return a value as inline code for a table's cell, secrets hidden."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    shown = show(text, SHOWN_CHANGED if secret else SHOWN)
    # A value from the host is sealed already; what git holds in clear is hidden all the same.
    return code(redact(shown), in_table=True)


def _cause(plan: "RemediationPlan") -> str:
    return f"**Cause:** {_CAUSES.get(plan.cause or 'unknown', _CAUSES['unknown'])}"


def _secrets(plan: "RemediationPlan") -> list[str]:
    names = [name for edit in plan.edits for name in edit.variables]
    if not names:
        return []
    what = "These values are secrets, and stay" if len(names) > 1 else "This value is a secret, and stays"
    return [
        f"## Set before the next deploy\n\n{what} out of git. In the `.env` on {code(plan.identity.host)},"
        " set to what runs now:\n\n" + "\n".join(f"- {code(name)}" for name in names)
    ]


def _refused(plan: "RemediationPlan") -> list[str]:
    if not plan.refused:
        return []
    lines = [f"- {code(one.item.path)}: {sentence(one.why)}" for one in plan.refused]
    return ["## Not in this pull request\n\n" + shortened(lines, 40)]


def sentence(text: str) -> str:
    """Escape what a reason may quote from files; code spans in it are kept."""
    parts = re.split(r"(`[^`]*`)", terminal_safe(text))
    return "".join(part if part.startswith("`") and len(part) > 1 else _quiet(part) for part in parts)


def _quiet(text: str) -> str:
    """Escape Markdown; a zero-width space where forges look for mentions and addresses in the rendered text."""
    escaped = re.sub(r"([<>*_\[\]|\\`])", r"\\\1", text)
    return re.sub(r"([@#]|\bwww\.|\bhttps?:)", "\\1\u200b", escaped)


def _diff(diff: str, plan: "RemediationPlan") -> str:
    shown = redact(diff)
    also = ", ".join(code(path) for path in sorted(plan.documentation))
    if len(shown) > _DIFF_CHARACTERS:
        shown = shown[:_DIFF_CHARACTERS].rpartition("\n")[0] + "\n… cut here; see the changed files"
    return f"<details>\n<summary>Before and after</summary>\n\n{fence(shown, 'diff')}\n\n</details>" + (
        f"\n\nBrought up to date as well: {also}." if also else ""
    )


def _merging(plan: "RemediationPlan") -> str:
    text = (
        "## What merging does\n\n"
        "- Git then says what runs; the next audit finds nothing left of the changes above.\n"
        "- It changes nothing on the host by itself. Where a merge to the base branch redeploys the stack, Compose may"
        " recreate the container once, with the settings that it has now."
    )
    if plan.left:
        paths = ", ".join(code(path) for path in plan.left)
        text += f"\n- {paths} will differ until the next deploy: Compose sets it when it makes the container."
    text += _new_file(plan)
    return text + (
        "\n- Set the variables named above first: a deploy without them would empty them, and an audit that reads that"
        " `.env` finds them missing until then."
        if _secrets(plan)
        else ""
    )


def _new_file(plan: "RemediationPlan") -> str:
    """Say how a compose file for the endpoint is read, where git had none: Compose by itself does not look for it."""
    base = plan.base
    if base is None or base.endpoint_file not in plan.files or base.endpoint_file in base.files:
        return ""
    files = [posixpath.relpath(file, base.directory or ".") for file in (*base.files, base.endpoint_file)]
    command = shlex.join(["docker", "compose", *(word for file in files for word in ("-f", file)), "up", "-d"])
    return f"\n- {code(files[-1])} is new. A deploy has to name it: {code(command)}."


def _declining(plan: "RemediationPlan") -> str:
    rule = (
        f"- {{host: {_plain(plan.identity.host)}, service: {_plain(plan.identity.service)},"
        f" path: {_plain(plan.edits[0].item.path) if plan.edits else '*'}, reason: …}}"
    )
    return (
        "## How to reject\n\n"
        "Close this pull request: it is not opened again for these changes, only for different ones. To make the"
        " host follow git instead, recreate its container: `docker compose up -d --force-recreate` and the service's"
        " name; without that option Compose leaves it alone. To accept the difference for good, add under"
        f" `drift.ignore` in `lab.yaml`:\n\n{fence(rule, 'yaml')}\n\n"
        "Commits that you push to this branch are never overwritten."
    )


def _plain(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_ROLLING_BACK = (
    "## How to roll back\n\n"
    + fence("git revert <merge commit>   # for a merge commit: git revert -m 1 <merge commit>", "sh")
    + "\n\nThen deploy the stack, if it was deployed after the merge."
)
