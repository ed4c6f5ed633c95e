"""HL103: endpoint files name known endpoints that the stack is deployed to."""

import difflib
from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL103",
    title="Endpoint files name endpoints that the stack is deployed to",
    severity="error",
    rationale="`docker-compose.<endpoint>.yml` is merged for that endpoint alone; with a wrong name nothing reads it.",
    remedy="Rename the file to the endpoint's name, or add the endpoint to stack-targets.yml.",
    bad=Example(files={"stacks/app/docker-compose.host-x.yml": "services:\n  web:\n    init: true\n"}),
    good=Example(files={"stacks/app/docker-compose.host-a.yml": "services:\n  web:\n    init: true\n"}),
)


def check(context: Context) -> Iterator[Finding]:
    """Find endpoint files that no deployment reads."""
    for view in context.stacks:
        targets = context.targets.stacks.get(view.stack.name) if context.targets else None
        for endpoint, file in view.stack.endpoint_files.items():
            if context.hosts and endpoint not in context.hosts:
                near = difflib.get_close_matches(endpoint, context.hosts, n=1)
                meant = f"; did you mean {near[0]}?" if near else ""
                message = f"no endpoint is named {endpoint}{meant}"
            elif targets and endpoint not in {target.name for target in targets}:
                message = f"stack-targets.yml does not deploy {view.stack.name} to {endpoint}"
            else:
                continue
            yield Finding(message=message, file=file, stack=view.stack.name)
