"""Texts that want to do something, by what they want; and what must be true of every form in which they are shown."""

import json
import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import yaml
from markdown_it import MarkdownIt

from homelab_assets_tests.rendering.sarif_schema import faults

TEXTS: dict[str, str] = {
    "html script": "<script>alert(1)</script>", "html image": "<img src=x onerror=alert(1)>", "html svg": "<svg/onload=alert(1)>", "html link": '<a href="javascript:alert(1)">x</a>',
    "html attribute": '" onmouseover="alert(1)', "html attribute, single": "' onfocus='alert(1)' autofocus='", "html comment": "<!-- homelab-assets:end catalog -->", "html comment end": "-->", "html details": "</details></summary></td></table>",
    "html cdata": "]]><x/><![CDATA[", "html entity": "&lt;b&gt;&#x3c;i&#x3e;", "html style": "</style><style>*{display:none}</style>",
    "md link": "[x](javascript:alert(1))", "md image": "![x](http://evil.example/x.png)", "md autolink": "<http://evil.example>", "md bare link": "https://evil.example/x", "md www": "www.evil.example", "md reference": "[a]: http://evil.example", "md table": "a | b | c", "md pipe end": "x\\|y\\",
    "md code": "`code`", "md code run": "``` `` ```", "md fence": "```\n</pre><script>alert(1)</script>\n```", "md tilde": "~~~\nx\n~~~", "md heading": "# heading", "md setext": "heading\n=======", "md list": "- [ ] item", "md quote": "> [!WARNING]\n> x", "md paragraph": "a\n\n<script>alert(1)</script>\n\nb", "md emphasis": "**bold** _under_ ~~gone~~", "md mention": "@everyone fixes #1 GH-12",
    "md backslash": "\\", "md line": "---", "md footnote": "[^1]: x",
    "mermaid end": "end", "mermaid click": 'x"] click n0 call alert(1)', "mermaid arrow": "a --> b; c", "mermaid comment": "%%{init: {'securityLevel': 'loose'}}%%",
    "ansi colour": "\x1b[31mred\x1b[0m", "ansi clear": "\x1b[2J\x1b[H", "osc title": "\x1b]0;owned\x07", "osc link": "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\", "osc clipboard": "\x1b]52;c;b3duZWQ=\x07", "csi, one byte": "\x9b31mred", "osc, one byte": "\x9d0;owned\x9c", "dcs": "\x1bPq\x1b\\", "backspace": "ok\b\bno", "carriage return": "shown\rhidden", "bell": "\x07", "delete": "\x7f",
    "bidi override": "a\u202egpj.exe", "bidi isolate": "\u2066a\u2069", "zero width": "rad\u200barr", "line separator": "a\u2028b\u2029c", "byte order": "\ufeffx", "tag characters": "a\U000e0041\U000e007f", "not a character": "\uffff\ufffe",
    "nul": "a\0b", "newline": "two\nlines", "crlf": "two\r\nlines", "tab": "a\tb", "surrogate": "\ud800x\udfff", "blank": " ", "dot": ".", "dots": "..",
    "option": "--help", "option upload": "--upload-pack=touch owned", "option proxy": "-oProxyCommand=touch owned", "option output": "--output=owned", "option exec": "--exec=touch owned", "transport": "ext::sh -c touch% owned",
    "shell substitution": "$(touch owned)", "shell backtick": "`touch owned`", "shell chain": "'; touch owned; #", "shell variable": "${IFS}$HOME", "traversal": "../../etc/passwd", "traversal, encoded": "%2e%2e%2fetc", "absolute": "/etc/passwd", "windows": "C:\\CON", "device": "/dev/stdin",
    "workflow command": "\n::set-output name=x::y", "workflow escape": "%0A::error::x", "json end": '"}], "x": [{', "yaml end": "x: y\n- z", "yaml tag": "!!python/object/apply:os.system [id]", "yaml alias": "*a &a", "template": "{{ 7 * 7 }}{% raw %}${{ github.token }}", "homepage variable": "{{HOMEPAGE_VAR_KEY}}", "metric": 'x"} 1\nevil{a="', "format": "%s %n {0.__class__}",
    "long": "a" * 3000, "long combining": "a" + "\u0301" * 200, "long backticks": "`" * 500, "emoji": "👩‍👩‍👧‍👦🇧🇪", "right to left": "שלום مرحبا", "file url": "file:///etc/passwd",
}  # fmt: skip

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_OUR_HTML = re.compile(
    r"<(?:/?details|/?summary|br)>|<a id=\"[a-z0-9-]*\">|</a>|<!-- homelab-assets:[a-z]+[ \w./%~-]*(?: \([^)<>]*\))? -->"
    r"|(?:\d+ \w[\w ()]*|The same in words|Before and after)(?=</summary>)|\s"
)
# The catalog links what a Traefik label says to be a service's host name, whatever name that is.
_LINKS = re.compile(
    r"(?:\.\./|\./|#|[\w-][\w./%-]*\.(?:md|json)(?:#|$)|http://(?:127\.0\.0\.1:\d+|h\d+\.lan|end|www\.evil\.example)(?:/|$))"
)


def unseen(text: str) -> str:
    """Return the characters of a text that a terminal or an eye would not show as themselves."""
    found = {c for c in text if unicodedata.category(c) in _HIDDEN and c not in "\n\t\u200b"}
    return "".join(sorted(found))


def acts(form: str, text: str) -> Iterator[str]:
    """Say in what way a text in a form (`terminal`, `json`, `markdown`, …) does more than being read; nothing if not."""
    if form != "html" and unseen(text):
        yield f"raw control characters {unseen(text)!r}"
    yield from _CHECKS[form](text)


def _terminal(text: str) -> Iterator[str]:
    yield from ()


def _json(text: str) -> Iterator[str]:
    json.loads(text)
    yield from ()


def _markdown(text: str) -> Iterator[str]:
    for token in _tokens(text):
        if token.type == "image":
            yield f"an image: {token.content!r}"
        if token.type in {"html_block", "html_inline"} and (rest := _OUR_HTML.sub("", token.content)):
            yield f"HTML: {rest[:200]!r}"
        if token.type == "link_open" and not _LINKS.match(str(token.attrGet("href"))):
            yield f"a link: {token.attrGet('href')!r}"
        if token.type == "text" and re.search(r"@(?=everyone)|\bGH-1|(?:https?://|www\.)(?=\w)", token.content):
            yield f"a mention or an address that forges make a link of: {token.content[:200]!r}"
        if token.type == "heading_open" and token.markup in {"=", "-"}:
            yield "a heading by underline"


def _tokens(text: str) -> Iterator[Any]:
    for token in _RENDERER.parse(text):
        yield token
        inside = False
        for child in token.children or ():
            # The text of our own links may be an address.
            inside = child.type == "link_open" or (inside and child.type != "link_close")
            if not (inside and child.type == "text"):
                yield child


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        if tag in {"img", "iframe", "object", "embed", "base", "form", "x", "i", "b2"}:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or re.match(r"\s*(?:javascript|data|vbscript):", value or "", re.IGNORECASE):
                self.faults.append(f"<{tag} {name}={value!r}>")
            if name in {"href", "src"} and not re.match(r"#|\.\./", value or ""):
                self.faults.append(f"<{tag} {name}={value!r}>")


def _html(text: str) -> Iterator[str]:
    page = _Page()
    page.feed(text)
    page.close()
    yield from page.faults
    if page.scripts != 1 or text.count("</script") != 1 or text.count("<style") != 1:
        yield "scripts or styles that are not ours"
    if set(unseen(text)) & set("\x1b\x9b\0\u202e"):
        yield f"raw control characters {unseen(text)!r}"


def _sarif(text: str) -> Iterator[str]:
    yield from faults(text)


def _junit(text: str) -> Iterator[str]:
    root = ElementTree.fromstring(text)
    for element in root.iter():
        if element.tag not in {"testsuites", "testsuite", "testcase", "failure", "error", "skipped", "properties"}:
            yield f"<{element.tag}>"


def _github(text: str) -> Iterator[str]:
    for line in text.split("\n")[:-1]:
        if not re.match(r"::(?:error|warning|notice) (?:[a-z]+=[^,:\r]*,)*title=[\w/]+::", line):
            yield f"a line that is no annotation: {line[:200]!r}"


def _prometheus(text: str) -> Iterator[str]:
    value = r'"(?:[^"\\\n]|\\["\\n])*"'
    sample = re.compile(rf"[a-z_]+(?:\{{[a-z_]+={value}(?:,[a-z_]+={value})*\}})? -?\d+")
    for line in text.split("\n")[:-1]:
        if not line.startswith(("# HELP homelab_", "# TYPE homelab_")) and not sample.fullmatch(line):
            yield f"a line that is no sample: {line[:200]!r}"


def _yaml(text: str) -> Iterator[str]:
    yaml.safe_load(text)
    if re.search(r"\{\{|\$\{", text):
        yield "a template of the start page"


_NODE = r'n\d+(?:\(\[|\[\(|\(\(|\{\{|\[|\()"[^"\\`<>|*_\[\]{}\n]*(?:<br>[^"\\`<>|*_\[\]{}\n]*)*"(?:\]\)|\)\]|\)\)|\}\}|\]|\))'
_MERMAID = re.compile(
    rf'flowchart (?:LR|TB)| *(?:{_NODE}|end|direction (?:LR|TB)|subgraph g\d+\["[^"\\`|\n]*"\]|classDef \w+ [\w:#,]+|class [n\d,]+ \w+'
    r'|n\d+ (?:-\.->|-\.-|-->|---)(?:\|"[^"\\`|\n]*"\|)? n\d+)'
)


def _mermaid(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if not _MERMAID.fullmatch(line):
            yield f"a line that is no part of a flowchart: {line[:200]!r}"


_CHECKS = {
    "terminal": _terminal, "json": _json, "markdown": _markdown, "html": _html, "sarif": _sarif, "junit": _junit, "github": _github,
    "prometheus": _prometheus, "yaml": _yaml, "mermaid": _mermaid,
}  # fmt: skip


def diagrams(text: str) -> list[str]:
    """Return the sources of the Mermaid diagrams in a Markdown text."""
    return re.findall(r"^```mermaid\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
