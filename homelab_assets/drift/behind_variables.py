"""What stands behind git's variables on a host, found as the comparison finds it, so that it can be sealed at rest."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from homelab_assets.drift.binding_hosts import bind_to_hosts
from homelab_assets.drift.malformed import MalformedCapture, reading, without
from homelab_assets.drift.matching import Containers
from homelab_assets.drift.settling import settle_stack
from homelab_assets.drift.unify import unexplained_texts
from homelab_assets.drift.view import Host
from homelab_assets.errors import UserError
from homelab_assets.model import Baseline, Captured, CaptureResult
from homelab_assets.secrecy import Vault, names_a_secret
from homelab_assets.secrecy.values import named_secrets, seal_values


def sealed_for_rest(captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> CaptureResult:
    """Return a capture as it may be written: what stands behind git's `${VAR}` is sealed too, `.env` files wholly.

    `woken` undoes it in the same process. A capture that no engine wrote counts as not made.
    """
    try:
        with reading(captured.host):
            values = values_behind_variables(captured, baselines, vault)
    except MalformedCapture as malformed:
        return without([captured], malformed)[0]
    return replace(
        captured,
        containers=[seal_values(container, values, vault) for container in captured.containers],
        dotenv={file: {name: vault.token(value) for name, value in found.items()} for file, found in _files(captured)},
    )


def woken(captured: Captured, vault: Vault) -> Captured:
    """Return a stored capture as it was captured, if this process captured it; else with what can be known.

    A variable of a `.env` whose value only another process knew counts as unknown, unless its name says that it is
    a secret anyway: then its token is all that anybody ever gets.
    """
    return replace(
        captured,
        containers=[vault.seal_inspect(vault.reveal_all(container)) for container in captured.containers],
        dotenv={file: _known(found, vault) for file, found in _files(captured)},
    )


def _files(captured: Captured) -> list[tuple[str, Mapping[str, str]]]:
    return list(captured.dotenv.items())


def _known(sealed: Mapping[str, str], vault: Vault) -> dict[str, str]:
    return {
        name: vault.seal(name, vault.reveal(token))
        for name, token in sealed.items()
        if vault.revealable(token) or names_a_secret(name)
    }


def values_behind_variables(captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> set[str]:
    """Return what the variables of a host's stacks stand for, in clear where the process knows it: what its `.env`
    files say, what its containers give away, and the containers' own variables that are secrets by their names."""
    # Without its files: containers that were started with other values than theirs give them away, too.
    containers = Containers(Host(replace(captured, dotenv={}, compose_variables={})))
    bound = [
        one for one in bind_to_hosts(baselines, {captured.host: containers}, [captured]) if one.host == captured.host
    ]
    names = frozenset(name for one in bound for name in one.project_names)
    found = {value for _, variables in _files(captured) for value in variables.values()}
    for container in containers.all:
        found.update(named_secrets(container.variables, vault))
    for one in sorted(bound, key=lambda one: not one.group):
        try:
            settled = settle_stack(one.baseline, containers, vault, names)
        except UserError:
            continue
        found.update(value for value in settled.known.values() if value)
        found.update(unexplained_texts(settled, vault))
        found.update(value for values in settled.bindings.choices.values() for value in values if value)
    return {vault.reveal(value) for value in found}
