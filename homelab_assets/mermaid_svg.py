"""Diagrams as SVG, drawn by mermaid-cli where it is installed. Markdown shows them without."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from homelab_assets.files import write_whole

_DIAGRAM = re.compile(r"^```mermaid\n(?P<source>.*?)\n```$", re.MULTILINE | re.DOTALL)
_SECONDS = 120


def draw(folder: Path, documents: Sequence[Path]) -> Iterator[str]:
    """Draw each diagram of Markdown documents beside them, as `svg/<document>-<number>.svg`; yield what went wrong.

    Those of diagrams that a document does not have any more are removed.

    Args:
        folder: of the documents, for names in messages. documents: those that are gone may be among them.
    """
    program = shutil.which("mmdc")
    if program is None:
        yield "no SVG was drawn: mermaid-cli is not installed (npm install -g @mermaid-js/mermaid-cli)"
        return
    for path in documents:
        sources = _DIAGRAM.findall(path.read_text("utf-8")) if path.suffix == ".md" and path.is_file() else []
        for number, source in enumerate(sources, 1):
            target = path.parent / "svg" / f"{path.stem}-{number}.svg"
            if problem := _draw(program, source, target):
                yield f"{path.relative_to(folder) if path.is_relative_to(folder) else path}: {problem}"
        for old in (path.parent / "svg").glob("*.svg"):
            name, _, count = old.stem.rpartition("-")
            if name == path.stem and count.isdecimal() and int(count) > len(sources):
                old.unlink(missing_ok=True)


def _draw(program: str, source: str, target: Path) -> str | None:
    with tempfile.TemporaryDirectory(prefix="mermaid-") as room:
        made = Path(room) / "diagram.svg"
        Path(room, "diagram.mmd").write_text(source, "utf-8")
        arguments = [program, "--quiet", "-i", str(Path(room, "diagram.mmd")), "-o", str(made)]
        settings = Path.home() / ".config" / "mermaid-puppeteer.json"
        arguments += ["-p", str(settings)] if settings.is_file() else []
        try:
            subprocess.run(arguments, check=True, capture_output=True, timeout=_SECONDS)  # noqa: S603  # fixed program
        except (subprocess.SubprocessError, OSError) as error:
            return f"could not be drawn: {type(error).__name__}"
        # On too large a text mermaid-cli exits with 0 and draws the error.
        text = made.read_text("utf-8") if made.is_file() else ""
        if not text or "Maximum text size" in text or "Syntax error" in text:
            return "could not be drawn: mermaid refuses it"
        if not target.is_file() or target.read_text("utf-8") != text:
            write_whole(target, text)
    return None
