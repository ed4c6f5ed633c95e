"""The edits of a stack's files that could write a difference into git, the best first; `backport` proves them."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

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


class Attempt(Struct, frozen=True, kw_only=True):
    """One edit that might say what runs.

    Attributes:
        file, line: where it stands. files: new content by path.
        compose_files: the stack's compose files with it, where it adds one.
    """

    file: str
    line: int
    files: Mapping[str, bytes]
    compose_files: Sequence[str] | None = None


def attempts(item: Item, wish: Wish, baseline: Baseline, prover: Prover, reasons: dict[str, str]) -> Iterator[Attempt]:
    """Yield edits of one file after the other: the deciding one, then those that override it, last a new one.

    Args:
        reasons: gets why a file can't be edited.
    """
    tree = Overlay(baseline.tree, prover.changes)
    if item.file and tree.read(item.file) is None:
        reasons[item.file] = f"`{item.file}` decides it, which git doesn't have: change it on the host"
        return
    wish = replace(wish, declared=_declared(baseline, tree, prover))
    ordered = [item.file] if item.file else []
    ordered += [file for file in reversed(baseline.files) if file not in ordered]
    everywhere: dict[str, Attempt] = {}
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
            wish = replace(wish, fresh=_lines(text) - _lines(_decode(baseline.tree.read(file) or b"")))
            for edits in _edits(text, wish, line, overriding):
                attempt = _edited(file, data, text, edits)
                everywhere.setdefault(file, attempt)
                yield attempt
        except FromVariable as error:
            reasons.clear()
            reasons[item.file or file] = str(error)
            return
        except CannotEdit as error:
            reasons.setdefault(file, str(error))
        except UserError as error:
            reasons.setdefault(file, f"`{file}` {error.what}")
    if wish.removes and len(everywhere) > 1:
        # Several files say it, and all have to stop.
        first, *_ = everywhere.values()
        yield replace(first, files={file: attempt.files[file] for file, attempt in everywhere.items()})
    own = baseline.endpoint_file
    if baseline.endpoint and not wish.removes and own not in baseline.files and tree.read(own) is None:
        text = yaml_text.document({"services": {wish.service: service_part(wish)}})
        yield Attempt(file=own, line=2, files={own: text.encode()}, compose_files=(*baseline.files, own))


def _lines(text: str) -> frozenset[str]:
    return frozenset(line.strip() for line in text.splitlines())


def _declared(baseline: Baseline, tree: Overlay, prover: Prover) -> frozenset[str]:
    # The model knows what included files declare, the files also what no service uses yet.
    model = prover.model(baseline)
    names = {f"{section}.{name}" for section in ("networks", "volumes") for name in model.get(section) or {}}
    for file in baseline.files:
        try:
            whole = parse(_decode(tree.read(file) or b""))
        except (CannotEdit, UserError):
            continue
        for section in ("networks", "volumes"):
            present = whole.get(section) if whole is not None else None
            names |= {f"{section}.{key.text}" for key, _ in (present.entries if present is not None else ())}
    return frozenset(names)


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


def _edited(file: str, data: bytes, text: str, edits: list[splice.Splice]) -> Attempt:
    new = splice.apply(text, edits)
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    first = min((edit.start for edit in edits), default=0)
    line = line_of(text, first)
    return Attempt(file=file, line=line, files={file: mark + new.encode("utf-8")})


def _edited_dotenv(file: str, text: str, wish: Wish) -> Attempt:
    if wish.head != "environment":
        raise CannotEdit("an env file decides it, which holds variables only")
    if file.rpartition("/")[2] == ".env":
        raise CannotEdit("a `.env` file decides it; which others use its variables can't be known")
    if wish.kept:
        raise CannotEdit("git builds it with variables in an env file: change the text around them by hand")
    if isinstance(wish.value, str) and "${" in wish.value:
        raise CannotEdit("a secret does not belong into an env file in git")
    value = str(wish.value).replace("$$", "$") if wish.value is not None else ""
    new = dotenv_text.remove(text, wish.rest) if wish.removes else dotenv_text.set_value(text, wish.rest, value)
    lines = zip(text.splitlines(), new.splitlines(), strict=False)
    line = next((number for number, (old, now) in enumerate(lines, 1) if old != now), 1)
    return Attempt(file=file, line=line, files={file: new.encode("utf-8")})


def _is_dotenv(file: str) -> bool:
    return not file.endswith((".yml", ".yaml", ".json"))


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotEdit("the file is not UTF-8 text") from None
