"""Mend what structure rules can mend by themselves: small text edits in the working tree that keep the formatting."""

import os
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from homelab_assets.errors import UserError
from homelab_assets.files import write_whole
from homelab_assets.repository.rules import RULES
from homelab_assets.repository.rules.meta import Finding
from homelab_assets.repository.trees import WorkingTree


def fix(root: Path, findings: Iterable[Finding]) -> tuple[str, ...]:
    """Mend files below a folder, one by one, each written whole or not at all.

    Returns:
        What was changed, as `file: rule`, sorted.

    Raises:
        UserError: a file can't be written, or is a link.
    """
    fixable = {rule.META.id: rule for rule in RULES if rule.META.fixable}
    work: dict[str, list[tuple[Finding, ModuleType]]] = {}
    for finding in findings:
        if rule := fixable.get(finding.rule):
            file = rule.target(finding) if hasattr(rule, "target") else finding.file
            work.setdefault(file, []).append((finding, rule))
    fixed = set()
    for file, edits in work.items():
        # From the bottom up, so that the lines of the findings above stay true.
        edits.sort(key=lambda edit: edit[0].line or 0, reverse=True)
        fixed |= _fix_file(root, file, edits)
    return tuple(sorted(fixed))


def _fix_file(root: Path, file: str, edits: list[tuple[Finding, ModuleType]]) -> set[str]:
    place = root / file
    if place.is_symlink():
        raise UserError("is a symbolic link, and is not written to", where=file)
    data = WorkingTree(root).read(file)
    text = before = (data or b"").decode("utf-8", "surrogateescape")
    fixed = set()
    for finding, rule in edits:
        changed = rule.fix(finding, text)
        if changed is not None:
            text = changed
            fixed.add(f"{file}: {finding.rule}")
    if text != before or data is None:
        mode = place.stat().st_mode & 0o777 if data is not None else None
        write_whole(place, text.encode("utf-8", "surrogateescape"))
        if mode is not None:
            os.chmod(place, mode)
    return fixed
