"""Unification of a stack with its containers: its open variables are bound, and it is loaded again with them.

The second loading is Compose's own: typed fields, structure, sizes and defaults follow from the bound values, and what
is then compared holds no template any more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from msgspec import Struct, field

from homelab_assets.compose.interpolation import names_in, unscoped
from homelab_assets.drift.bindings import Bindings, bind
from homelab_assets.drift.compose_v1 import in_env_file
from homelab_assets.drift.evidence import Proof
from homelab_assets.drift.fields import TABLE
from homelab_assets.drift.filling import fill
from homelab_assets.drift.matching import Containers, Match
from homelab_assets.drift.models import Model
from homelab_assets.drift.observations import Observation
from homelab_assets.drift.rows import definitions
from homelab_assets.drift.rows.networks import NAMES
from homelab_assets.drift.rows.shapes import has_marker
from homelab_assets.drift.sealed_variables import SealedVariables
from homelab_assets.drift.sealing import explains
from homelab_assets.drift.sights import Sight, other_words, pairs_of
from homelab_assets.drift.stacks import EXPORTED, Stack
from homelab_assets.drift.templates import UNSET, Alternative, Reference, pieces
from homelab_assets.errors import BaselineError
from homelab_assets.late import late
from homelab_assets.secrecy import Vault
from homelab_assets.secrecy.values import named_secrets

_OF_THE_SHELL = late(
    rf"{EXPORTED.pattern}|HOSTNAME|E?[UG]ID|(?:XDG|SSH)_\w+|DOCKER_(?:HOST|CONTEXT|CONFIG|CERT_PATH|TLS_VERIFY)"
    r"|COMPOSE_(?:PROJECT_NAME|FILE|PROFILES|ENV_FILES|PATH_SEPARATOR)"
)
"""Variables that come from whoever deploys, not from a `.env`."""

_MAX_ROUNDS = 3
_NOTHING: Mapping[str, Alternative] = {}


class Settled(Struct, kw_only=True, dict=True):
    """A stack with all that could be found out about its variables.

    Attributes:
        vault: knows what the tokens in its texts stand for.
        templates: loaded with no variable known. final: loaded with the settled ones, and later with the bound ones.
        matches: its services with their containers. bindings: what was bound.
        models: services for which the hash proves other values than the rest's. proofs: what the hash says, by service.
    """

    vault: Vault
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
        return {**self.bindings.values, **self.stack.certain}

    @property
    def sealed(self) -> SealedVariables:
        """What is known of variables of which there are tokens alone."""
        return SealedVariables(vault=self.vault, tokens=self.stack.sealed, spellings=self.stack.deployment.spellings)

    @cached_property
    def container_ids(self) -> Mapping[str, str]:
        """The id of the first container of each service that has one."""
        return {match.service: match.containers[0].id for match in self.matches if match.containers}

    def model_for(self, service: str) -> Model:
        """What a service is compared with."""
        return self.models.get(service, self.final)

    def bound_by(self, service: str) -> frozenset[str]:
        """Names of the bound variables that a service uses."""
        return self.templates.names_in(service) & self.bindings.values.keys()

    def secrets(self) -> Iterator[str]:
        """Give, in clear, what is a secret by its name in any service of git's stack, or as a variable, whatever tells
        its value."""
        may_be = ((name, value) for name, values in self.bindings.choices.items() for value in values)
        # What runs in the place of a variable may be its default, and that another variable.
        within = {reference.name: names_in(reference.word) for reference in self.templates.references if reference.word}
        for name, value in (*self.known.items(), *may_be):
            for called in (unscoped(name), *within.get(name, ())):
                yield from named_secrets({called: value}, self.vault)
        for match in self.matches:
            yield from named_secrets(self.final.definition(match.service).get("environment") or {}, self.vault)


def secrets_on(containers: Containers, stacks: Iterable[Settled], vault: Vault) -> Iterator[str]:
    """Give, in clear, what is a secret by its name anywhere on a host: in its files, its containers, its stacks."""
    captured = containers.host.captured
    running = (container.variables for container in containers.all)
    for variables in (*captured.dotenv.values(), *captured.env_files.values(), *running):
        yield from named_secrets(variables, vault)
    for settled in stacks:
        yield from settled.secrets()


def bind_variables(settled: Settled) -> None:
    """Bind the open variables of a stack from its containers, and load it again with them."""
    for _ in range(_MAX_ROUNDS):
        if not settled.final.references or not _bind_more(settled):
            break


def _bind_more(settled: Settled) -> bool:
    """Bind what can be bound now, and load again: a port that is known leaves less to guess for the others."""
    final, matches, stack = settled.final, settled.matches, settled.stack
    known = {**ruled_out(settled), **stack.certain, **settled.bindings.values}
    left_out = optional(settled) if stack.knows_env else ()
    sights, handed_on = sights_of(final, matches), passed_on(final, matches)
    in_clear = cache(lambda: shown_in_clear(final))
    found = bind(sights, final.references, known, settled.sealed, handed_on, left_out, in_clear)
    not_it = ruled_out(settled, found.values)
    new = {name: value for name, value in {**found.values, **not_it}.items() if name not in settled.bindings.values}
    if not new:
        return False
    choices = {name: others for name, others in found.choices.items() if name not in not_it}
    settled.bindings = Bindings(
        values={**settled.bindings.values, **new},
        conflicts={**found.conflicts, **settled.bindings.conflicts},
        choices={**choices, **settled.bindings.choices},
        together=[*settled.bindings.together, *found.together],
    )
    settled.final = _load_most(settled.stack, settled.bindings.values, settled.final)
    return True


def optional(settled: Settled) -> frozenset[str]:
    """Names of variables that come to something without a value wherever they stand, and that no `.env` sets."""
    bare = {reference.name for reference in _references(settled) if reference.operator not in (":-", "-", ":+", "+")}
    return _not_set(settled) - bare


def _not_set(settled: Settled) -> frozenset[str]:
    """Names of variables that no known `.env` sets, nor the deployer's shell as a matter of course."""
    stack = settled.stack
    names = {reference.name for reference in _references(settled)} - stack.certain.keys() - stack.unknown
    scopes = {"", *stack.scopes}
    return frozenset(
        name
        for name in names
        if name.removeprefix(written := unscoped(name)) in scopes and not _OF_THE_SHELL.fullmatch(written)
    )


def _references(settled: Settled) -> Sequence[Reference]:
    # A default may hold further variables, which only the loading without the outer one shows.
    return (*settled.templates.references, *settled.final.references)


def ruled_out(settled: Settled, found: Mapping[str, Alternative] = _NOTHING) -> dict[str, Alternative]:
    """Give, as not set, the variables of which nothing comes that runs, by what the host's own compose files say: they
    do not use them, or it is their own default that was found. One without a default may still be in a `.env`.
    """
    used, mark = settled.stack.deployment.used, settled.vault.fingerprint
    if used is None:
        return {}
    names = [
        name
        for name in optional(settled) & settled.final.project.variables.keys()
        if name not in used or ((value := found.get(name)) is not UNSET and mark(value) == used[name])
    ]
    if settled.stack.knows_env:
        names += [name for name in _not_set(settled) if name not in used]
    return dict.fromkeys(names, UNSET)


def sights_of(model: Model, matches: Sequence[Match]) -> list[Sight]:
    """What the containers show of the leaves in which open variables stand."""
    sights = []
    open_keys = model.open_keys(match.service for match in matches if match.containers)
    for match in matches:
        if not (keys := open_keys.get(match.service)):
            continue
        rows = [row for row in (*TABLE, NAMES, *definitions.ROWS) if not keys.isdisjoint(row.keys)]
        declared = model.declared(match.service)
        for container in match.containers:
            for row in rows:
                wanted = row.expected(declared)
                if container.v1 and row.key == "environment":
                    # It replaces no variables in env files, and shows none that stand there.
                    sources = model.project.sources
                    wanted = {p: leaf for p, leaf in wanted.items() if not in_env_file(sources, match.service, p)}
                if has_marker(wanted):
                    sights.append(
                        Sight(
                            service=match.service,
                            created=container.created,
                            row=row,
                            wanted=wanted,
                            found=(row.sight or row.observed)(container, declared),
                            given=row.given(container, declared),
                            directory=declared.project.directory,
                        )
                    )
    return sights


def passed_on(model: Model, matches: Sequence[Match]) -> Iterator[Observation]:
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


def unexplained_texts(settled: Settled) -> Iterator[str]:
    """Give the running texts of places where git has an open variable, if no value of it explains them."""
    references, vault = settled.templates.references, settled.vault
    for sight in sights_of(settled.templates, settled.matches):
        for template, texts in pairs_of(sight):
            parts = pieces(template, references, {})
            # They are ways to write one value, which one of them explains as well as all.
            if not any(explains(parts, text, {}, vault) for text in texts):
                yield from texts
        # A command with other words binds no variable; its words stand where git has variables all the same.
        for path, leaf in sight.wanted.items() if sight.row.seal == "arguments" else ():
            if other_words(leaf, found := sight.found.get(path)) and found is not None:
                open_words = [pieces(word, references, {}) for word in leaf.value if has_marker(word)]
                others = [word for word in found.value if word not in leaf.value]
                yield from (o for o in others if any(explains(parts, o, {}, vault) is not None for parts in open_words))


def shown_in_clear(model: Model) -> frozenset[str]:
    """Names of the variables in what an inspect document never shows as a secret: names of all kinds, and what is no
    text of its own, such as ports, paths and limits. It shows no content of a config, nor how a volume is mounted."""
    shared = [part for parts in model.view.resources for part in parts.values() if part]
    shown: list[Any] = [(part.get("name"), part.get("file")) for part in shared]
    for service, keys in model.open_keys((*model.services, *model.disabled)).items():
        declared = model.declared(service)
        # Of `deploy` that is all: labels in it are Swarm's.
        shown += (declared.deploy("resources"), declared.deploy("restart_policy"))
        shown += (value for name, value in (declared.get("healthcheck") or {}).items() if name != "test")
        for row in TABLE:
            if not keys.isdisjoint(row.keys):
                shown += row.expected(declared)
                shown += (declared.get(key) for key in row.keys if row.seal == "text" and key != "deploy")
    return model.names_of(shown, defaults=True)


def load_with(
    stack: Stack,
    bound: Mapping[str, Alternative],
    model: Model,
    certain: Mapping[str, Alternative] | None = None,
) -> Model | None:
    """Load with bound variables; None where Compose would refuse what the running values say."""
    variables = {**(stack.certain if certain is None else certain), **bound}
    try:
        return fill(model, variables) or stack.load(variables)
    except BaselineError:
        return None


def _load_most(stack: Stack, bound: Mapping[str, Alternative], first: Model) -> Model:
    """Load with as many of the bound variables as Compose accepts: one odd value must not spoil the rest."""
    if (model := load_with(stack, bound, first)) is not None:
        return model
    best, accepted = first, dict[str, Alternative]()
    pending = [list(bound)]
    while pending:
        names = pending.pop()
        tried = accepted | {name: bound[name] for name in names}
        if (model := load_with(stack, tried, first)) is not None:
            best, accepted = model, tried
        elif len(names) > 1:
            half = len(names) // 2
            pending += [names[half:], names[:half]]
    return best
