"""Settles a stack on a host: loads it, finds its containers, binds its open variables, loads it again.

The second loading is Compose's own: typed fields, structure, sizes and defaults follow from the bound values, and what
is then compared holds no template any more.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from homelab_assets.drift.bindings import Bindings, Observation, bind
from homelab_assets.drift.evidence import HASH, Proof, hashed, prove
from homelab_assets.drift.fields import TABLE
from homelab_assets.drift.filling import fill
from homelab_assets.drift.matching import Match
from homelab_assets.drift.rows.networks import NAMES
from homelab_assets.drift.rows.shapes import has_marker
from homelab_assets.drift.sealing import explains
from homelab_assets.drift.sights import Sight, other_words, pairs_of
from homelab_assets.drift.stacks import Model, Stack
from homelab_assets.drift.templates import UNSET, Alternative, Reference, pieces
from homelab_assets.errors import BaselineError
from homelab_assets.secrecy import Vault
from homelab_assets.secrecy.values import named_secrets

_OF_THE_SHELL = re.compile(
    r"HOME|PWD|OLDPWD|USER|LOGNAME|SHELL|PATH|LANG|TERM|HOSTNAME|E?[UG]ID|DISPLAY|(?:LC|XDG|SSH|DOCKER|COMPOSE)_\w+"
)
"""Variables that come from whoever deploys, not from a `.env`."""

_MAX_TRIES = 12
_MAX_ROUNDS = 3


@dataclass(slots=True, kw_only=True)
class Settled:
    """A stack with all that could be found out about its variables.

    Attributes:
        templates: loaded with no variable known. final: loaded with the settled and the bound ones.
        matches: its services with their containers. bindings: what was bound.
        models: services for which the hash proves other values than the rest's. proofs: what the hash says, by service.
    """

    stack: Stack
    templates: Model
    final: Model
    matches: Sequence[Match]
    bindings: Bindings = field(default_factory=Bindings)
    models: dict[str, Model] = field(default_factory=dict)
    proofs: dict[str, Proof] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, Alternative]:
        """Values of all variables that are settled or bound."""
        return {**self.bindings.values, **self.stack.settled}

    def model_for(self, service: str) -> Model:
        """What a service is compared with."""
        return self.models.get(service, self.final)

    def bound_by(self, service: str) -> frozenset[str]:
        """Names of the bound variables that a service uses."""
        return self.templates.names_in(service) & self.bindings.values.keys()

    def secrets(self, vault: Vault) -> Iterator[str]:
        """Give, in clear, what is a secret by its name in any service of the stack: in git, and where it runs."""
        for match in self.matches:
            declared = self.final.services.get(match.service, match.declared)
            for variables in (declared.get("environment") or {}, *(one.variables for one in match.containers)):
                yield from named_secrets(variables, vault)


def settle(stack: Stack, templates: Model, first: Model, matches: Sequence[Match], vault: Vault) -> Settled:
    """Bind the open variables of a stack from its containers, and load it again with them.

    Args:
        templates: the stack loaded with no variable known. first: loaded with the settled ones.
    """
    settled = Settled(stack=stack, templates=templates, final=first, matches=matches)
    for _ in range(_MAX_ROUNDS):
        if not settled.final.references or not _bind_more(settled, vault):
            break
    for match in matches:
        if match.containers:
            _verify(settled, match, vault)
    return settled


def _bind_more(settled: Settled, vault: Vault) -> bool:
    """Bind what can be bound now, and load again: a port that is known leaves less to guess for the others."""
    known = {**settled.stack.settled, **settled.bindings.values}
    final, matches = settled.final, settled.matches
    # A default may hold further variables, which only the loading without the outer one shows.
    left_out = _left_out(settled.stack, (*settled.templates.references, *final.references))
    found = bind(_sights(final, matches), final.references, known, vault, _passed_on(final, matches), left_out)
    new = {name: value for name, value in found.values.items() if name not in settled.bindings.values}
    if not new:
        return False
    settled.bindings = Bindings(
        values={**settled.bindings.values, **new},
        conflicts={**found.conflicts, **settled.bindings.conflicts},
        choices={**found.choices, **settled.bindings.choices},
        together=[*settled.bindings.together, *found.together],
    )
    settled.final = _load_most(settled.stack, settled.bindings.values, settled.final)
    return True


def _left_out(stack: Stack, references: Sequence[Reference]) -> frozenset[str]:
    """Names of variables that come to something without a value wherever they stand, and that the `.env`, which was
    read, does not set."""
    if not stack.knows_env:
        return frozenset()
    bare = {reference.name for reference in references if reference.operator not in (":-", "-", ":+", "+")}
    names = {reference.name for reference in references} - bare - stack.settled.keys()
    return frozenset(name for name in names if not _OF_THE_SHELL.fullmatch(name))


def _sights(model: Model, matches: Sequence[Match]) -> list[Sight]:
    sights = []
    for match in matches:
        if not match.containers or not (keys := model.open_keys(match.service)):
            continue
        rows = [row for row in (*TABLE, NAMES) if not keys.isdisjoint(row.keys)]
        declared = model.declared(match.service)
        for container in match.containers:
            for row in rows:
                wanted = row.expected(declared)
                if has_marker(wanted):
                    sights.append(
                        Sight(
                            service=match.service,
                            created=container.created,
                            row=row,
                            wanted=wanted,
                            found=row.observed(container, declared),
                            given=row.given(container, declared),
                        )
                    )
    return sights


def _passed_on(model: Model, matches: Sequence[Match]) -> Iterator[Observation]:
    """What a container's environment tells of open variables that git hands on under their own names."""
    names = {reference.name for reference in model.references}
    for match in matches if names else ():
        for name, value in (model.definition(match.service).get("environment") or {}).items():
            if value is None and name in names:
                for container in match.containers:
                    yield Observation(
                        name=name,
                        alternatives=(container.variables.get(name),),
                        service=match.service,
                        created=container.created,
                    )


def unexplained_texts(settled: Settled, vault: Vault) -> Iterator[str]:
    """Give the running texts of places where git has an open variable, and that no value of it explains."""
    references = settled.templates.references
    for sight in _sights(settled.templates, settled.matches):
        for template, texts in pairs_of(sight):
            parts = pieces(template, references, {})
            yield from (text for text in texts if not explains(parts, text, {}, vault))
        # A command with other words binds no variable; its words stand where git has variables all the same.
        for path, leaf in sight.wanted.items():
            if other_words(leaf, found := sight.found.get(path)) and found is not None:
                yield from (o for word, o in zip(leaf.value, found.value, strict=True) if has_marker(word))


def _load(
    stack: Stack,
    bound: Mapping[str, Alternative],
    model: Model,
    settled: Mapping[str, Alternative] | None = None,
) -> Model | None:
    """Load with bound variables; None where Compose would refuse what the running values say."""
    variables = {**(stack.settled if settled is None else settled), **bound}
    try:
        return fill(model, variables) or stack.load(variables)
    except BaselineError:
        return None


def _load_most(stack: Stack, bound: Mapping[str, Alternative], first: Model) -> Model:
    """Load with as many of the bound variables as Compose accepts: one odd value must not spoil the rest."""
    if (model := _load(stack, bound, first)) is not None:
        return model
    best, accepted = first, dict[str, Alternative]()
    pending = [list(bound)]
    while pending:
        names = pending.pop()
        tried = accepted | {name: bound[name] for name in names}
        if (model := _load(stack, tried, first)) is not None:
            best, accepted = model, tried
        elif len(names) > 1:
            half = len(names) // 2
            pending += [names[half:], names[:half]]
    return best


def _verify(settled: Settled, match: Match, vault: Vault) -> None:
    """See whether Compose's own hash is reproduced, and by which values of the variables."""
    ids = {other.service: other.containers[0].id for other in settled.matches if other.containers}
    container = match.containers[0]
    proof = prove(settled.final, match.service, container, vault, ids)
    if not proof.same and (proof.differs or (HASH in container.labels and _open_in_hash(settled.final, match.service))):
        for values in _other_choices(settled, match.service, vault):
            model = _load(settled.stack, {**settled.bindings.values, **values}, settled.templates)
            if model is not None and prove(model, match.service, container, vault, ids).same:
                settled.models[match.service] = model
                proof = Proof(same=True)
                break
        else:
            if proof.differs:
                proof = _with_variables_of_then(settled, match, ids, vault) or proof
    settled.proofs[match.service] = proof
    for replica in match.containers:
        same_label = replica.labels.get(HASH) == container.labels.get(HASH)
        replica.proven = (True if proof.same else False if proof.differs else None) if same_label else None


def _open_in_hash(model: Model, service: str) -> frozenset[str]:
    """Names of the open variables that Compose's hash of a service would tell."""
    return model.names_of(hashed(model.definition(service)))


def _with_variables_of_then(settled: Settled, match: Match, ids: Mapping[str, str], vault: Vault) -> Proof | None:
    """See whether the container was made from these files with other values than the `.env` has by now."""
    stack, templates = settled.stack, settled.templates
    if not stack.settled:
        return None
    then = bind(_sights(templates, [match]), templates.references, {}, vault, _passed_on(templates, [match]))
    model = _load(stack, then.values, templates, settled={})
    if model is not None and prove(model, match.service, match.containers[0], vault, ids).same:
        return Proof(differs=True, variables_moved=True)
    return None


def _other_choices(settled: Settled, service: str, vault: Vault) -> list[dict[str, Alternative]]:
    """Other values that the service's variables may have had: their defaults, what another container says.

    One that another service's containers deny is left out: a variable with two values in one stack is a finding.
    """
    used = settled.templates.names_in(service)
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
    for name, values in settled.bindings.choices.items():
        if name in used:
            choices += [{name: value} for value in values if value != settled.bindings.values.get(name)]
    if len(defaults) > 1:
        choices.append(defaults)
    choices += [dict(values) for values in settled.bindings.together if not used.isdisjoint(values)]
    denied = settled.bindings.denied_elsewhere
    choices = [choice for choice in choices if not any(denied(*pair, service, vault) for pair in choice.items())]
    return [{**unset, **choice} for choice in choices[:_MAX_TRIES]]
