"""HL402: `.env.sample` names each variable that the compose files use."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL402",
    title="`.env.sample` names each variable that the compose files use",
    severity="warning",
    rationale="A variable that is not set becomes an empty text: the service starts, and misbehaves.",
    remedy="Add the name with a placeholder.",
    bad=Example(service="hostname: ${WEB_HOST}", files={"stacks/app/.env.sample": "OTHER=\n"}),
    good=Example(service="hostname: ${WEB_HOST}", files={"stacks/app/.env.sample": "WEB_HOST=web.home.arpa\n"}),
    fixable=True,
)

# Compose sets these by itself.
_BUILT_IN = ("COMPOSE_", "DOCKER_")


def check(context: Context) -> Iterator[Finding]:
    """Find variables that the sample lacks: one finding a variable, where a compose file uses it first."""
    for view in context.stacks:
        if view.stack.sample is None:
            continue
        known = {assignment.name for assignment in (*view.sample, *view.env)}
        for variable in view.variables:
            if variable.name not in known and not variable.name.startswith(_BUILT_IN):
                file, line = variable.place
                yield Finding(
                    message=f"{variable.name} is not in {view.stack.sample}",
                    file=file,
                    line=line,
                    stack=view.stack.name,
                    names=(view.stack.sample, variable.name),
                )


def target(finding: Finding) -> str:
    """Return the file that the fix changes."""
    return finding.names[0]


def fix(finding: Finding, text: str) -> str | None:
    """Append the name with an empty value, in the file's own line endings."""
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith("\n") else end
    return f"{text}{gap}{finding.names[1]}={end}"
