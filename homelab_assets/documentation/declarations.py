"""What git declares, service by service, with the variables as people wrote them: `${NAME}`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from homelab_assets.documentation.estate import Declaration
from homelab_assets.errors import UserError
from homelab_assets.model import Baseline, Json

_MARKER = re.compile("\ue000(\\d+)\ue001")


def declare(baselines: Iterable[Baseline]) -> tuple[Declaration, ...]:
    """Return the services of all stacks. A stack that can't be read is left out: the audit says so."""
    return tuple(declaration for baseline in baselines for declaration in _services(baseline))


def load_model(baseline: Baseline) -> Any:
    """Load a stack with its variables left open.

    Raises:
        UserError: Compose would refuse its files.
    """
    from homelab_assets import compose

    return compose.load(
        list(baseline.files),
        read=baseline.tree.read,
        project_directory=baseline.directory,
        environment=baseline.variables,
        project_name=baseline.stack,
        symbolic=True,
    )


def plain(value: Json, names: Sequence[str]) -> Json:
    """Return a model with `${NAME}` where a variable was left open. `names`: of the variables, by their number."""
    if isinstance(value, str):
        return _MARKER.sub(lambda match: "${" + names[int(match[1])] + "}", value) if "\ue000" in value else value
    if isinstance(value, Mapping):
        return {plain(key, names): plain(part, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part, names) for part in value]
    return value


def _services(baseline: Baseline) -> Iterator[Declaration]:
    try:
        project = load_model(baseline)
    except UserError:
        return
    names = [expression.name for expression in project.expressions]
    networks = _engine_names(project.networks, project.name, names)
    volumes = _engine_names(project.volumes, project.name, names)
    for service, model in project.services.items():
        span = project.sources.get(("services", service))
        yield Declaration(
            repository=baseline.repository,
            stack=baseline.stack,
            endpoint=baseline.endpoint,
            service=service,
            file=span.file if span else baseline.files[0],
            line=span.line if span else None,
            model=plain(model, names),
            networks=networks,
            volumes=volumes,
            directory=baseline.directory,
            files=tuple(baseline.files),
        )


def _engine_names(parts: Mapping[str, Json], project: str, names: Sequence[str]) -> dict[str, str]:
    return {key: str(plain((value or {}).get("name") or f"{project}_{key}", names)) for key, value in parts.items()}
