"""HL108: Ansible roles have the usual layout."""

import re
from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL108",
    title="Ansible roles have the usual layout",
    severity="warning",
    rationale=(
        "Ansible reads `main.yml` of fixed folders and nothing else; without a README nobody knows a role's variables."
    ),
    remedy="Move the files to where Ansible looks for them, and describe the role in README.md.",
    bad=Example(files={"ansible/roles/docker/install.yml": "- debug:\n", "ansible/roles/docker/README.md": "x\n"}),
    good=Example(files={"ansible/roles/docker/tasks/main.yml": "- debug:\n", "ansible/roles/docker/README.md": "x\n"}),
)

# https://docs.ansible.com/projects/ansible/latest/playbook_guide/playbooks_reuse_roles.html#role-directory-structure
_ROLE = re.compile(r"(?P<role>(?:.*/)?roles/(?P<name>[^/]+))/(?P<rest>.+)")
_FOLDERS = frozenset(
    {
        "tasks", "handlers", "templates", "files", "vars", "defaults", "meta", "library", "module_utils",
        "doc_fragments", "molecule", "tests",
    }
)  # fmt: skip
_LOADED = ("tasks", "handlers", "defaults", "vars", "meta")


def check(context: Context) -> Iterator[Finding]:
    """Find roles without anything that Ansible reads, with unknown folders or names, or without a README."""
    roles: dict[str, list[str]] = {}
    # What lies below a stack is data of its applications, which have roles of their own.
    stacks = tuple(f"{view.stack.directory}/" for view in context.stacks if view.stack.directory)
    for path in context.paths:
        if (match := _ROLE.fullmatch(path)) and not path.startswith(stacks):
            roles.setdefault(match["role"], []).append(match["rest"])
    for role, files in roles.items():
        for message in _wrong(role.rpartition("/")[2], files):
            yield Finding(message=message, file=role)


def _wrong(name: str, files: list[str]) -> Iterator[str]:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        yield f"role {name} should be named in snake_case"
    if not any(re.fullmatch(rf"(?:{'|'.join(_LOADED)})/main(?:\.ya?ml)?", file) for file in files):
        yield f"role {name} has no tasks/main.yml, nor any other main.yml that Ansible reads"
    folders = {file.split("/")[0] for file in files if "/" in file}
    # Plugins of every kind: lookup_plugins, test_plugins, …
    for folder in sorted(folder for folder in folders - _FOLDERS if not folder.endswith("_plugins")):
        yield f"role {name} has a folder {folder}/ that Ansible does not read"
    if not any(file.lower() in {"readme.md", "readme.rst", "readme"} for file in files):
        yield f"role {name} has no README.md"
