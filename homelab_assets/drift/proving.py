"""Whether Compose's hash proves what a stack's services were made from, and by which values of their variables."""

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

from msgspec.structs import replace

from homelab_assets.compose.interpolation import MARKER
from homelab_assets.compose.shellwords import Words
from homelab_assets.drift.bindings import bind
from homelab_assets.drift.deployed import as_deployed
from homelab_assets.drift.evidence import NO_MORE, Proof, hashed, prove
from homelab_assets.drift.matching import Match
from homelab_assets.drift.models import Model
from homelab_assets.drift.sealed_variables import SealedVariables
from homelab_assets.drift.sealing import explains
from homelab_assets.drift.stacks import Stack
from homelab_assets.drift.templates import UNSET, Alternative, pieces
from homelab_assets.drift.unify import Settled, load_with, optional, passed_on, ruled_out, sights_of
from homelab_assets.drift.view import Observed
from homelab_assets.errors import BaselineError
from homelab_assets.labels import HASH
from homelab_assets.model import Baseline
from homelab_assets.secrecy import has_token

_MAX_TRIES = 12


def prove_services(settled: Settled, baseline: Baseline) -> None:
    """Note what the hashes of a stack's containers prove.

    Args:
        baseline: the stack as git has it; containers may name further files of it as theirs.
    """
    _arbitrate(settled)
    for match in settled.matches:
        if match.containers:
            _verify(settled, match)
            if not settled.proofs[match.service].same:
                _verify_by_own_files(settled, match, baseline)


def _prove(
    settled: Settled, model: Model, service: str, container: Observed, more: Mapping[str, Any] = NO_MORE
) -> Proof:
    return prove(model, service, container, settled.vault, settled.container_ids, more)


def _arbitrate(settled: Settled) -> None:
    """Give a variable for which containers show two values the one that more of their hashes prove: the other was put
    there by hand. Where as many prove either, what has its default rather has it than a value that is just that."""

    bindings, stack, templates = settled.bindings, settled.stack, settled.templates
    # What could not be bound beside the one value may be beside the other: most often it is not set.
    unset: dict[str, Alternative] = dict.fromkeys((one.name for one in settled.final.references), UNSET)

    def proven(values: Mapping[str, Alternative]) -> int:
        model = load_with(stack, {**unset, **values}, templates)
        seen = [(match.service, match.containers[0]) for match in settled.matches if match.containers and model]
        return sum(_prove(settled, model, *one).same for one in seen if model)

    contested = bindings.conflicts.keys() & bindings.values.keys()
    values, most = dict(bindings.values), proven(bindings.values) if contested else 0
    for name in contested:
        for value in bindings.choices.get(name, ()):
            at_default = value is UNSET and values[name] is not UNSET
            if (count := proven(values | {name: value})) > most or (at_default and count == most > 0):
                values, most = values | {name: value}, count
    if values != bindings.values and (model := load_with(stack, values, templates)) is not None:
        settled.final, settled.bindings = model, replace(bindings, values=values)


def _verify_by_own_files(settled: Settled, match: Match, baseline: Baseline) -> None:
    """See whether a container was made from other files of git than the one that counts for the stack: whoever brings
    up a single service may name others."""
    own = as_deployed(baseline, match.containers[:1], settled.stack.deployment)
    if own.files == settled.stack.baseline.files:
        return
    stack = Stack(own, settled.stack.deployment)
    try:
        templates = stack.load({})
    except BaselineError:
        return
    model = load_with(stack, settled.known, templates)
    if model is not None and (proof := _prove(settled, model, match.service, match.containers[0])).same:
        settled.models[match.service], settled.proofs[match.service] = model, proof
        _note_proof(match, proof)


def _verify(settled: Settled, match: Match) -> None:
    """See whether Compose's own hash is reproduced, and by which values of the variables."""
    container = match.containers[0]
    proof = _prove(settled, settled.final, match.service, container)
    if not proof.same and (proof.differs or (HASH in container.labels and _open_in_hash(settled.final, match.service))):
        choices = chain(_other_choices(settled, match.service), _cutting_short(settled, match))
        sealed = settled.sealed
        possible = (values for values in choices if all(sealed.may_be(*pair) for pair in values.items()))
        for values in islice(possible, 2 * _MAX_TRIES):
            model = load_with(settled.stack, {**settled.bindings.values, **values}, settled.templates)
            if model is not None and (found := _prove(settled, model, match.service, container)).same:
                settled.models[match.service], proof = model, found
                break
        else:
            if proof.differs:
                _note_given_names(settled, match)
            if proof.differs or not settled.stack.sealed.keys().isdisjoint(_open_in_hash(settled.final, match.service)):
                proof = _with_variables_of_then(settled, match) or proof
    settled.proofs[match.service] = proof
    _note_proof(match, proof)


def _note_given_names(settled: Settled, match: Match) -> None:
    """See whether a container was made from git's model and the hostname that it has where it could have its host's."""
    for replica in match.containers:
        if replica.named_by_host and (name := replica.config.get("Hostname")):
            replica.named = _prove(settled, settled.final, match.service, replica, {"hostname": name}).same


def _note_proof(match: Match, proof: Proof) -> None:
    for replica in match.containers:
        same_label = replica.labels.get(HASH) == match.containers[0].labels.get(HASH)
        replica.proven = (True if proof.same else False if proof.differs else None) if same_label else None


def _open_in_hash(model: Model, service: str) -> frozenset[str]:
    """Names of the open variables that Compose's hash of a service would tell."""
    return model.names_of(hashed(model.definition(service)))


def _with_variables_of_then(settled: Settled, match: Match) -> Proof | None:
    """See whether the container was made from these files with other values than the host's `.env` and env files have
    by now."""
    stack, templates, container = settled.stack, settled.templates, match.containers[0]
    if not stack.certain and not stack.sealed and not stack.from_host:
        return None
    if stack.from_host:
        stack = stack.with_env_files_of(container)
        templates = stack.load({})
    sealed = SealedVariables(vault=settled.vault)
    then = bind(sights_of(templates, [match]), templates.references, {}, sealed, passed_on(templates, [match])).values
    model = load_with(stack, {**then, **ruled_out(settled, then)}, templates, certain={})
    if model is not None and _prove(settled, model, match.service, container).same:
        return Proof(differs=True, variables_moved=True)
    return None


def _cutting_short(settled: Settled, match: Match) -> Iterator[dict[str, Alternative]]:
    """Values of variables with which a command ends where the running one does: an `&` in one, or its like, ends what
    Compose reads of the line."""
    references, vault = settled.final.references, settled.vault
    for sight in sights_of(settled.final, [match]):
        for path, leaf in sight.wanted.items() if sight.row.seal == "arguments" else ():
            if (running := sight.found.get(path)) is None or not isinstance(leaf.written, Words):
                continue
            line, text = " ".join(leaf.value), " ".join(running.value)
            unread = dict.fromkeys(settled.final.names_of(line), "any")
            for marker in MARKER.finditer(line):
                name = references[int(marker[1])].name
                # A value that begins with one leaves no word behind, nor does its default stand in for it.
                for end, words in ((marker.end(), text), (marker.end(), f"{text} "), (marker.start(), f"{text} ")):
                    found = explains(pieces(line[:end], references, {}), words, {}, vault)
                    if found is None:
                        continue
                    values = {one: allowed[0] for one, allowed in found.items() if allowed}
                    value = vault.reveal(values.get(name) or "")
                    if not has_token(value):
                        yield {**unread, **values, name: vault.token(f"{value}&")}


def _other_choices(settled: Settled, service: str) -> list[dict[str, Alternative]]:
    """Other values that the service's variables may have had: their defaults, what another container says.

    One that another service's containers deny is left out: a variable with two values in one stack is a finding. So is
    one that a known `.env` doesn't set, and that has a default; and a value that is the default of the host's own file.
    """
    used = settled.templates.names_in(service)
    if settled.stack.knows_env:
        used -= optional(settled)
    # What no container shows (a reservation of processors, say) is most often not set.
    unset: dict[str, Alternative] = dict.fromkeys(_open_in_hash(settled.final, service), UNSET)
    choices = [unset] if unset else []
    defaults: dict[str, Alternative] = {}
    for reference in settled.templates.references:
        bound = settled.bindings.values.get(reference.name, UNSET)
        usable = reference.operator in (":-", "-") and "$" not in reference.word and reference.word != bound
        if usable and reference.name in used and reference.name in settled.bindings.values:
            defaults[reference.name] = reference.word
            choices.append({reference.name: reference.word})
    # What an include has from its own env file, if nobody who deploys sets it.
    own = [one.name for one in settled.templates.references if one.otherwise is not UNSET and one.name in used]
    choices += [dict.fromkeys(names, UNSET) for names in ([own] if own else [])]
    for name, values in settled.bindings.choices.items():
        if name in used:
            choices += [{name: value} for value in values if value != settled.bindings.values.get(name)]
    if len(defaults) > 1:
        choices.append(defaults)
    choices += [dict(values) for values in settled.bindings.together if not used.isdisjoint(values)]
    choices = [choice for choice in choices if _is_possible(settled, service, choice)]
    return [{**unset, **choice} for choice in choices[:_MAX_TRIES]]


def _is_possible(settled: Settled, service: str, choice: Mapping[str, Alternative]) -> bool:
    """Whether neither another service's containers nor the host's own files speak against values of variables."""
    not_set, denied = ruled_out(settled, choice), settled.bindings.denied_elsewhere
    return not any(
        (name in not_set and value is not UNSET) or denied(name, value, service, settled.vault)
        for name, value in choice.items()
    )
