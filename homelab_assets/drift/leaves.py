"""Comparing all rows of one container with one service, open variables and secrets in play."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count, takewhile

from msgspec import Struct, field

from homelab_assets.drift import compose_older, compose_v1, podman
from homelab_assets.drift.fields import TABLE
from homelab_assets.drift.leaf import Difference, Given, Leaf, Leaves, Row, Silence, Told, Uncompared, differences
from homelab_assets.drift.rows import definitions
from homelab_assets.drift.rows.networks import NAMES, NETWORKS
from homelab_assets.drift.rows.ports import is_range
from homelab_assets.drift.rows.shapes import has_marker
from homelab_assets.drift.sealed_variables import SealedVariables
from homelab_assets.drift.sealing import SealedCompare, explains
from homelab_assets.drift.sights import as_one_text, other_words, texts_of
from homelab_assets.drift.still import rows_to_compare
from homelab_assets.drift.templates import UNSET, Reference, match_pieces, pieces, readable
from homelab_assets.drift.view import Declared, Observed
from homelab_assets.late import late
from homelab_assets.model import Span
from homelab_assets.secrecy import redact

_NOTHING: Leaves = {}

_ALWAYS_SHOWN = frozenset(
    ("ports", "volumes", "tmpfs", "devices", "environment", "labels", "annotations", "sysctls", "security_opt",
     "cap_add", "cap_drop", "group_add")
)  # fmt: skip
"""Rows whose entries all show on a container, whatever their keys come to: no engine runs one with an empty key."""

_OF_A_RANGE = late(r"(expose|ports)\.(\d+)(/\w+)")

_KNOWN_OF_DAEMONS = ("logging.driver", "runtime", "ipc")
"""Leaves whose default the engine's `info` names, or that differ from every default a daemon may have."""


class Comparison(Struct):
    """The outcome for one container: what differs, what agrees (a count), what could not be compared."""

    differences: list[Difference] = field(default_factory=list)
    compared: int = 0
    uncompared: dict[str, str] = field(default_factory=dict)


class Comparer(Struct, frozen=True, kw_only=True):
    """Compares containers with services.

    Attributes:
        compare: knows about secrets. sealed: variables of which there are tokens alone.
        references: what the markers in git's values stand for.
        open_files: files with variables or labels that git doesn't have, by key (`environment`, `labels`) and service.
        sources: where values are written, by their path in the model.
        template: the service as git writes it, all variables open.
    """

    compare: SealedCompare
    sealed: SealedVariables
    references: Sequence[Reference] = ()
    open_files: Mapping[str, Mapping[str, Mapping[str, frozenset[str]]]] = field(default_factory=dict)
    sources: Mapping[tuple[str, ...], Span] = field(default_factory=dict)
    template: Declared | None = None

    def run(self, declared: Declared, observed: Observed) -> Comparison:
        """Compare one container."""
        result = Comparison()
        rows, result.compared = rows_to_compare(declared, observed)
        for row, speaks in rows:
            if row.at_once is not None and (agreeing := row.at_once(observed, declared)) is not None:
                result.compared += agreeing
                continue
            wanted = row.expected(declared) if speaks else _NOTHING
            found = row.observed(observed, declared)
            if row is NETWORKS and self.sealed.tokens:
                found = self._by_other_names(found, declared, observed)
            if wanted or found:
                self._compare_row(row, wanted, found, declared, observed, result)
        return result

    def run_shared(self, declared: Declared, observed: Observed) -> Comparison:
        """Compare the networks and volumes that a container has with their definitions."""
        result = Comparison()
        for row in definitions.ROWS:
            wanted, found = row.expected(declared), row.observed(observed, declared)
            if wanted or found:
                self._compare_row(row, wanted, found, declared, observed, result)
        return result

    def _by_other_names(self, found: Leaves, declared: Declared, observed: Observed) -> Leaves:
        """Running networks, by its own name each that is not the one which a variable names, as its token tells."""
        renamed, running = dict(found), NAMES.observed(observed, declared)
        for path, name in NAMES.expected(declared).items():
            parts, other = pieces(name.value, self.references, {}), running.get(path)
            if other is not None and self.sealed.deny(parts, (other.value,), {}):
                renamed.pop(path.removesuffix(".name"), None)
                renamed[f"networks.{other.value}"] = Leaf(True, other.value)
        return renamed

    def _compare_row(
        self, row: Row, wanted: Leaves, found: Leaves, declared: Declared, observed: Observed, result: Comparison
    ) -> None:
        given = partial(row.given, observed, declared)
        if self.references:
            wanted, found = self._settle_paths(row, wanted, found, given, result)
        agreeing, told = differences(row, wanted, found, given, self._same)
        if any("<secret#" in verdict.path for verdict in told):
            agreeing, told = differences(row, self._at_running_paths(wanted, found), found, given, self._same)
        result.compared += agreeing
        for verdict in told:
            match self._weighed(verdict, declared, observed):
                case str(reason):
                    result.uncompared[verdict.path] = reason
                    continue
                case Difference() as difference:
                    result.differences.append(difference)
            result.compared += 1

    def _at_running_paths(self, wanted: Leaves, found: Leaves) -> Leaves:
        """Git's leaves by the paths that run, where one side's are sealed and both say the same."""
        reveal = self.compare.vault.reveal
        running = {reveal(path): path for path in found}
        return {running.get(reveal(path), path): leaf for path, leaf in wanted.items()}

    def _weighed(self, verdict: Told, declared: Declared, observed: Observed) -> Difference | str | None:
        """Return the difference, or why nothing can be said of the leaf, or None where it agrees in its own way."""
        if isinstance(verdict, Silence):
            return verdict.reason
        if verdict.row.shared:
            return verdict
        if compose_v1.not_yet(verdict, observed):
            return "Compose v1 joins it when the container is first started"
        if compose_older.not_passed_on(verdict, observed):
            return "the Compose that created it ignores it"
        if compose_older.read_apart(verdict, declared, observed, self.sources):
            return "the Compose that created it looked elsewhere for the variables in its env file"
        if self._agrees(verdict, declared, observed):
            return None
        if observed.host.podman and (reason := podman.unshown(verdict, observed)):
            return reason
        if verdict.change == "added" and _may_be_the_daemons(verdict, observed):
            return "may be this daemon's default: no other container tells"
        unread = self.open_files.get(verdict.row.key, {}).get(declared.name, {})
        name = verdict.path.partition(".")[2]
        if verdict.expected is not None:
            unread = {file: anew for file, anew in unread.items() if name in anew}
        # It may set a variable to what the image has as well.
        if unread and verdict.observed is not None:
            files = redact(readable(", ".join(unread), self.references))
            return f"may come from {files}, which git doesn't have"
        return verdict

    def _agrees(self, difference: Difference, declared: Declared, container: Observed) -> bool:
        """Whether another engine or an older Compose has done what git says, in its own way."""
        if container.host.podman and podman.agrees(difference, declared, container):
            return True
        expected, observed = difference.expected, difference.observed
        if not (container.v1 or container.podman_compose) or not expected or not observed:
            return False
        vault, path = self.compare.vault, difference.path
        wanted, running = (vault.reveal(v) if isinstance(v, str) else v for v in (expected.value, observed.value))
        if compose_v1.read_from_env_file(self.sources, declared, path) == running:
            return True
        read_otherwise = compose_v1.in_env_file(self.sources, declared.name, path) or self._varies(difference)
        return difference.change == "changed" and compose_v1.spelled_alike(wanted, running, env_file=read_otherwise)

    def _varies(self, difference: Difference) -> bool:
        """Whether a variable stands in git's own text."""
        return self.template is not None and has_marker(difference.row.expected(self.template).get(difference.path))

    def _same(self, row: Row, path: str, expected: Leaf, observed: Leaf) -> bool | None:
        if not self.references or not has_marker(expected):
            return self.compare(row, path, expected.value, observed.value)
        return self._accepts(row, expected, observed)

    def _accepts(self, row: Row, expected: Leaf, observed: Leaf) -> bool | None:
        """Whether a value with open variables may be the running one; None where its form can't be compared."""
        if row.seal == "arguments" and other_words(expected, observed):
            return False
        vault = self.compare.vault
        pairs = list(texts_of(row, expected, observed))
        if not pairs:
            return None
        for template, texts in pairs:
            parts = pieces(template, self.references, {})
            if not (allowed := self.sealed.allow(parts, texts, {})):
                return allowed
            if all(explains(parts, text, {}, vault) is None for text in texts):
                known = all(map(vault.revealable, (*texts, *(part.literal for part in parts))))
                return False if known else None
        return True

    def _settle_paths(
        self, row: Row, wanted: Leaves, found: Leaves, given: Callable[[], Given], result: Comparison
    ) -> tuple[Leaves, Leaves]:
        """Set aside leaves whose very name holds an open variable, with the running leaves that they may be; one that
        nothing running can be stays: no value of the variable explains that."""
        if not any(map(has_marker, wanted)):
            return wanted, found
        closed = {path: leaf for path, leaf in wanted.items() if not has_marker(path)}
        kept, lost = dict(found), dict[str, Leaf]()
        for path, leaf in wanted.items():
            if path in closed:
                continue
            if row.key in _ALWAYS_SHOWN and not self._runs_anyhow(row, path, leaf, closed, found):
                lost[path] = leaf
                continue
            rest = {other: there for other, there in kept.items() if other not in closed}
            if row.key in _ALWAYS_SHOWN and self._is_another(row, path, leaf, rest):
                lost[path] = leaf
                continue
            match = self._at_open_path(row, path, leaf, rest, given)
            result.uncompared[readable(path, self.references)] = "a variable in its name isn't known"
            for other in _as_one(match, found) if match else ():
                if other not in closed:
                    kept.pop(other, None)
        return closed | lost, kept

    def _runs_anyhow(self, row: Row, path: str, leaf: Leaf, closed: Leaves, found: Leaves) -> bool:
        """Whether anything that runs may be this leaf, be it that several of git's leaves come to the same."""
        if isinstance(leaf.value, Uncompared):
            return True
        others = found.keys() - closed.keys() if is_range(path) else found
        return any(self._may_be_called(row, path, other) for other in others)

    def _may_be_called(self, row: Row, path: str, running: str) -> bool:
        """Whether some value of the variable in a leaf's name gives this one."""
        if is_range(path):
            return True
        # A port's variable may name the protocol, too.
        names = (path, path.removesuffix("/tcp")) if row.key == "ports" else (path,)
        return any(match_pieces(pieces(name, self.references, {}), running, {}) is not None for name in names)

    def _is_another(self, row: Row, path: str, leaf: Leaf, rest: Leaves) -> bool:
        """Whether none of these is the leaf, as the token of the variable in its name tells."""
        pairs = as_one_text(row, path, leaf, rest)
        return any(self.sealed.deny(pieces(template, self.references, {}), texts, {}) for template, texts in pairs)

    def _at_open_path(self, row: Row, path: str, leaf: Leaf, rest: Leaves, given: Callable[[], Given]) -> str | None:
        """Return which running leaf this may be: rather one that would be told than one that the image declares, rather
        one with this value, and rather one that a default gives."""
        told = {verdict.path for verdict in differences(row, {}, rest, given)[1] if isinstance(verdict, Difference)}
        return max(
            (other for other in rest if self._may_be_called(row, path, other)),
            key=lambda other: (
                other in told,
                self._same(row, path, leaf, rest[other]) or False,
                self._by_default(row, leaf, rest[other]),
            ),
            default=None,
        )

    def _by_default(self, row: Row, expected: Leaf, observed: Leaf) -> bool:
        """Whether a running value is what a variable's default gives."""
        pairs = () if isinstance(expected.value, Uncompared) else texts_of(row, expected, observed)
        told = (
            explains(pieces(template, self.references, {}), text, {}, self.compare.vault)
            for template, texts in pairs
            for text in texts
        )
        return any(UNSET in alternatives for found in told if found for alternatives in found.values())


def _as_one(path: str, running: Leaves) -> Iterator[str]:
    """A running leaf with those that one variable may give with it: that of a port may name a range."""
    yield path
    if one := _OF_A_RANGE.fullmatch(path):
        for step in (1, -1):
            ports = (f"{one[1]}.{port}{one[3]}" for port in count(int(one[2]) + step, step))
            yield from takewhile(running.__contains__, ports)


def _may_be_the_daemons(difference: Difference, observed: Observed) -> bool:
    """Whether Compose put nothing there, as the hash proves if it is one that we can compute, and neither the engine's
    `info` nor another container tells what the daemon does."""
    if not difference.row.daemon or difference.path in _KNOWN_OF_DAEMONS:
        return False
    return bool(observed.proven or observed.v1) and observed.host.habits.alone(difference.path, observed)


def row_of(path: str) -> Row | None:
    """The row that a leaf's path belongs to."""
    root = path.partition(".")[0]
    return next((row for row in TABLE if row.key.partition(".")[0] == root), None)
