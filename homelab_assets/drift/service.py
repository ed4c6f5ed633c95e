"""The verdict on one service: its containers compared, its state judged, its cause named."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from homelab_assets.compose.interpolation import unscoped
from homelab_assets.drift import cause as causes
from homelab_assets.drift import definitions
from homelab_assets.drift.compose_older import as_older
from homelab_assets.drift.compose_v1 import as_v1
from homelab_assets.drift.definitions import Share
from homelab_assets.drift.document import Ignored, Item, ServiceDrift, Status, Subject
from homelab_assets.drift.evidence import NOTHING
from homelab_assets.drift.image_moved import moved_to, short
from homelab_assets.drift.items import ItemWriter
from homelab_assets.drift.leaves import Comparer, Comparison
from homelab_assets.drift.matching import Match
from homelab_assets.drift.models import Model
from homelab_assets.drift.policy import MOVED, Policy
from homelab_assets.drift.rows.shapes import dig, has_marker, number
from homelab_assets.drift.sealing import SealedCompare
from homelab_assets.drift.unify import Settled
from homelab_assets.drift.view import Declared, Host, Observed
from homelab_assets.secrecy import SHOWN, show
from homelab_assets.secrecy.values import Anywhere

_ONE_SHOT = ("", "no", "none", "on-failure")


class Judge(Struct, frozen=True, kw_only=True, dict=True):
    """What all services of one stack on one host are judged with. `secrets`: tells what finds those of the host."""

    host: Host
    settled: Settled
    policy: Policy
    secrets: Callable[[], Anywhere]
    today: str

    @cached_property
    def _compare(self) -> SealedCompare:
        return SealedCompare(self.settled.vault, self.host.captured.spellings)

    @cached_property
    def _shares(self) -> Mapping[str, Share]:
        """What each service tells of networks and volumes."""
        return definitions.shares_of(self.settled)

    def _subject(self, match: Match) -> Subject:
        return Subject(self.host.name, self.settled.stack.baseline.stack, match.service)

    def judge(self, match: Match) -> tuple[ServiceDrift | None, list[Ignored]]:
        """Judge one service; None where there is nothing to say (its profiles are off and nothing runs)."""
        if not match.containers:
            no_container = replicas(match.declared) == 0 or "provider" in match.declared
            if not match.enabled or no_container:
                return None, []
            return self._verdict(match, "missing", ()), []
        model = self.settled.model_for(match.service)
        items, comparisons = self._items(match, model)
        kept, ignored = self._without_ignored(match, items)
        status, note = self._status(match, kept)
        return self._verdict(match, status, kept, comparisons=comparisons, note=note), ignored

    def _items(self, match: Match, model: Model) -> tuple[dict[str, Item], list[Comparison]]:
        declared = model.declared(match.service)
        whole = self.settled.proofs.get(match.service, NOTHING).whole
        files = {} if whole else model.open_files
        comparer = Comparer(
            compare=self._compare,
            references=model.references,
            open_files=files,
            sources=model.project.sources,
            sealed=self.settled.sealed,
            template=self.settled.templates.declared(match.service),
        )
        writer = ItemWriter(
            policy=self.policy,
            compare=self._compare,
            settled=self.settled,
            final=model,
            subject=self._subject(match),
            secrets=self.secrets,
        )
        items: dict[str, Item] = {}
        comparisons = []
        for container in match.containers:
            seen_by = self._as_created(declared, container, model)
            comparison = comparer.run(seen_by, container)
            comparisons.append(comparison)
            for difference in comparison.differences:
                note = f"in {container.name}" if len(match.containers) > 1 else None
                item = writer.write(difference, container, note=note)
                items.setdefault(item.path, item)
        if share := self._shares.get(match.service):
            comparison, more = definitions.compare(share, comparer, writer)
            comparisons.append(comparison)
            items = {item.path: item for item in more} | items
        if "image" not in items and (moved := self._moved_item(match, writer)):
            items["image"] = moved
        if scale := self._scale_item(match, self._as_created(declared, match.containers[0], model), writer):
            items[scale.path] = scale
        return dict(sorted(items.items())), comparisons

    def _as_created(self, declared: Declared, container: Observed, model: Model) -> Declared:
        """The service as the Compose that created a container understands it."""
        if container.v1:
            return as_v1(declared, lambda key: model.raw(declared.name, key))
        return as_older(declared, container)

    def _moved_item(self, match: Match, writer: ItemWriter) -> Item | None:
        """The item of a tag that names another image now."""
        for container in match.containers:
            if identity := moved_to(container):
                text = str(container.config.get("Image"))
                return writer.item(
                    "image",
                    "changed",
                    writer.span("image"),
                    rule=MOVED,
                    baseline=f"{text} ({short(identity)})",
                    running=f"{text} ({short(str(container.container.get('Image')))})",
                    provenance="the engine: the tag was pulled or built again",
                    note=causes.IMAGE_MOVED,
                )
        return None

    def _scale_item(self, match: Match, declared: Declared, writer: ItemWriter) -> Item | None:
        wanted, found = replicas(declared.service), len(match.containers)
        if wanted is None or wanted == found or not match.enabled or not any(c.managed for c in match.containers):
            return None
        in_deploy = declared.deploy("replicas") is not None
        explicit = in_deploy or declared.get("scale") is not None
        path = "deploy.replicas" if in_deploy else "scale"
        return writer.item(
            path,
            "changed" if explicit else "added",
            writer.span(path),
            baseline=wanted if explicit else None,
            running=found,
            provenance="set on the host",
        )

    def _without_ignored(self, match: Match, items: Mapping[str, Item]) -> tuple[list[Item], list[Ignored]]:
        kept, ignored = [], []
        subject = self._subject(match)
        for path, item in items.items():
            if rule := self.policy.ignoring(path, subject, self.today):
                ignored.append(rule.hidden(path, subject))
            else:
                kept.append(item)
        return kept, ignored

    def _status(self, match: Match, items: Sequence[Item]) -> tuple[Status, str | None]:
        ended = [one for one in match.containers if not one.running and not self._is_done(one, match)]
        paused = [one for one in match.containers if one.paused]
        note = "; ".join(_remarks(match, ended, paused)) or None
        if items:
            return "drifted", note
        return ("stopped" if (ended or paused) and match.enabled else "clean"), note

    def _is_done(self, container: Observed, match: Match) -> bool:
        """Whether a container that doesn't run did what it was for: a job that ended well and isn't to be restarted.

        Who ends well because somebody or a reboot stopped it looks alike, unless it is there to answer.
        """
        state, declared = container.state, match.declared
        if state.get("Status") not in ("exited", None) or state.get("ExitCode") not in (0, None):
            return False
        policy = (declared.get("deploy") or {}).get("restart_policy") or {}
        wanted = str(policy.get("condition") or declared.get("restart") or "")
        others = self.settled.model_for(match.service).services.values()
        return wanted.partition(":")[0] in _ONE_SHOT and not _answers(match.service, declared, others)

    def _shown(self, text: str) -> str:
        return self.secrets().replaced(show(text), lambda secret: SHOWN)

    def _verdict(
        self,
        match: Match,
        status: Status,
        items: Sequence[Item],
        *,
        comparisons: Sequence[Comparison] = (),
        note: str | None = None,
    ) -> ServiceDrift:
        model = self.settled.model_for(match.service)
        baseline = self.settled.stack.baseline
        span = model.span("services", match.service)
        first = match.containers[0] if match.containers else None
        finding = causes.find(match, status, items, self.settled)
        told = [pair for comparison in comparisons for pair in comparison.uncompared.items()]
        uncompared = {self._shown(path): self._shown(reason) for path, reason in told}
        return ServiceDrift(
            **self._subject(match)._asdict(),
            container=first.name if first else None,
            status=status,
            evidence=finding.evidence,
            cause=finding.cause,
            items=tuple(items),
            remedy=finding.remedy,
            repository=baseline.repository,
            file=span.file if span else baseline.files[0] if baseline.files else None,
            line=span.line if span else None,
            created=(first.created or None) if first else None,
            note="; ".join(part for part in (note, finding.note) if part) or None,
            bound=tuple(sorted(map(unscoped, self.settled.bound_by(match.service)))),
            compared=sum(c.compared for c in comparisons),
            uncompared=dict(sorted(uncompared.items())),
        )


def _remarks(match: Match, ended: Sequence[Observed], paused: Sequence[Observed]) -> Iterator[str]:
    """What the state of a service's containers gives to say. `ended`: those that should run and don't."""
    if not any(container.managed for container in match.containers):
        yield "started without Compose, matched by its name"
    if any(container.host_config.get("AutoRemove") for container in match.containers):
        yield "started with `--rm`: it is gone as soon as it stops"
    if ended and match.enabled:
        state, code = ended[0].state.get("Status") or "exited", ended[0].state.get("ExitCode")
        what = "never started" if state == "created" else f"{state} with code {code}"
        share = f" ({len(ended)} of {len(match.containers)})" if len(ended) < len(match.containers) else ""
        yield f"not running: {what}{share}"
    if paused and match.enabled:
        yield f"paused, so that it serves nothing: {', '.join(one.name for one in paused)}"
    if match.leftovers:
        yield f"an interrupted recreate left {', '.join(one.name for one in match.leftovers)} behind"
    if not match.enabled:
        yield "its profiles are off, yet it exists"


def replicas(declared: Mapping[str, Any]) -> int | None:
    """How many containers git wants; None where a variable decides it."""
    deploy = declared.get("deploy") or {}
    value = deploy.get("replicas")
    if value is None:
        value = declared.get("scale", 1)
    if has_marker(value):
        return None
    wanted = number(value)
    return wanted if isinstance(wanted, int) else 1


def _answers(name: str, declared: Mapping[str, Any], others: Collection[Mapping[str, Any]]) -> bool:
    """Whether a service is there to answer: it has ports, is watched, or others link to it or need it to be healthy."""
    awaited = {dig(other, "depends_on", name, "condition") for other in others}
    if "service_completed_successfully" in awaited:
        return False
    check = declared.get("healthcheck") or {}
    watched = bool(check.get("test")) and not check.get("disable") and check["test"] != ["NONE"]
    linked = any(str(link).partition(":")[0] == name for other in others for link in other.get("links") or ())
    return watched or linked or "service_healthy" in awaited or any(map(declared.get, ("ports", "expose")))
