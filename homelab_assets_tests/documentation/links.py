"""Follows every link of the Markdown and HTML files below a folder, as GitHub and a browser do."""

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt

RENDERER = MarkdownIt("commonmark", {"html": True}).enable("table")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()
        self._heading: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value is not None:
                self.targets.append(value)
            elif name in ("id", "name") and value:
                self.anchors.add(value)
        if re.fullmatch("h[1-6]", tag):
            self._heading = []

    def handle_data(self, data: str) -> None:
        if self._heading is not None:
            self._heading.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._heading is not None and re.fullmatch("h[1-6]", tag):
            self.anchors.add(re.sub(r"[^\w\- ]", "", "".join(self._heading).strip().lower()).replace(" ", "-"))
            self._heading = None


class Site:
    """Markdown and HTML pages below a folder, with what they link to and what they can be linked at."""

    def __init__(self, root: Path, patterns: Sequence[str] = ("**/*.md", "**/*.html")) -> None:
        self.root = root.resolve()
        self.pages = {file: _page(file) for pattern in patterns for file in sorted(self.root.glob(pattern))}

    @property
    def links(self) -> int:
        """How many relative links there are."""
        return sum(not _ELSEWHERE.match(target) for page in self.pages.values() for target in page.targets)

    def dead(self) -> Iterator[str]:
        """Yield `page: target` for every relative link that leads nowhere, or to no such place on its page."""
        for file, page in self.pages.items():
            for target in page.targets:
                if not _ELSEWHERE.match(target) and not self._leads(file, target):
                    yield f"{file.relative_to(self.root)}: {target}"

    def _leads(self, page: Path, target: str) -> bool:
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        return file.exists() and (not anchor or file not in self.pages or anchor in self.pages[file].anchors)


def _page(file: Path) -> _Page:
    page, text = _Page(), file.read_text("utf-8")
    page.feed(RENDERER.render(text) if file.suffix == ".md" else text)
    return page
