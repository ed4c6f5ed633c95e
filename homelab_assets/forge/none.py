"""No forge: patch and body of each pull request lie under `reports/pull-requests/`, to be applied by hand."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from homelab_assets.files import write_whole


def write_proposal(directory: Path, name: str, *, title: str, body: str, patch: str) -> tuple[Path, Path]:
    """Write `<name>.patch` (for `git apply`) and `<name>.md` (title and body), where they differ from what is there.

    Args:
        directory: `reports/pull-requests`. name: unique for the service, without slashes.

    Returns:
        the two files.
    """
    texts = {directory / f"{name}.patch": patch, directory / f"{name}.md": f"# {title}\n\n{body}"}
    for path, text in texts.items():
        data = text.encode("utf-8", "surrogateescape")
        if not path.is_file() or path.read_bytes() != data:
            write_whole(path, data)
    patch_file, body_file = texts
    return patch_file, body_file


def body_of(directory: Path, name: str) -> str:
    """Return what `<name>.md` says, "" where there is none."""
    try:
        return (directory / f"{name}.md").read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""


def drop_others(directory: Path, kept: Iterable[str], *, prefix: str, spared: Sequence[str] = ()) -> tuple[Path, ...]:
    """Remove the proposals of one repository whose drift is gone, and return them.

    Args:
        prefix: of the repository's proposals. spared: longer prefixes, of other repositories.
    """
    names = set(kept)
    gone = [
        path
        for path in sorted(directory.glob(f"{prefix}*"))
        if path.suffix in (".patch", ".md") and path.stem not in names and not path.stem.startswith(tuple(spared))
    ]
    for path in gone:
        path.unlink(missing_ok=True)
    return tuple(gone)
