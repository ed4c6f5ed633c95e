"""Load a baseline for a proof: the canonical model, with every variable left as it is written."""

from collections.abc import Mapping
from typing import Any

from homelab_assets import compose
from homelab_assets.compose.interpolation import put_back
from homelab_assets.compose.normalise import normalised_name
from homelab_assets.errors import BaselineError
from homelab_assets.model import Baseline

ROOT = "/repository"


def load_model(baseline: Baseline) -> Mapping[str, Any]:
    """Return services (also those that profiles switch off), networks, volumes, secrets and configs by name.

    No variable has a value here: a proof compares what the files say, and must hold for every `.env`.

    Raises:
        BaselineError: Compose would refuse the files.
    """
    project = _load(baseline)
    model = {
        "services": {**project.services, **project.disabled},
        "networks": project.networks,
        "volumes": project.volumes,
        "secrets": project.secrets,
        "configs": project.configs,
    }
    uses = project.expressions
    # A marker's number depends on what stands before it in the file: two models are compared by what is written.
    result: Mapping[str, Any] = put_back(model, lambda n: f"${{{uses[n].name}{uses[n].operator}{uses[n].argument}}}")
    return result


def is_project(baseline: Baseline, project: str) -> bool:
    """Say whether Compose calls a stack so: by a `name:` in its files, else by its folder's name in its own letters."""
    if project == normalised_name(baseline.stack):
        return True
    try:
        return project == _load(baseline).name
    except BaselineError:
        return False


def _load(baseline: Baseline) -> compose.Project:
    def read(path: str) -> bytes | None:
        inside = path.removeprefix(f"{ROOT}/")
        return None if inside == path else baseline.tree.read(inside)

    directory = f"{ROOT}/{baseline.directory}".rstrip("/")
    try:
        return compose.load(
            [f"{ROOT}/{file}" for file in baseline.files],
            read=read,
            project_directory=directory,
            environment={},
            symbolic=True,
            newer=True,
            by_default=True,
        )
    except BaselineError as error:
        raise error.reworded(error.what.replace(f"{ROOT}/", "")) from None
