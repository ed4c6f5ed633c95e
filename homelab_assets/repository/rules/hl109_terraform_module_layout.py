"""HL109: Terraform modules have the standard structure."""

import re
from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL109",
    title="Terraform modules have the standard structure",
    severity="warning",
    rationale="Inputs and outputs are looked for in variables.tf and outputs.tf, by people and by documentation tools.",
    remedy="Split the module into main.tf, variables.tf and outputs.tf; the latter two may be empty.",
    bad=Example(files={"terraform/modules/lxc/main.tf": "# resources\n"}),
    good=Example(
        files={
            "terraform/modules/lxc/main.tf": "# resources\n",
            "terraform/modules/lxc/variables.tf": "",
            "terraform/modules/lxc/outputs.tf": "",
        }
    ),
)

# https://developer.hashicorp.com/terraform/language/modules/develop/structure
_MODULE = re.compile(r"(?P<module>(?:.*/)?modules/[^/]+)/(?P<file>[^/]+\.(?:tf|tofu))")
_STANDARD = ("main", "variables", "outputs")


def check(context: Context) -> Iterator[Finding]:
    """Find modules that lack a standard file."""
    modules: dict[str, set[str]] = {}
    for path in context.paths:
        if match := _MODULE.fullmatch(path):
            modules.setdefault(match["module"], set()).add(match["file"].rpartition(".")[0])
    for module, files in modules.items():
        for name in _STANDARD:
            if name not in files:
                yield Finding(message=f"module {module.rpartition('/')[2]} has no {name}.tf", file=module)
