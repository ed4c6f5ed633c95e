"""Backport one difference: find the smallest edit of the repository that makes git say what runs, and prove it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from homelab_assets.drift.document import Item
from homelab_assets.errors import UserError
from homelab_assets.model import Baseline
from homelab_assets.remediation import dotenv_text, splice, yaml_text
from homelab_assets.remediation.fields import candidates
from homelab_assets.remediation.model_leaves import service_part
from homelab_assets.remediation.proof import Overlay, Prover
from homelab_assets.remediation.splice import CannotEdit, FromVariable
from homelab_assets.remediation.wish import Wish
from homelab_assets.remediation.yaml_tree import line_of, parse
from homelab_assets.secrecy import TOKEN, words

_HIDDEN = re.compile(r"<secret(?: changed)?>|" + TOKEN.pattern)
PLACEHOLDER = "change-me"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backported:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBackported:
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
    if item.variables and item.change == "changed" and item.secret:
        return NotBackported(item=item, why=_hidden_behind(item))
    try:
        wish, variables = wish_of(item, service, baseline, prover)
    except CannotEdit as error:
        return NotBackported(item=item, why=str(error))
    reasons: list[str] = []
    objections: list[str] = []
    try:
        if any(prover.granted(aim, baseline) for aim in _aims(wish)):
            return NotBackported(item=item, why="git says so already")
        for aim, attempt in _all_attempts(item, wish, baseline, prover, reasons):
            edited = dict(attempt.files)
            objection = prover.objection(aim, baseline, edited, files=attempt.compose_files, also=also)
            if objection:
                objections.append(objection)
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
        reasons.append(error.what)
    return NotBackported(item=item, why=next(iter([*reasons, *objections]), "no edit of the file says this"))


def _hidden_behind(item: Item) -> str:
    names = ", ".join(f"`{name}`" for name in item.variables)
    if re.fullmatch(r"\$\{?\w+[^}]*\}?", str(item.baseline)):
        return f"git only names {names}; the value lies in the `.env` on the host, and git never holds it"
    return f"git builds it with {names}, whose value is never written to git: change the text around it by hand"


# Compose refuses a limit beside `deploy.resources` that says otherwise, or nothing.
_UNDER_DEPLOY = {
    "mem_limit": "deploy.resources.limits.memory",
    "cpus": "deploy.resources.limits.cpus",
    "pids_limit": "deploy.resources.limits.pids",
    "mem_reservation": "deploy.resources.reservations.memory",
}


def _all_attempts(
    item: Item, wish: Wish, baseline: Baseline, prover: Prover, reasons: list[str]
) -> Iterator[tuple[Wish, "_Attempt"]]:
    for aim in _aims(wish):
        for attempt in _attempts(item, aim, baseline, prover, reasons):
            yield aim, attempt


def _aims(wish: Wish) -> Iterator[Wish]:
    """Yield the wish, and the same under the other key that says it."""
    yield wish
    if other := _UNDER_DEPLOY.get(wish.path):
        value = wish.value if wish.value is None or other.endswith("pids") else str(wish.value)
        yield replace(wish, path=other, value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    file: str
    line: int
    files: Mapping[str, bytes]
    compose_files: Sequence[str] | None = None


def _attempts(item: Item, wish: Wish, baseline: Baseline, prover: Prover, reasons: list[str]) -> Iterator[_Attempt]:
    """Yield edits of one file after the other: the deciding one, then those that override it, last a new one."""
    tree = Overlay(baseline.tree, prover.changes)
    ordered = [item.file] if item.file else []
    ordered += [file for file in reversed(baseline.files) if file not in ordered]
    for file in ordered:
        data = tree.read(file)
        if data is None:
            continue
        line = item.line if file == item.file and file not in prover.changes else None
        try:
            text = _decode(data)
            if _is_dotenv(file):
                yield _edited_dotenv(file, text, wish)
                continue
            overriding = file != baseline.files[0] and file in baseline.files
            for edits in _edits(text, wish, line, overriding):
                yield _edited(file, data, text, edits)
        except FromVariable as error:
            reasons.insert(0, str(error))
            return
        except CannotEdit as error:
            reasons.append(str(error))
        except UserError as error:
            reasons.append(f"`{file}` {error.what}")
    own = f"{baseline.directory}/docker-compose.{baseline.endpoint}.yml".lstrip("/")
    if baseline.endpoint and not wish.removes and own not in baseline.files and tree.read(own) is None:
        text = yaml_text.document({"services": {wish.service: service_part(wish)}})
        yield _Attempt(file=own, line=2, files={own: text.encode()}, compose_files=(*baseline.files, own))


def _edits(text: str, wish: Wish, line: int | None, overriding: bool) -> Iterator[list[splice.Splice]]:
    whole = parse(text)
    services = whole.get("services") if whole is not None else None
    if (
        overriding
        and services is not None
        and services.kind == "mapping"
        and services.get(wish.service) is None
        and not wish.removes
    ):
        assert whole is not None
        yield splice.add_entry(
            text, services, wish.service, service_part(wish), splice.layout_of(text, services, whole)
        )
        return
    yield from candidates(text, wish, line=line)


def _edited(file: str, data: bytes, text: str, edits: list[splice.Splice]) -> _Attempt:
    new = splice.apply(text, edits)
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    first = min((edit.start for edit in edits), default=0)
    line = line_of(text, first)
    return _Attempt(file=file, line=line, files={file: mark + new.encode("utf-8")})


def _edited_dotenv(file: str, text: str, wish: Wish) -> _Attempt:
    if wish.head != "environment":
        raise CannotEdit("an env file decides it, which holds variables only")
    if file.rpartition("/")[2] == ".env":
        raise CannotEdit("a `.env` file decides it; which others use its variables can't be known")
    if isinstance(wish.value, str) and "${" in wish.value:
        raise CannotEdit("a secret does not belong into an env file in git")
    value = str(wish.value).replace("$$", "$") if wish.value is not None else ""
    new = dotenv_text.remove(text, wish.rest) if wish.removes else dotenv_text.set_value(text, wish.rest, value)
    lines = zip(text.splitlines(), new.splitlines(), strict=False)
    line = next((number for number, (old, now) in enumerate(lines, 1) if old != now), 1)
    return _Attempt(file=file, line=line, files={file: new.encode("utf-8")})


def _is_dotenv(file: str) -> bool:
    return not file.endswith((".yml", ".yaml", ".json"))


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotEdit("the file is not UTF-8 text") from None


def wish_of(item: Item, service: str, baseline: Baseline, prover: Prover) -> tuple[Wish, tuple[str, ...]]:
    """Return what the file shall say, and the names of the variables that hide a secret in it.

    Raises:
        CannotEdit: the running value is not known well enough to be written.
    """
    removes = item.change == "removed"
    wish = Wish(service=service, path=item.path, change=item.change, previous=item.baseline)
    if removes:
        return wish, ()
    if item.running is None and item.path.partition(".")[0] not in ("environment", "labels"):
        raise CannotEdit("what runs is not known")
    value = yaml_text.literal(item.running)
    if not _hides(item.running):
        if item.secret:
            raise CannotEdit("a secret changed inside it, and can't be told apart from the rest")
        return replace(wish, value=value), ()
    taken = _taken_names(baseline, prover)
    names: list[str] = []

    def variable(match: "re.Match[str]") -> str:
        names.append(secret_name(service, item.path, len(names), taken))
        return "${" + names[-1] + "}"

    return replace(wish, value=_with_variables(value, variable)), tuple(names)


def _hides(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_hides(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(_hides(part) for part in value)
    return isinstance(value, str) and bool(_HIDDEN.search(value))


def _with_variables(value: Any, variable: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_variables(part, variable) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_with_variables(part, variable) for part in value]
    return _HIDDEN.sub(variable, value) if isinstance(value, str) else value


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
        names |= set(re.findall(r"\$\{?([A-Za-z_]\w*)", text))
    return names


def _samples(baseline: Baseline, prover: Prover, variables: Sequence[str]) -> dict[str, bytes]:
    """Return `.env.sample` with a placeholder for each new variable."""
    if not variables:
        return {}
    path = f"{baseline.directory}/.env.sample".lstrip("/")
    text = (Overlay(baseline.tree, prover.changes).read(path) or b"").decode("utf-8", "surrogateescape")
    for name in variables:
        text = dotenv_text.add(text, name, PLACEHOLDER)
    return {path: text.encode("utf-8", "surrogateescape")}
