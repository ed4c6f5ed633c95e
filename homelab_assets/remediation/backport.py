"""Backport one difference: find the smallest edit of the repository that makes git say what runs, and prove it."""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from homelab_assets.compose.interpolation import names_in
from homelab_assets.drift.cause import IMAGE_MOVED
from homelab_assets.drift.document import Item
from homelab_assets.drift.items import UNFINISHED
from homelab_assets.drift.past import MOVED_ON
from homelab_assets.drift.sealing import map_texts, texts_in
from homelab_assets.drift.templates import references_in
from homelab_assets.errors import UserError
from homelab_assets.model import Baseline
from homelab_assets.remediation import dotenv_text, yaml_text
from homelab_assets.remediation.attempts import Attempt, attempts
from homelab_assets.remediation.proof import Overlay, Prover
from homelab_assets.remediation.splice import CannotEdit
from homelab_assets.remediation.wish import Wish
from homelab_assets.secrecy import HIDDEN, words

PLACEHOLDER = "change-me"


class Backported(Struct, frozen=True, kw_only=True):
    """One difference that git will not have any more.

    Attributes:
        file, line: where the edit stands (the line in the edited file). files: new content by path.
        variables: names that must be set in the `.env` on the host before the next deploy.
        override: it was added beside what decides it, because that is shared.
    """

    item: Item
    file: str
    line: int
    files: Mapping[str, bytes]
    variables: Sequence[str] = ()
    override: bool = False


class NotBackported(Struct, frozen=True, kw_only=True):
    """One difference that stays, and why."""

    item: Item
    why: str

    @property
    def path(self) -> str:
        """The item's path."""
        return self.item.path


def backport(
    item: Item, service: str, baseline: Baseline, prover: Prover, *, also: Sequence[Baseline] = ()
) -> Backported | NotBackported:
    """Backport one difference.

    Args:
        service: name of the service in git. baseline: the stack on the endpoint where it was found.
        prover: knows the repository's stacks, with the edits that were accepted so far; a success is accepted by it.
        also: other endpoints of the stack where the same difference was found.
    """
    own = _in_git_s_words(item)
    if why := _not_for_git(item, own):
        return NotBackported(item=item, why=why)
    try:
        wish, variables = wish_of(item, service, baseline, prover, own)
    except CannotEdit as error:
        return NotBackported(item=item, why=str(error))
    reasons: dict[str, str] = {}
    objections: dict[str, str] = {}
    try:
        if any(prover.granted(aim, baseline) for aim in _aims(wish)):
            return NotBackported(item=item, why="git says so already")
        for aim, attempt in _all_attempts(item, wish, baseline, prover, reasons):
            edited = dict(attempt.files)
            objection = prover.objection(aim, baseline, edited, files=attempt.compose_files, also=also)
            if objection:
                objections.setdefault(attempt.file, objection)
                continue
            edited |= _samples(baseline, prover, variables)
            prover.accept(edited)
            return Backported(
                item=item,
                file=attempt.file,
                line=attempt.line,
                files=edited,
                variables=variables,
                override=item.change != "added" and attempt.file != item.file,
            )
    except UserError as error:
        reasons = {"": error.what}
    # The deciding file knows best, and where it can't be edited says more than what is wrong with an edit.
    files = sorted([*reasons, *objections], key=lambda file: file != item.file)
    why = next((reasons.get(file) or objections[file] for file in files), "no edit of the file says this")
    return NotBackported(item=item, why=why)


def _not_for_git(item: Item, own: str | None) -> str | None:
    """Say why a difference is none that git should take over, whatever its files look like; None where it may."""
    if item.variables and item.change == "changed" and (item.secret or item.spelled) and own is None:
        return _hidden_behind(item)
    if item.note == UNFINISHED:
        return f"{UNFINISHED}: rename the container, git is right"
    if item.of_definition or item.beyond_files:
        return item.note
    if item.note and MOVED_ON in item.note:
        return MOVED_ON
    if item.note == IMAGE_MOVED:
        return f"{IMAGE_MOVED}: pull it, git is right"
    return None


def _in_git_s_words(item: Item) -> str | None:
    """Return what runs as a file says it with git's own variables; None where the audit could not put those back.

    They are text among other text there, and a `$` that runs is none of theirs.
    """
    git, running = item.baseline, item.running
    if item.change != "changed" or item.spelled or not isinstance(git, str) or not isinstance(running, str):
        return None
    references = [text for text in references_in(git) if names_in(text).intersection(item.variables)]
    if not references or HIDDEN.search(running) or not all(text in running for text in references):
        return None
    parts = re.split(f"({'|'.join(map(re.escape, references))})", running)
    return "".join(part if part in references else yaml_text.literal(part) for part in parts)


def _hidden_behind(item: Item) -> str:
    names = ", ".join(f"`{name}`" for name in item.variables)
    if re.fullmatch(r"\$\{?\w+[^}]*\}?", str(item.baseline)):
        return f"git takes it from {names}: its value belongs into the `.env` on the host, and is never written to git"
    return f"git builds it with {names}, whose value is never written to git: change the text around it by hand"


# Compose refuses a limit beside `deploy.resources` that says otherwise, or nothing.
_UNDER_DEPLOY = {
    "mem_limit": "deploy.resources.limits.memory",
    "cpus": "deploy.resources.limits.cpus",
    "pids_limit": "deploy.resources.limits.pids",
    "mem_reservation": "deploy.resources.reservations.memory",
}


def _all_attempts(
    item: Item, wish: Wish, baseline: Baseline, prover: Prover, reasons: dict[str, str]
) -> Iterator[tuple[Wish, Attempt]]:
    for aim in _aims(wish):
        for attempt in attempts(item, aim, baseline, prover, reasons):
            yield aim, attempt


def _aims(wish: Wish) -> Iterator[Wish]:
    """Yield the wish, and the same under the other key that says it."""
    yield wish
    if other := _UNDER_DEPLOY.get(wish.path):
        value = wish.value if wish.value is None or other.endswith("pids") else str(wish.value)
        yield replace(wish, path=other, value=value)


def wish_of(
    item: Item, service: str, baseline: Baseline, prover: Prover, own: str | None = None
) -> tuple[Wish, tuple[str, ...]]:
    """Return what the file shall say, and the names of the variables that hide a secret in it.

    Args:
        own: the running value with git's own variables, where it can be said so.

    Raises:
        CannotEdit: the running value is not known well enough to be written.
    """
    removes = item.change == "removed"
    wish = Wish(service=service, path=item.spelled or item.path, change=item.change, previous=item.baseline)
    if removes:
        return wish, ()
    if item.running is None and item.path.partition(".")[0] not in ("environment", "labels"):
        raise CannotEdit("what runs is not known")
    if HIDDEN.search(wish.path):
        raise CannotEdit("a secret is a part of its name")
    if own is not None:
        return replace(wish, value=own, kept=frozenset(names_in(own))), ()
    value = yaml_text.literal(item.running)
    if not any(map(HIDDEN.search, texts_in(item.running))):
        if item.secret and item.variables:
            raise CannotEdit("a secret changed inside it, and can't be told apart from the rest")
        return replace(wish, value=value), ()
    taken = _taken_names(baseline, prover)
    names: list[str] = []

    def variable(match: "re.Match[str]") -> str:
        names.append(secret_name(service, item.path, len(names), taken))
        return "${" + names[-1] + "}"

    hidden = map_texts(value, lambda text: HIDDEN.sub(variable, text))
    return replace(wish, value=hidden), tuple(names)


def secret_name(service: str, path: str, number: int, taken: set[str]) -> str:
    """Return a name that says what the secret is for, and that the stack does not use yet."""
    head, _, rest = path.partition(".")
    parts = [part.upper() for part in words(rest.rpartition(".")[2] if head == "labels" else rest or head)]
    own = re.sub(r"\W", "_", rest) if head == "environment" and re.fullmatch(r"[A-Za-z_]\w*", rest) else "_".join(parts)
    prefix = re.sub(r"\W", "_", service).upper()
    wanted = own if head == "environment" and not number else f"{prefix}_{own or 'SECRET'}"
    for suffix in ("", *(f"_{count}" for count in range(2, 100))):
        for name in dict.fromkeys((wanted + suffix, f"{prefix}_{own}{suffix}")):
            if name not in taken and re.fullmatch(r"[A-Za-z_]\w*", name):
                taken.add(name)
                return name
    raise CannotEdit("no name for the secret is free")


def _taken_names(baseline: Baseline, prover: Prover) -> set[str]:
    """Return the names of variables that the stack uses already: two secrets must not share one."""
    tree = Overlay(baseline.tree, prover.changes)
    names = {*baseline.samples, *baseline.variables}
    for file in baseline.files:
        text = (tree.read(file) or b"").decode("utf-8", "replace")
        names |= names_in(text)
    return names


def _samples(baseline: Baseline, prover: Prover, variables: Sequence[str]) -> dict[str, bytes]:
    """Return `.env.sample` with a placeholder for each new variable."""
    if not variables:
        return {}
    path = baseline.inside(".env.sample")
    text = (Overlay(baseline.tree, prover.changes).read(path) or b"").decode("utf-8", "surrogateescape")
    for name in variables:
        text = dotenv_text.add(text, name, PLACEHOLDER)
    return {path: text.encode("utf-8", "surrogateescape")}
