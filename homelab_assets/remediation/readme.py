"""The README's table of services, edited by several pull requests at once.

Each changes the rows of its own service alone. Git merges neither two edits of one line nor those of neighbouring
lines, so a row beside one that another pull request changes stays as it is; the README's own pull request
(`readme_plan`) brings it up to date when those are merged.
"""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from homelab_assets.errors import UserError
from homelab_assets.model import Baseline, FileTree
from homelab_assets.remediation.model_leaves import Model
from homelab_assets.remediation.proof import Loader
from homelab_assets.remediation.repository_docs import (
    BEGIN,
    ServiceRow,
    repository_readme,
    row_line,
    service_rows,
    stamp_of,
    unstamped,
)

README = "README.md"


class Readme:
    """A README as git has it, and the lines of it that pull requests edit.

    Args:
        rows: what git has. moment: of the audit, ISO 8601 UTC. whole: all of git could be read.

    Attributes:
        text: as it is. refreshed: as it should be, its audit stamp included.
        due: whether it lists other services than git has, or none yet.
    """

    def __init__(self, text: str, rows: Sequence[ServiceRow], moment: str, *, whole: bool = True) -> None:
        self.text, self._day = text, moment.partition("T")[0]
        self._rows = {row.key: row for row in rows}
        self.refreshed = repository_readme(text, rows, moment)
        self.due = whole and unstamped(self.refreshed) != unstamped(text)
        self._lines = text.split("\n")
        self._taken = set(_changed(self._lines, self.refreshed.split("\n"))) if self.due else set[int]()

    def edited(self, rows: Iterable[ServiceRow]) -> str:
        """Return the text after a change of the services, without the lines that stand beside those of other changes.

        Args:
            rows: what git has after the change.
        """
        if BEGIN not in self.text:
            return self.text
        after = {row.key: row for row in rows}
        edits: dict[int, str | None] = {}
        for key, row in self._rows.items():
            new = after.get(key)
            if new != row and (line := self._line_of(row)) is not None:
                edits[line] = self._lines[line].replace(row_line(row), row_line(new)) if new is not None else None
        if stamp := stamp_of(self.text):
            line = self.text.count("\n", 0, stamp.start())
            edits[line] = self._lines[line].replace(stamp[0], f"{stamp['head']}{self._day}")
        free = {line: new for line, new in edits.items() if self._taken.isdisjoint((line - 1, line, line + 1))}
        self._taken.update(free)
        kept = (free.get(number, line) for number, line in enumerate(self._lines))
        return "\n".join(line for line in kept if line is not None)

    def _line_of(self, row: ServiceRow) -> int | None:
        """Where a row stands; None where the README is behind git."""
        wanted = row_line(row)
        return next((number for number, line in enumerate(self._lines) if line.rstrip("\r") == wanted), None)


def readme_of(tree: FileTree, baselines: Sequence[Baseline], load: Loader, moment: str) -> Readme | None:
    """Return the README of a repository; None where it has none that can be edited.

    Args:
        tree: the repository. baselines: its stacks. load: the compose loader. moment: of the audit, ISO 8601 UTC.
    """
    try:
        text = (tree.read(README) or b"").decode("utf-8")
    except UnicodeDecodeError:
        return None
    refused: list[Baseline] = []

    def noting(baseline: Baseline) -> Model:
        try:
            return load(baseline)
        except UserError:
            refused.append(baseline)
            raise

    rows = list(service_rows(baselines, noting)) if text else []
    return Readme(text, rows, moment, whole=not refused) if text else None


def _changed(before: Sequence[str], after: Sequence[str]) -> Iterable[int]:
    """Yield the numbers of the lines that an edit touches; of new lines, those between which they come."""
    for kind, start, end, _, _ in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "insert":
            yield from (start - 1, start)
        elif kind != "equal":
            yield from range(start, end)
