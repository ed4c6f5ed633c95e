"""Writes generated documents: only what changed, whole or not at all, around people's own text."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from homelab_assets.documentation import markers
from homelab_assets.documentation.words import NOTES
from homelab_assets.errors import UserError
from homelab_assets.files import write_whole

MANAGED = {
    "architecture": "architecture",
    "catalog": "catalog",
    "dependencies": "dependencies",
    "runbooks": "troubleshooting",
}
"""By part, the folder below `docs/` whose generated files go when what they are about is gone."""


class Publication(Struct, frozen=True, kw_only=True):
    """What writing did, by path. `problems`: files that were left alone, with the reason."""

    written: Sequence[Path] = ()
    unchanged: Sequence[Path] = ()
    removed: Sequence[Path] = ()
    problems: Sequence[str] = ()

    def __add__(self, other: "Publication") -> "Publication":
        return Publication(
            written=(*self.written, *other.written),
            unchanged=(*self.unchanged, *other.unchanged),
            removed=(*self.removed, *other.removed),
            problems=(*self.problems, *other.problems),
        )


def publish(folder: Path, documents: Mapping[str, str]) -> Publication:
    """Write documents below a folder.

    A file that would differ only in which audit saw it stays as it is, so that an audit that found nothing new
    changes nothing.

    Raises:
        UserError: the folder is not writable, or the disk is full.
    """
    written, unchanged, problems = [], [], []
    for name, text in documents.items():
        path = folder / name
        try:
            existing = _read(path)
            new = markers.renewed(existing, text, markdown=name.endswith(".md"))
        except (markers.BrokenMarkers, UnicodeDecodeError, IsADirectoryError) as error:
            problems.append(f"{path}: left as it is, mend or delete it: {error}")
            continue
        if new is None:
            unchanged.append(path)
        else:
            write_whole(path, new)
            written.append(path)
    return Publication(written=written, unchanged=unchanged, problems=problems)


def remove_obsolete(
    folder: Path, current: Iterable[str], managed: Iterable[str] = tuple(MANAGED.values())
) -> Publication:
    """Delete generated files that are not among the current ones. Files in which people wrote stay, with a problem.

    Args:
        current: paths below `folder` that were generated now.
    """
    kept, removed, problems = set(current), [], []
    for directory in managed:
        for path in sorted((folder / directory).rglob("*.md")):
            if path.relative_to(folder).as_posix() in kept or path.is_symlink():
                continue
            try:
                text = path.read_text("utf-8")
                if not markers.is_generated(text):
                    continue
                own = markers.own_text(text)
            except (markers.BrokenMarkers, UnicodeDecodeError, OSError):
                continue
            if _only_ours(own):
                path.unlink(missing_ok=True)
                removed.append(path)
            else:
                problems.append(
                    f"{path}: what it is about is gone, but somebody wrote in it: move that text, then delete it"
                )
    return Publication(removed=removed, problems=problems)


def _only_ours(own: str) -> bool:
    lines = [line for line in own.replace(NOTES, "").splitlines() if line.strip()]
    return len(lines) <= 1 and all(line.startswith("# ") for line in lines)


def _read(path: Path) -> str | None:
    try:
        # Bytes, so that somebody's line endings stay as they are.
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (PermissionError, NotADirectoryError) as error:
        raise UserError(f"can't be read: {error.strerror}", where=str(path), hint="mend its permissions") from None
