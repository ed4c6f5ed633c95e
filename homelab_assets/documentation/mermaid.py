"""Flowcharts that render wherever Mermaid does: plain `flowchart`, invented ids, escaped labels, within limits.

A diagram of more than 500 edges or 50,000 characters is refused by every renderer, and the diagram itself can't raise
that (https://mermaid.js.org/config/schema-docs/config.html): whoever draws splits before.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, field

from homelab_assets.rendering.markdown import terminal_safe
from homelab_assets.secrecy import show

MOST_EDGES, MOST_CHARACTERS = 400, 45_000

Shape = Literal["box", "round", "stadium", "cylinder", "hexagon", "cloud"]
_SHAPES = {
    "box": ("[", "]"),
    "round": ("(", ")"),
    "stadium": ("([", "])"),
    "cylinder": ("[(", ")]"),
    "hexagon": ("{{", "}}"),
    "cloud": ("((", "))"),
}
_ESCAPES = {
    "&": "#amp;",
    '"': "#quot;",
    "#": "#35;",
    "<": "#lt;",
    ">": "#gt;",
    "\\": "#92;",
    "`": "#96;",
    ";": "#59;",
    "|": "#124;",
    "*": "#42;",
    "_": "#95;",
    "[": "#91;",
    "]": "#93;",
    "{": "#123;",
    "}": "#125;",
}
_STYLES = {
    "bad": "fill:#fde2e1,stroke:#b42318,color:#7a271a",
    "odd": "fill:#fef0c7,stroke:#b54708,color:#7a2e0e",
    "proxy": "fill:#d1e9ff,stroke:#175cd3,color:#194185",
    "vpn": "fill:#d1fadf,stroke:#027a48,color:#054f31",
    "data": "fill:#eef2f6,stroke:#4b5565,color:#202939",
}
Style = Literal["bad", "odd", "proxy", "vpn", "data"]


def label(*lines: object) -> str:
    """Return a quoted label of several lines that says exactly these texts, secrets hidden."""
    return '"' + "<br>".join(_escape(show(str(line))) for line in lines if str(line)) + '"'


def _escape(text: str) -> str:
    safe = terminal_safe(text)
    if len(safe) > 120:
        safe = safe[:119] + "…"
    escaped = "".join(_ESCAPES.get(character, character) for character in safe)
    # `1. x` and `- x` at the start would be read as Markdown lists, a bare address as a link.
    if escaped[:1] in "-+":
        escaped = f"#{ord(escaped[0])};" + escaped[1:]
    head, dot, rest = escaped.partition(".")
    if dot and head.isdigit():
        escaped = f"{head}#46;{rest}"
    return escaped.replace("://", "#58;//").replace("www.", "www#46;") or "#8203;"


class Chart(Struct):
    """A flowchart under construction. Nodes are known by any hashable key; their ids are invented."""

    direction: Literal["LR", "TB"] = "LR"
    _ids: dict[object, str] = field(default_factory=dict)
    _nodes: list[str] = field(default_factory=list)
    _edges: list[str] = field(default_factory=list)
    _styled: dict[str, list[str]] = field(default_factory=dict)
    _groups: int = 0

    def node(self, key: object, *lines: object, shape: Shape = "box", style: Style | None = None) -> None:
        """Add a node, once for each key."""
        if key in self._ids:
            return
        name = self._ids[key] = f"n{len(self._ids)}"
        opening, closing = _SHAPES[shape]
        self._nodes.append(f"{name}{opening}{label(*lines)}{closing}")
        if style:
            self._styled.setdefault(style, []).append(name)

    def open(self, *lines: object, direction: Literal["LR", "TB"] | None = None) -> None:
        """Open a group; nodes that are added until `close` lie in it."""
        self._nodes.append(f"subgraph g{self._groups}[{label(*lines)}]")
        if direction:
            self._nodes.append(f"direction {direction}")
        self._groups += 1

    def close(self) -> None:
        """Close the group that was opened last."""
        self._nodes.append("end")

    def edge(self, one: object, other: object, text: str = "", *, dashed: bool = False, plain: bool = False) -> None:
        """Connect two nodes that were added. `plain`: without an arrow's head."""
        arrow = ("-.-" if plain else "-.->") if dashed else ("---" if plain else "-->")
        said = f"|{label(text)}|" if text else ""
        self._edges.append(f"{self._ids[one]} {arrow}{said} {self._ids[other]}")

    def has(self, key: object) -> bool:
        """Say whether a node was added."""
        return key in self._ids

    @property
    def edges(self) -> int:
        return len(self._edges)

    @property
    def nodes(self) -> int:
        return len(self._ids)

    @property
    def fits(self) -> bool:
        """Whether renderers will accept it."""
        return self.edges <= MOST_EDGES and len(self.text()) <= MOST_CHARACTERS

    def text(self) -> str:
        """Return the diagram's source."""
        lines = [f"flowchart {self.direction}"]
        depth = 1
        for line in self._nodes:
            depth -= line == "end"
            lines.append("  " * depth + line)
            depth += line.startswith("subgraph ")
        lines += [f"  {edge}" for edge in self._edges]
        for style, names in self._styled.items():
            lines.append(f"  classDef {style} {_STYLES[style]}")
            lines.append(f"  class {','.join(names)} {style}")
        return "\n".join(lines)

    def fenced(self) -> str:
        """Return the diagram as a block of Markdown."""
        return f"```mermaid\n{self.text()}\n```"


def chunks(items: Sequence[object], most: int) -> list[Sequence[object]]:
    """Split a sequence into parts of equal length, none longer than `most`."""
    if not items:
        return []
    count = -(-len(items) // most)
    size = -(-len(items) // count)
    return [items[start : start + size] for start in range(0, len(items), size)]
