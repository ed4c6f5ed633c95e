"""Load a baseline for a proof: the canonical model, with every variable left as it is written."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from homelab_assets import compose
from homelab_assets.compose.interpolation import MARKER
from homelab_assets.model import Baseline

ROOT = "/repository"


def load_model(baseline: Baseline) -> Mapping[str, Any]:
    """Return services (also those that profiles switch off), networks, volumes, secrets and configs by name.

    No variable has a value here: a proof compares what the files say, and must hold for every `.env`.

    Raises:
        BaselineError: Compose would refuse the files.
    """

    def read(path: str) -> bytes | None:
        inside = path.removeprefix(f"{ROOT}/")
        return None if inside == path else baseline.tree.read(inside)

    directory = f"{ROOT}/{baseline.directory}".rstrip("/")
    project = compose.load(
        [f"{ROOT}/{file}" for file in baseline.files],
        read=read,
        project_directory=directory,
        environment={},
        symbolic=True,
    )
    model = {
        "services": {**project.services, **project.disabled},
        "networks": project.networks,
        "volumes": project.volumes,
        "secrets": project.secrets,
        "configs": project.configs,
    }
    uses: Sequence[Any] = project.expressions
    result: Mapping[str, Any] = _written(model, uses)
    return result


def _written(node: Any, uses: Sequence[Any]) -> Any:
    """Put the variables back as they are written: a marker's number depends on what stands before it in the file."""
    if isinstance(node, Mapping):
        return {key: _written(value, uses) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_written(value, uses) for value in node]
    if not isinstance(node, str):
        return node

    def variable(match: "re.Match[str]") -> str:
        use = uses[int(match[1])]
        return f"${{{use.name}{use.operator}{use.argument}}}"

    return MARKER.sub(variable, node) if "\ue000" in node else node
