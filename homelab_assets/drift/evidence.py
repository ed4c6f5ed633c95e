"""Compose's own hash of a service: where it's reproduced, the file in git is what the container was made from."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from homelab_assets.compose.confighash import config_hashes
from homelab_assets.compose.interpolation import OPEN
from homelab_assets.compose.shellwords import Words, split
from homelab_assets.drift.compose_v1 import in_env_file
from homelab_assets.drift.deployed import NO_FOLDER
from homelab_assets.drift.models import Model, as_text
from homelab_assets.drift.rows.mount import below_home, mounts_of
from homelab_assets.drift.rows.shapes import has_marker
from homelab_assets.drift.sealing import map_texts
from homelab_assets.drift.view import Observed, assignments, clean
from homelab_assets.errors import BaselineError
from homelab_assets.labels import HASH
from homelab_assets.secrecy import Vault, has_token

_UNHASHED = frozenset({"build", "pull_policy", "scale"})
"""Keys that never were part of the hash of these versions: what is open in them leaves nothing open."""


_LEAVES_OUT = ((2, 24, 7), (2, 29, 0))
"""From the one version to before the other a variable that the deployer lacks is left out: the image's own shows."""

_UNCLEAR = ("<secret#", OPEN, NO_FOLDER, "/~")
"""Without one of these in it a model is clear: no secret, no open variable, no folder or home that isn't known."""


class Proof(Struct, frozen=True, kw_only=True):
    """What the hash says.

    Attributes:
        same: it was reproduced. differs: the container was made from another model.
        whole: it was, and git has all that the service's variables come from.
        variables_moved: it would be reproduced with the variables that the container shows, not with the `.env` of now.
    """

    same: bool = False
    whole: bool = False
    differs: bool = False
    variables_moved: bool = False


NOTHING = Proof()
NO_MORE: Mapping[str, Any] = {}


def prove(
    model: Model,
    service: str,
    container: Observed,
    vault: Vault,
    ids: Mapping[str, str],
    more: Mapping[str, Any] = NO_MORE,
) -> Proof:
    """Compute the hash as the container's version of Compose does, and compare it with the label.

    Args:
        ids: ids of the containers of services, for shared namespaces.
        more: keys that the service may have had besides.
    """
    label = container.labels.get(HASH)
    if not label:
        return NOTHING
    version = ".".join(str(number) for number in container.compose)
    files = model.open_files["environment"].get(service) or {}
    proof = NOTHING
    # Most files that may be missing are: without them first.
    for contributing in ({}, files) if files else ({},):
        definition = _in_clear(model, service, container, vault, contributing)
        if definition is None:
            proof = NOTHING
            continue
        definition |= more
        if dependencies := definition.get("depends_on"):
            definition["depends_on"] = _taken_up(dependencies, model, ids) or None
        label_files = model.project.label_files.get(service, ())
        proof = _compared(config_hashes(definition, version, container_ids=ids, label_files=label_files), label)
        if proof.same:
            return replace(proof, whole=not contributing)
    return proof


def _compared(hashes: Iterable[str | None], label: str) -> Proof:
    differs = True
    for computed in hashes:
        if computed == label:
            return Proof(same=True)
        differs = differs and computed is not None
    return Proof(differs=differs)


def _taken_up(dependencies: Mapping[str, Any], model: Model, ids: Mapping[str, str]) -> dict[str, Any]:
    """Without those that may be missing and whose profile was off, which Compose leaves out before it hashes."""
    return {
        name: condition
        for name, condition in dependencies.items()
        if condition.get("required", True) or name in ids or name not in model.disabled
    }


def hashed(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What the hash covers of a service's model, at the most."""
    kept = {key: value for key, value in definition.items() if key not in _UNHASHED}
    if (deploy := kept.get("deploy")) and "replicas" in deploy:
        kept["deploy"] = {key: value for key, value in deploy.items() if key != "replicas"}
    return kept


def _in_clear(
    model: Model, service: str, container: Observed, vault: Vault, files: Mapping[str, frozenset[str]]
) -> dict[str, Any] | None:
    """The service's model without anything open or sealed; None where that isn't possible. It must not leave here."""
    definition = model.definition(service)
    if not definition or model.open_files["labels"].get(service):
        return None
    definition = hashed(definition)
    passed_on = (name for name, value in (definition.get("environment") or {}).items() if value is None)
    sources = model.project.sources
    only_named = [name for name in passed_on if in_env_file(sources, service, f"environment.{name}")]
    if environment := _environment(definition, container, files, only_named):
        definition["environment"] = environment
    text = as_text(definition)
    if not any(sign in text for sign in _UNCLEAR):
        return definition
    if volumes := definition.get("volumes"):
        definition["volumes"] = [_at_home(entry, container) for entry in volumes]
        if None in definition["volumes"]:
            return None
    unknown = [False]

    def clear_text(text: str) -> str:
        text = vault.reveal(text)
        unknown[0] = unknown[0] or has_token(text) or NO_FOLDER in text
        return text

    clear: dict[str, Any] = {key: _resplit(value, vault) for key, value in definition.items()}
    clear = map_texts(clear, clear_text)
    return None if unknown[0] or has_marker(clear) else clear


def _resplit(value: Any, vault: Vault) -> Any:
    """Words of a command as Compose splits them when it knows the secrets among them."""
    if not isinstance(value, Words) or not any(map(has_token, value)):
        return value
    try:
        return list(split(vault.reveal(value.line)))
    except BaselineError:
        return value


def _at_home(entry: Any, container: Observed) -> Any:
    """A mount from `~` with the home of whoever deployed, as what runs tells it; None where it doesn't."""
    tail = below_home(str(entry.get("source") or "")) if isinstance(entry, Mapping) else None
    if tail is None:
        return entry
    mount = mounts_of(container).get(clean(str(entry.get("target") or "")))
    return {**entry, "source": mount.source} if mount and mount.source.endswith(tail) else None


def _environment(
    definition: Mapping[str, Any], container: Observed, files: Mapping[str, frozenset[str]], only_named: Sequence[str]
) -> dict[str, str | None]:
    """The variables, with those that only the deployer knew (passed on, or from a file that git lacks) as they run."""
    declared: dict[str, str | None] = definition.get("environment") or {}
    if None not in declared.values() and not files:
        return declared
    running = container.variables
    image = assignments(container.image_config.get("Env"))
    own: dict[str, str | None] = {
        name: running.get(name) if value is None else value for name, value in declared.items()
    }
    if _LEAVES_OUT[0] <= container.compose < _LEAVES_OUT[1]:
        own |= {name: None for name, value in declared.items() if value is None and own[name] == image.get(name)}
    for name in only_named:
        # What an env file only names is left out where the deployer lacks it, and the image's own shows.
        if own[name] == image.get(name):
            del own[name]
    if files:
        anew = frozenset().union(*files.values())
        own |= {
            name: value
            for name, value in running.items()
            if name in anew or (name not in own and image.get(name) != value)
        }
    return {name: own[name] for name in sorted(own)}
