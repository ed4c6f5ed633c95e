"""From differences to the items that people read: where git decides them, how they are written, who set them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from homelab_assets.compose.interpolation import MARKER, unscoped
from homelab_assets.drift.document import ANEW, Change, Item, Subject
from homelab_assets.drift.fields import TABLE
from homelab_assets.drift.leaf import Difference, Leaf, Row
from homelab_assets.drift.matching import LEFTOVER
from homelab_assets.drift.models import Model
from homelab_assets.drift.policy import Policy
from homelab_assets.drift.rows.environment import UNSET
from homelab_assets.drift.rows.shapes import has_marker
from homelab_assets.drift.sealing import SealedCompare, map_texts, texts_in
from homelab_assets.drift.templates import Reference, match_pieces, pieces, readable
from homelab_assets.drift.unify import Settled
from homelab_assets.drift.view import Declared, Observed
from homelab_assets.model import Span
from homelab_assets.secrecy import SHOWN, SHOWN_CHANGED, has_token, names_a_secret, show
from homelab_assets.secrecy.values import Anywhere, is_ordinary

TWO_VALUES = "one variable, two values"
UNFINISHED = "an interrupted recreate of Compose left it this name"


class _Said(Struct, frozen=True, kw_only=True):
    """What git says of a leaf in its own words.

    Attributes:
        path: with the variables in it. text: what stands there, where variables are in it.
        names: of the variables in either. in_key: of those in the path.
    """

    path: str
    text: Any = None
    names: Sequence[str] = ()
    in_key: Sequence[str] = ()


class ItemWriter(Struct, frozen=True, kw_only=True):
    """Writes the items of one service.

    Attributes:
        settled: the stack; its templates are what git says in its own words. final: the stack as it was compared.
        secrets: tells what finds the host's secrets where they stand under no telling name (in a command, say).
        places: where git defines what else than the service it is about, by how its paths begin.
    """

    policy: Policy
    compare: SealedCompare
    settled: Settled
    final: Model
    subject: Subject
    secrets: Callable[[], Anywhere]
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def write(self, difference: Difference, container: Observed, *, note: str | None = None) -> Item:
        """Make the item of one difference."""
        said = self._said(difference)
        # What stands in a key is seen from outside (a port, a path); still, nobody is told what git calls a secret.
        hidden = has_token(difference.path) or any(names_a_secret(unscoped(name)) for name in said.in_key)
        spelled = show(self.compare.vault.seal_plain(said.path))
        covered = self._covered(spelled, SHOWN)
        plain = show(self.compare.vault.seal_plain(difference.path))
        path = covered if hidden or has_marker(difference.path) else self._covered(plain, SHOWN)
        cover = SHOWN_CHANGED if difference.change == "changed" else SHOWN
        span = self.span(difference.path, declared=difference.expected is not None)
        baseline, running = shown = self._values(difference, said.text, cover)
        if difference.row.seal != "reference":
            baseline, running = self._covered(baseline, SHOWN), self._covered(running, cover)
        kept_out = span is not None and not self.settled.stack.has_in_git(span.file)
        if kept_out:
            # What stands in a file that is kept out of git is as private as what stands behind a variable.
            baseline, running = SHOWN, None if running is None else cover
        elif self._is_from_the_host(difference):
            running = cover
        secret = said.text is not None or self._hides(difference) or (baseline, running) != shown or SHOWN in path
        beyond = None
        if not self.settled.bindings.conflicts.keys().isdisjoint(said.names):
            note = TWO_VALUES
        elif path == "container_name" and LEFTOVER.fullmatch(container.name):
            note = UNFINISHED
        else:
            beyond = difference.row.beyond(difference, container)
        item = self.item(
            path,
            difference.change,
            span,
            baseline=baseline,
            running=running,
            secret=secret,
            variables=tuple(dict.fromkeys(map(unscoped, said.names))),
            provenance=_provenance(difference, container),
            note=note,
            spelled=spelled if path not in (spelled, covered) else None,
        )
        if beyond:
            item = item.noting(f"{beyond}: {ANEW}")
        # Of such a file the variables are known, not the lines.
        return replace(item, line=None) if kept_out else item

    def item(self, path: str, change: Change, span: Span | None, *, rule: str | None = None, **fields: Any) -> Item:
        """An item with where git decides it, and how bad it is: by the policy for `rule`, if not for its path."""
        judged = self.policy.judge(rule or path, self.subject, change)
        file, line = (span.file, span.line) if span else (None, None)
        return Item(
            path=path, change=change, severity=judged.severity, rule=judged.reason, file=file, line=line, **fields
        )

    def _values(self, difference: Difference, template: Any, cover: str) -> tuple[Any, Any]:
        row, path = difference.row, difference.path
        baseline = running = None
        if difference.expected is not None:
            baseline = self.compare.shown(row, path, difference.expected.shown)
            if template is not None:
                baseline = self.compare.shown_template(row, path, template)
        if difference.observed is not None and difference.change != "removed":
            running = self.compare.shown(row, path, difference.observed.shown, cover)
            if template is not None and not has_marker(path):
                running = self._in_terms_of(template, difference.observed.shown, difference) or cover
        return _plain(baseline), _plain(running)

    def _covered(self, value: Any, cover: str) -> Any:
        secrets = self.secrets()
        return map_texts(value, lambda text: secrets.replaced(text, lambda secret: cover))

    def _in_terms_of(self, template: Any, text: Any, difference: Difference) -> str | None:
        """The running text with git's variables put back: what differs then stood in clear in git.

        None where that can't be done: what stands in the place of a variable may be a secret, whatever it looks like.
        """
        if not isinstance(template, str) or not isinstance(text, str):
            return None
        references = {str(r): r for r in self.settled.templates.references if str(r) in template}
        known = self.settled.known if references else {}
        for spelled, reference in references.items():
            value = known.get(reference.name)
            if not value or len(value) < 3 or value not in text:
                return None
            text = text.replace(value, spelled)
        return self.compare.shown(difference.row, difference.path, text) if references else None

    def _is_from_the_host(self, difference: Difference) -> bool:
        """Whether a variable runs with a value that a file of the host holds, be it that git names none any more."""
        if difference.row.key != "environment" or difference.observed is None or difference.change == "removed":
            return False
        name, value = difference.path.partition(".")[2], difference.observed.value
        files = self.settled.stack.deployment.env_files.values()
        return any(file.get(name) == value or (value in file.values() and not is_ordinary(value)) for file in files)

    def _hides(self, difference: Difference) -> bool:
        leaves = [leaf for leaf in (difference.expected, difference.observed) if leaf is not None]
        shown = [self.compare.shown(difference.row, difference.path, leaf.shown) for leaf in leaves]
        return any(SHOWN in text or SHOWN_CHANGED in text for text in texts_in(shown))

    def _said(self, difference: Difference) -> _Said:
        row, path = difference.row, readable(difference.path, self.final.references)
        if difference.expected is None:
            return _Said(path=path)
        references = self.settled.templates.references
        spelled, leaf = self._in_git(row, path)
        handed_on = row.key == "environment" and leaf is not None and leaf.value is UNSET
        if handed_on and difference.expected.value is not UNSET:
            name = path.partition(".")[2]
            return _Said(path=path, text=str(Reference(name)), names=[name])
        if leaf is None or not (has_marker(leaf) or has_marker(spelled)):
            return _Said(path=path)
        in_key = _names(spelled, references)
        names = list(dict.fromkeys([*in_key, *_names([leaf.value, leaf.written], references)]))
        text = map_texts(_plain(leaf.shown), lambda part: readable(part, references)) if has_marker(leaf) else None
        return _Said(path=readable(spelled, references), text=text, names=names, in_key=in_key)

    def _in_git(self, row: Row, path: str) -> tuple[str, Leaf | None]:
        """How git spells a path, in which variables may stand, and what it has there."""
        templates = self.settled.templates
        references = templates.references
        leaves = row.expected(templates.declared(self.subject.service))
        for spelled, leaf in leaves.items():
            if readable(spelled, references) == path:
                return spelled, leaf
        for known in (self.settled.known, {}):
            for spelled, leaf in leaves.items():
                if has_marker(spelled) and match_pieces(pieces(spelled, references, known), path, {}) is not None:
                    return spelled, leaf
        return path, None

    def span(self, path: str, *, declared: bool = True) -> Span | None:
        """Where git decides a leaf; where it would have to be added, if git doesn't have it."""
        key, _, rest = path.partition(".")
        base = ("services", self.subject.service)
        for prefix, place in self.places.items():
            if path.startswith(f"{prefix}."):
                return self.final.span(*place, *path.removeprefix(f"{prefix}.").split(".", 1)) or self.final.span(*base)
        if key in ("deploy", "healthcheck", "networks") or path.startswith("logging.options."):
            parts = path.split(".", 2) if key != "deploy" else path.split(".")
            if key == "networks" and len(parts) == 3:
                parts = [*parts[:2], *parts[2].split(".")]
            return self.final.span(*base, *parts)
        if rest and declared and (index := self._index(key, path)) is not None:
            return self.final.span(*base, key, index)
        return self.final.span(*base, key, rest) if rest else self.final.span(*base, key)

    def _index(self, key: str, path: str) -> str | None:
        """Position of the list entry that yields a leaf."""
        entries = self.final.definition(self.subject.service).get(key)
        row = next((row for row in TABLE if row.key == key), None)
        if not isinstance(entries, list) or row is None:
            return None
        for index, entry in enumerate(entries):
            alone = Declared(name=self.subject.service, service={key: [entry]}, project=self.final.view)
            if path in row.expected(alone):
                return str(index)
        return None


def _names(value: Any, references: Sequence[Any]) -> list[str]:
    return [references[int(match[1])].name for text in texts_in(value) for match in MARKER.finditer(text)]


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _provenance(difference: Difference, container: Observed) -> str:
    if difference.observed is None:
        return "nobody: the container doesn't have it"
    if difference.from_given:
        return "the image, or a default of the engine" if difference.row.image or difference.row.engine else "a default"
    if not container.managed:
        return "whoever started the container, without Compose"
    if difference.change == "added" and difference.row.daemon:
        return "set on the host, or a default of its daemon that no other container has"
    return "set on the host" + (", perhaps without recreating the container" if difference.row.live else "")
