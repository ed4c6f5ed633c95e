"""One stranger's stack, from the loader to changes on the host."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import ndiff
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

from homelab_assets.compose import Project
from homelab_assets.drift.behind_variables import sealed_for_rest, woken
from homelab_assets.drift.document import DriftDocument
from homelab_assets.errors import UserError
from homelab_assets.model import Baseline, Captured
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.strangers.agreement import disagreements
from homelab_assets_tests.drift.strangers.changes import Change, Subject, candidates, document
from homelab_assets_tests.drift.strangers.editing import edits
from homelab_assets_tests.drift.strangers.ground import BY_HAND, Ground
from homelab_assets_tests.drift.strangers.hand import ELSEWHERE, Act, acts, containers_of, named_networks, perform
from homelab_assets_tests.drift.strangers.leaves import Wanted, must_come, recreated
from homelab_assets_tests.drift.strangers.ledger import Ledger
from homelab_assets_tests.drift.strangers.openness import closed, is_open, open_roots, root_of
from homelab_assets_tests.drift.strangers.pictures import configuration, image_of
from homelab_assets_tests.drift.strangers.redefining import must_come_of_definitions, redefinitions
from homelab_assets_tests.drift.strangers.sources import Amended, commit_to
from homelab_assets_tests.drift.strangers.written import read_services
from homelab_assets_tests.drift.world import KEY, audit

CHANGES_IN_GIT = 6
"""How many changes a service gets by a further file, and as many edits of its own text."""
BY_HAND_SERVICES = 3
STORED = "stored"
_SHARING = ("network_mode", "ipc", "pid", "uts", "cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A stack that runs.

    Attributes:
        project: its model; symbolic: the same, as git alone tells it. running: services that have containers.
        refused: what the engine refused, with its reason. texts: its compose files in git.
        seed: of its images.
    """

    project: Project
    symbolic: Project
    running: Sequence[str]
    refused: Mapping[str, str]
    baseline: Baseline
    texts: Mapping[str, str]
    seed: int

    def wanted(self, other: Project, *, in_git: bool) -> list[Wanted]:
        """The items that must come if this other model is git's, or else runs."""
        found = []
        for name in self.running:
            own, changed = self.project.services[name], other.services.get(name, {})
            image = self.image(name)
            git, running = (changed, own) if in_git else (own, recreated(own, changed, image))
            found += must_come(name, git, running, image)
        found += must_come_of_definitions(self.project, other, self.running) if in_git else []
        return [self._as_named(one, other) for one in found] if not in_git else found

    def image(self, service: str) -> Mapping[str, Any]:
        """The configuration of a service's image."""
        return configuration(image_of(self.project, service), self.seed)

    def _as_named(self, item: Wanted, other: Project) -> Wanted:
        """A network that git does not know is called by its name."""
        key = item.path.removeprefix("networks.")
        if key == item.path or key in self.project.networks or key not in other.networks:
            return item
        return Wanted(service=item.service, path=f"networks.{other.networks[key]['name']}", change=item.change)

    def amended(self, name: str, text: str) -> Baseline:
        """What git has if a compose file reads like this, or is added."""
        file = self.file(name)
        more = () if file in self.baseline.files else (file,)
        tree = Amended(self.baseline.tree, file, text)
        return replace(self.baseline, tree=tree, files=(*self.baseline.files, *more))

    def file(self, name: str) -> str:
        """The path of a compose file in git."""
        return str(Path(self.baseline.directory, name))


class Trial:
    """The steps of one stack."""

    def __init__(self, ground: Ground, ledger: Ledger, seed: int) -> None:
        self.ground, self.ledger, self.seed = ground, ledger, seed
        self.name = ground.stranger.name
        self.vault = Vault(KEY)

    def run(self) -> str:
        """Try everything; return what there is to say of it in a line."""
        self.ground.prepare()
        verdict, differences = disagreements(self.ground)
        self.ledger.note(self.name, "loader", verdict, **({"differences": differences} if differences else {}))
        if verdict == "both refuse":
            return f"refused: {differences[0]['compose']}"
        with tempfile.TemporaryDirectory() as repository:
            deployed = self._deploy(Path(repository))
            if deployed.running:
                captures = self._captures()
                self._as_it_is(deployed, captures)
                self._changes_in_git(deployed, captures)
                self._changes_by_hand(deployed)
        refused = "".join(f"; engine refused {name}: {why}" for name, why in deployed.refused.items())
        return f"{len(deployed.running)} services{refused}"

    def _deploy(self, repository: Path) -> Deployed:
        project, stranger = self.ground.model(), self.ground.stranger
        self.ground.furnish(project, self.seed)
        refused = self.ground.up(tuple(project.services))
        tree, commit = commit_to(stranger, repository)
        files = {name: str(Path(stranger.directory, name)) for name in stranger.files}
        return Deployed(
            project=project,
            symbolic=self.ground.model(symbolic=True, known=False),
            running=[name for name in project.services if containers_of(self.ground.machine, name)],
            refused=refused,
            baseline=Baseline(
                repository="strangers", ref="main", commit=commit, stack=Path(stranger.directory).name,
                endpoint=self.ground.machine.name, bound_by="stack-targets.yml", directory=stranger.directory,
                files=tuple(files.values()), tree=tree,
            ),
            texts={name: (tree.read(file) or b"").decode("utf-8", "replace") for name, file in files.items()},
            seed=self.seed,
        )  # fmt: skip

    def _captures(self) -> dict[str, Captured]:
        """The host as it is, as another process will know it from what is stored, and if its `.env` can't be read."""
        readable = self.ground.capture(self.vault)
        captures = {"readable": readable, STORED: readable}
        if self.ground.has_environment:
            with self.ground.environment_hidden():
                captures["hidden"] = self.ground.capture(self.vault)
        return captures

    def _audit(self, variant: str, captured: Captured, baseline: Baseline) -> DriftDocument:
        if variant != STORED:
            return audit(captured, [baseline], vault=self.vault)
        stored, vault = sealed_for_rest(captured, [baseline], self.vault), Vault(KEY)
        return audit(
            woken(stored, [baseline], vault) if isinstance(stored, Captured) else stored, [baseline], vault=vault
        )

    def _as_it_is(self, deployed: Deployed, captures: Mapping[str, Captured]) -> None:
        for variant, captured in captures.items():
            result = self._audit(variant, captured, deployed.baseline)
            self.ledger.judge(self.name, f"as it is, {variant}", result, [], missing=deployed.refused)
            proven = "all" if result.summary["verified"] == len(deployed.running) else "not all"
            self.ledger.note(self.name, f"proven, {variant}", proven)

    def _changes_in_git(self, deployed: Deployed, captures: Mapping[str, Captured]) -> None:
        for service in deployed.running:
            dice = Random(f"{self.seed} {self.name} {service}")
            for change, text, wanted in islice(self._changes(deployed, service, dice), CHANGES_IN_GIT):
                said = {"key": change.key, "changed": text}
                self._judge_git("git", deployed, captures, {BY_HAND: text}, wanted, **said)
            for name, key, text, wanted in islice(self._edits(deployed, service, dice), CHANGES_IN_GIT):
                said = {"key": key, "changed": _difference(deployed.texts[name], text)}
                self._judge_git("git's text", deployed, captures, {name: text}, wanted, **said)

    def _judge_git(
        self, step: str, deployed: Deployed, captures: Mapping[str, Captured], texts: Mapping[str, str],
        wanted: Sequence[Wanted], **changed: Any,
    ) -> None:  # fmt: skip
        """Judge the audits with other texts in git."""
        baseline = deployed.amended(*next(iter(texts.items())))
        for variant, captured in captures.items():
            known = variant == "readable"
            self.ledger.judge(
                self.name, f"{step}, {variant}", self._audit(variant, captured, baseline), wanted, missing=deployed.refused,
                alike=() if known else open_roots(deployed.symbolic),
                is_open=partial(self._is_open, texts, known), **changed,
            )  # fmt: skip

    def _is_open(self, texts: Mapping[str, str], known: bool, item: Wanted) -> bool:
        return is_open(item, self.ground.model(texts, symbolic=True, known=known))

    def _changes(
        self, deployed: Deployed, service: str, dice: Random, *, in_git: bool = True
    ) -> Iterator[tuple[Change, str, list[Wanted]]]:
        """Changes of a service, each of another key, of which one difference must come (or none, if it is one that no
        container shows): the change, its compose file, what must come."""
        subject = Subject(
            name=service,
            model=deployed.project.services[service],
            text=read_services(tuple(deployed.texts.values())).get(service, {}),
            image=deployed.image(service),
        )
        keys: set[str] = set()
        for change in (*(redefinitions(subject, dice) if in_git else ()), *candidates(subject, dice)):
            text = document({service: [change]})
            if change.key in keys or (change.unseen and not in_git):
                continue
            wanted = self._one_difference(deployed, {BY_HAND: text}, in_git=in_git)
            if wanted is not None and bool(wanted) != change.unseen:
                keys.add(change.key)
                yield change, text, wanted

    def _edits(self, deployed: Deployed, service: str, dice: Random) -> Iterator[tuple[str, str, str, list[Wanted]]]:
        """Edits of git's own text, at most two of a key: the file, the key, the text after it, what must come."""
        keys: list[str] = []
        for name, before in deployed.texts.items():
            for edit in edits(before, service, dice):
                if keys.count(edit.key) < 2 and (wanted := self._one_difference(deployed, {name: edit.text})):
                    keys.append(edit.key)
                    yield name, edit.key, edit.text, wanted

    def _one_difference(
        self, deployed: Deployed, texts: Mapping[str, str], *, in_git: bool = True
    ) -> list[Wanted] | None:
        """What must come of other texts, if it is no more than one difference; None: it is more, or they are wrong."""
        try:
            changed = self.ground.model(texts)
        except UserError:
            return None
        wanted = deployed.wanted(changed, in_git=in_git)
        one = len(wanted) < 2 or {root_of(item.path) for item in wanted} == {"healthcheck"}
        return wanted if one and changed.services.keys() == deployed.project.services.keys() else None

    def _changes_by_hand(self, deployed: Deployed) -> None:
        """Recreate some services with changes, act on the containers of others, and see that all of it is told."""
        dice = Random(f"{self.seed} {self.name} by hand")
        free = [name for name in deployed.running if not _shared(name, deployed.project)]
        dice.shuffle(free)
        wanted, apart, text = self._recreated(deployed, free[:BY_HAND_SERVICES], dice)
        done: dict[str, Sequence[Sequence[str]]] = {}
        for service in free[BY_HAND_SERVICES : 2 * BY_HAND_SERVICES]:
            if act := self._acted(deployed, service, dice):
                wanted.append(act.wanted(service))
                done[service] = act.commands
        for variant, captured in self._captures().items():
            if variant != "readable" and not all(closed(one, deployed.project, deployed.symbolic) for one in wanted):
                continue
            self.ledger.judge(
                self.name, f"by hand, {variant}", self._audit(variant, captured, deployed.baseline), wanted,
                missing=deployed.refused, apart=apart, changed=text, done=done,
            )  # fmt: skip

    def _recreated(
        self, deployed: Deployed, services: Sequence[str], dice: Random
    ) -> tuple[list[Wanted], Mapping[str, str], str]:
        """Recreate services with one to three changes each: what must come, whom the engine refused, the file."""
        changes: dict[str, list[Change]] = {}
        for service in services:
            chosen = self._changes(deployed, service, dice, in_git=False)
            if picked := [change for change, _, _ in islice(chosen, dice.randint(1, 3))]:
                changes[service] = picked
        if not changes:
            return [], {}, ""
        text = document(changes)
        changed = self.ground.model({BY_HAND: text})
        self.ground.furnish(changed, self.seed)
        refused = self.ground.up(tuple(changes), by_hand=text)
        for service, why in refused.items():
            self.ledger.note(self.name, "by hand, engine", "refused", service=service, why=why, changed=text)
        wanted = [one for one in deployed.wanted(changed, in_git=False) if one.service not in refused]
        return wanted, refused, text

    def _acted(self, deployed: Deployed, service: str, dice: Random) -> Act | None:
        machine, model = self.ground.machine, deployed.project.services[service]
        containers = containers_of(machine, service)
        if len(containers) != 1:
            return None
        names = {key: deployed.project.networks[key]["name"] for key in model.get("networks") or {}}
        named = named_networks(machine, containers[0])
        networks = {key: name for key, name in names.items() if name in named}
        act = dice.choice(list(acts(service, model, containers[0], networks)))
        machine.docker("network", "create", ELSEWHERE, check=False)
        perform(machine, act)
        return act


def _shared(service: str, project: Project) -> bool:
    """Whether others are part of a service's container, so that they'd differ with it."""
    own = {f"service:{service}", f"container:{project.services[service].get('container_name')}"}
    return any(
        own.intersection(str(other.get(key)) for key in _SHARING)
        or service in (each.partition(":")[0] for each in other.get("volumes_from") or ())
        for other in project.services.values()
    )


def _difference(before: str, after: str) -> str:
    """The lines that an edit changed."""
    lines = ndiff(before.splitlines(), after.splitlines())
    return "\n".join(line for line in lines if line[:1] in "+-")
