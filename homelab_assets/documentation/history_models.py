"""The canonical services of a stack's folder in a tree, for comparing commits."""

from collections.abc import Mapping, Sequence

from homelab_assets.documentation.change import variant
from homelab_assets.documentation.declarations import load_project, named
from homelab_assets.errors import UserError
from homelab_assets.model import FileTree, Json
from homelab_assets.repository.stacks import read_stack


def services_in(tree: FileTree, folder: str) -> dict[str, Mapping[str, Json]]:
    """Return canonical services by name; as endpoint files change them under `service (endpoint)`.

    Variables stay `${NAME}`. A folder without compose files has none.

    Raises:
        UserError: Compose would refuse the files.
    """
    # At the root of a repository no folder names the stack; what it is called is no part of what is compared.
    name = folder.rpartition("/")[2] or "root"
    stack = read_stack(tree, folder, name)
    if stack is None:
        return {}
    base = _load(tree, folder, name, stack.files()) if stack.files() else {}
    services = dict(base)
    for endpoint in stack.endpoint_files:
        for service, model in _load(tree, folder, name, stack.files(endpoint)).items():
            if base.get(service) != model:
                services[variant(service, endpoint)] = model
    return services


def _load(tree: FileTree, folder: str, name: str, files: Sequence[str]) -> dict[str, Mapping[str, Json]]:
    # Variables of the host and of `.env` are left open: only what git says is compared.
    project = load_project(tree, folder, name, files, {})
    names = [expression.name for expression in project.expressions]
    return {service: named(model, names) for service, model in project.services.items()}


def readable_services(tree: FileTree, folder: str) -> dict[str, Mapping[str, Json]] | None:
    """Return the services like `services_in`, or None where the files can't be understood."""
    try:
        return services_in(tree, folder)
    except UserError:
        return None
