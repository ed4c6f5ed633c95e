"""One stranger's stack, from the loader to changes on the host."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from msgspec.structs import replace

from homelab_assets.compose import Project
from homelab_assets.drift.document import DriftDocument
from homelab_assets.errors import UserError
from homelab_assets.model import Baseline, Captured
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.strangers.agreement import disagreements
from homelab_assets_tests.drift.strangers.changes import Change, Subject, candidates, document
from homelab_assets_tests.drift.strangers.ground import BY_HAND, Ground
from homelab_assets_tests.drift.strangers.hand import ELSEWHERE, Act, acts, containers_of, perform
from homelab_assets_tests.drift.strangers.leaves import Wanted, must_come
from homelab_assets_tests.drift.strangers.ledger import Ledger
from homelab_assets_tests.drift.strangers.openness import closed
from homelab_assets_tests.drift.strangers.pictures import configuration, image_of
from homelab_assets_tests.drift.strangers.sources import Amended, commit_to
from homelab_assets_tests.drift.strangers.written import read_services
from homelab_assets_tests.drift.world import KEY, audit

CHANGES_IN_GIT = 6
BY_HAND_SERVICES = 3
_SHARING = ("network_mode", "ipc", "pid", "uts", "volumes_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A stack that runs: its model, the services that the engine refused, what git has of it, what is written."""

    project: Project
    refused: Mapping[str, str]
    baseline: Baseline
    text: Mapping[str, Mapping[str, object]]

    @property
    def running(self) -> list[str]:
        """Services that have containers."""
        return [name for name in self.project.services if name not in self.refused]

    def wanted(self, other: Project, *, in_git: bool) -> list[Wanted]:
        """The items that must come if this other model is git's, or else runs."""
        found = []
        for name in self.running:
            own, changed = self.project.services[name], other.services.get(name, {})
            found += must_come(name, changed, own) if in_git else must_come(name, own, changed)
        return found


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
        files = tuple(str(Path(stranger.directory, name)) for name in stranger.files)
        baseline = Baseline(
            repository="strangers", ref="main", commit=commit, stack=Path(stranger.directory).name,
            endpoint=self.ground.machine.name, bound_by="stack-targets.yml", directory=stranger.directory,
            files=files, tree=tree,
        )  # fmt: skip
        text = read_services([tree.read(file) or b"" for file in files])
        return Deployed(project=project, refused=refused, baseline=baseline, text=text)

    def _captures(self) -> dict[str, Captured]:
        """The host as it is, and as it is if its `.env` can't be read."""
        captures = {"readable": self.ground.capture(self.vault)}
        if self.ground.has_environment:
            with self.ground.environment_hidden():
                captures["hidden"] = self.ground.capture(self.vault)
        return captures

    def _audit(self, captured: Captured, baseline: Baseline) -> DriftDocument:
        return audit(captured, [baseline], vault=self.vault)

    def _as_it_is(self, deployed: Deployed, captures: Mapping[str, Captured]) -> None:
        for variant, captured in captures.items():
            result = self._audit(captured, deployed.baseline)
            self.ledger.judge(self.name, f"clean, {variant}", result, [], missing=deployed.refused)
            self.ledger.note(
                self.name, f"verified, {variant}", str(result.summary["verified"] == len(deployed.running))
            )

    def _subject(self, deployed: Deployed, service: str) -> Subject:
        return Subject(
            model=deployed.project.services[service],
            text=deployed.text.get(service, {}),
            image=configuration(image_of(deployed.project, service), self.seed),
        )

    def _chosen(
        self, deployed: Deployed, service: str, dice: Random, *, in_git: bool
    ) -> Iterator[tuple[Change, str, list[Wanted]]]:
        """Changes of which one item must come (or none, if it is one that no container shows), each of another key:
        the change, its compose file, the item."""
        keys: set[str] = set()
        for change in candidates(self._subject(deployed, service), dice):
            if change.key in keys or (change.unseen and not in_git):
                continue
            text = document({service: [change]})
            try:
                changed = self.ground.model(text)
            except UserError:
                continue
            wanted = deployed.wanted(changed, in_git=in_git)
            if len(wanted) == (0 if change.unseen else 1):
                keys.add(change.key)
                yield change, text, wanted

    def _changes_in_git(self, deployed: Deployed, captures: Mapping[str, Captured]) -> None:
        directory = deployed.baseline.directory
        file = str(Path(directory, BY_HAND))
        for service in deployed.running:
            dice = Random(f"{self.seed} {self.name} {service}")
            chosen = self._chosen(deployed, service, dice, in_git=True)
            for _, (change, text, wanted) in zip(range(CHANGES_IN_GIT), chosen, strict=False):
                tree = Amended(deployed.baseline.tree, file, text)
                baseline = replace(deployed.baseline, tree=tree, files=(*deployed.baseline.files, file))
                for variant, captured in captures.items():
                    self.ledger.judge(
                        self.name, f"git, {variant}", self._audit(captured, baseline), wanted,
                        missing=deployed.refused, key=change.key, changed=text,
                    )  # fmt: skip

    def _changes_by_hand(self, deployed: Deployed) -> None:
        """Recreate some services with changes, act on the containers of others, and see that all of it is told."""
        dice = Random(f"{self.seed} {self.name} by hand")
        free = [name for name in deployed.running if not _shared(name, deployed.project)]
        dice.shuffle(free)
        wanted, apart, text = self._recreated(deployed, free[:BY_HAND_SERVICES], dice)
        done: dict[str, list[tuple[str, ...]]] = {}
        for service in free[BY_HAND_SERVICES : 2 * BY_HAND_SERVICES] or free[:1]:
            if any(one.service == service for one in wanted) or service in apart:
                continue
            if act := self._acted(deployed, service, dice):
                wanted.append(act.wanted(service))
                done[service] = list(act.commands)
        symbolic = self.ground.model(symbolic=True)
        for variant, captured in self._captures().items():
            if variant == "hidden" and not all(closed(one, deployed.project, symbolic) for one in wanted):
                continue
            self.ledger.judge(
                self.name, f"by hand, {variant}", self._audit(captured, deployed.baseline), wanted,
                missing=deployed.refused, apart=apart, changed=text, done=done,
            )  # fmt: skip

    def _recreated(
        self, deployed: Deployed, services: Sequence[str], dice: Random
    ) -> tuple[list[Wanted], Mapping[str, str], str]:
        """Recreate services with one to three changes each: what must come, whom the engine refused, the file."""
        changes: dict[str, list[Change]] = {}
        for service in services:
            chosen = self._chosen(deployed, service, dice, in_git=False)
            picked = [change for _, (change, _, _) in zip(range(dice.randint(1, 3)), chosen, strict=False)]
            if picked:
                changes[service] = picked
        if not changes:
            return [], {}, ""
        text = document(changes)
        changed = self.ground.model(text)
        self.ground.furnish(changed, self.seed)
        refused = self.ground.up(tuple(changes), by_hand=text)
        wanted = [one for one in deployed.wanted(changed, in_git=False) if one.service not in refused]
        for service, why in refused.items():
            self.ledger.note(self.name, "by hand, engine", "refused", service=service, why=why, changed=text)
        return wanted, refused, text

    def _acted(self, deployed: Deployed, service: str, dice: Random) -> Act | None:
        machine = self.ground.machine
        containers = containers_of(machine, service)
        if len(containers) != 1:
            return None
        model = deployed.project.services[service]
        networks = {key: deployed.project.networks[key]["name"] for key in model.get("networks") or {}}
        act = dice.choice(list(acts(model, containers[0], networks)))
        machine.docker("network", "create", ELSEWHERE, check=False)
        perform(machine, act)
        return act


def _shared(service: str, project: Project) -> bool:
    """Whether others are part of a service's container, so that they'd differ with it."""
    references = [str(other.get(key)) for other in project.services.values() for key in _SHARING]
    name = project.services[service].get("container_name")
    return any(
        f"service:{service}'" in f"{text}'" or (name and f"container:{name}" in text) for text in references
    ) or any(
        each.partition(":")[0] == service
        for other in project.services.values()
        for each in other.get("volumes_from") or ()
    )
