"""HL403: no secret stands in git."""

import re
from collections.abc import Iterator, Mapping

from homelab_assets.model import Json
from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.variables import covered, defaults, has_variable
from homelab_assets.repository.rules.view import Context, ServiceView, StackView
from homelab_assets.secrecy import find_secrets, is_secret

META = Meta(
    id="HL403",
    title="No secret stands in git",
    severity="error",
    rationale=(
        "Git remembers everything for everybody who can read it; a secret that was committed once must be changed."
    ),
    remedy="Write `${NAME}`, put the value into the `.env` on the host, and change the secret.",
    bad=Example(service="environment:\n  TZ: Europe/Brussels\n  DB_PASSWORD: correct-horse"),
    good=Example(
        service="environment:\n  TZ: Europe/Brussels\n  DB_PASSWORD: ${DB_PASSWORD:?}",
        files={"stacks/app/.env.sample": "DB_PASSWORD=\n"},
    ),
)

_PLACEHOLDER = re.compile(
    r"x{3,}|chang|your|example|placeholder|todo|replace|dummy|sample|secret|\.{3}|^<.*>$|0{6,}|1234", re.IGNORECASE
)
# What a variable stands for is sealed, as it were: nothing that reaches into it stands in clear.
_SEALED = "<secret#0000.00000000000000000000>"
# `$$NAME` of a file, which the container's own shell fills in.
_OF_SHELL = re.compile(r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})")


def check(context: Context) -> Iterator[Finding]:
    """Find secrets in services, in committed env files, and real ones in samples. Their values are never told."""
    for view in context.stacks:
        for service in view.services:
            yield from _in_service(service)
        yield from _in_files(view)


def _in_service(service: ServiceView) -> Iterator[Finding]:
    for key in ("environment", "labels", "annotations", "sysctls"):
        for name, value in _pairs(service.config.get(key)):
            if _stands_in_clear(name, value):
                yield service.found(f"a secret in clear stands in {key}.{name}", key, name)
    for key in ("command", "entrypoint", "healthcheck"):
        declared = service.config.get(key)
        text = declared.get("test") if isinstance(declared, Mapping) else declared
        joined = " ".join(str(part) for part in text) if isinstance(text, list | tuple) else str(text or "")
        if find_secrets(_OF_SHELL.sub(_SEALED, covered(joined, _SEALED)), False):
            yield service.found(f"a secret in clear stands in {key}", key)


def _in_files(view: StackView) -> Iterator[Finding]:
    for assignment in view.env:
        if _stands_in_clear(assignment.name, assignment.value):
            yield _at(view, assignment.file, assignment.line, f"a secret in clear stands in {assignment.name}")
    for assignment in view.sample:
        if find_secrets(assignment.value) and not _PLACEHOLDER.search(assignment.value):
            yield _at(view, assignment.file, assignment.line, f"{assignment.name} looks like a real secret")


def _at(view: StackView, file: str, line: int, message: str) -> Finding:
    return Finding(message=message, file=file, line=line, stack=view.stack.name)


def _pairs(value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        yield from ((str(name), str(text)) for name, text in value.items() if isinstance(text, str))


def _stands_in_clear(name: str, value: str) -> bool:
    if _OF_SHELL.fullmatch(value):
        return False
    if not has_variable(value):
        return is_secret(name, value)
    # A default inside `${NAME:-…}` is clear text too.
    return any(is_secret(name, text) for text in defaults(value) if text and "$" not in text) or bool(
        find_secrets(covered(value, _SEALED), False)
    )
