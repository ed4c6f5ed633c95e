"""The documentation that goes with a change: the README's table of services, its audit stamp, `stack-targets.yml`."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from homelab_assets.errors import UserError
from homelab_assets.model import Baseline
from homelab_assets.remediation import splice, yaml_text
from homelab_assets.remediation.markdown import code
from homelab_assets.remediation.model_leaves import Model
from homelab_assets.remediation.yaml_tree import Unreadable, parse
from homelab_assets.rendering.markdown import table
from homelab_assets.secrecy import redact

BEGIN = "<!-- homelab-assets:services -->"
END = "<!-- /homelab-assets:services -->"
_BLOCK = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.DOTALL)
_STAMP = re.compile(
    r"(?m)^(?P<head>[ \t]*(?:[-*>] )?\**Last audit:?\**:?[ \t]*)(?P<date>[^\r\n]*)(?=\r?$)", re.IGNORECASE
)


class ServiceRow(Struct, frozen=True, kw_only=True, order=True):
    """One line of the README's table."""

    stack: str
    service: str
    host: str
    image: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What the row is about."""
        return self.stack, self.service, self.host


def service_rows(baselines: Iterable[Baseline], load: Callable[[Baseline], Model]) -> Iterator[ServiceRow]:
    """Yield the services of some baselines; what can't be loaded is left out."""
    for baseline in baselines:
        try:
            services = load(baseline).get("services") or {}
        except UserError:
            continue
        for name, service in services.items():
            image = str(service.get("image") or "built here")
            yield ServiceRow(stack=baseline.stack, service=name, host=baseline.endpoint or "any", image=image)


def repository_readme(readme_text: str, services: Iterable[ServiceRow], audited_at: str) -> str:
    """Return the README with its table of services and its audit stamp brought up to date.

    Only what stands between the markers changes, and the line `Last audit:`. Without markers the section is added at
    the end. The line endings of the file stay.

    Args:
        audited_at: ISO 8601 UTC; the day is shown.
    """
    newline = splice.newline_of(readme_text)
    day = audited_at.partition("T")[0]
    stamped = bool(_STAMP.search(_BLOCK.sub("", readme_text)))
    block = _block(sorted(set(services)), None if stamped else day).replace("\n", newline)
    if _BLOCK.search(readme_text):
        text = _BLOCK.sub(lambda match: block, readme_text, count=1)
    else:
        gap = "" if not readme_text else newline if readme_text.endswith("\n") else newline * 2
        text = f"{readme_text}{gap}## Services{newline}{newline}{block}{newline}"
    if not stamped:
        return text
    begin = text.find(BEGIN)
    return _STAMP.sub(
        lambda match: (
            match[0]
            if begin >= 0 and match.start() > begin and match.end() < text.find(END)
            else f"{match['head']}{day}"
        ),
        text,
        count=1,
    )


def stamp_of(text: str) -> "re.Match[str] | None":
    """Return the audit stamp that is kept: the operator's own, else the table's; `head` is what stands before it."""
    block = _BLOCK.search(text)
    found = list(_STAMP.finditer(text))
    own = [match for match in found if block is None or not block.start() < match.start() < block.end()]
    return next(iter(own or found), None)


def unstamped(text: str) -> str:
    """Return the text without the moment of any audit."""
    return _STAMP.sub(r"\g<head>", text)


def row_line(row: ServiceRow) -> str:
    """Return a row as a line of the table."""
    return _table([row]).rpartition("\n")[2]


def _table(rows: Iterable[ServiceRow]) -> str:
    cells = (
        tuple(code(redact(part), in_table=True) for part in (row.service, row.stack, row.host, row.image))
        for row in rows
    )
    return table(("Service", "Stack", "Host", "Image"), cells)


def _block(rows: Sequence[ServiceRow], day: str | None) -> str:
    lines = [BEGIN, _table(rows)]
    if day:
        lines += ["", f"Last audit: {day}"]
    return "\n".join([*lines, END])


def with_target(targets_text: str, stack: str, endpoint: str) -> str:
    """Return `stack-targets.yml` with a stack bound to an endpoint: a new line, or the endpoint added to its list.

    A stack that names the endpoint already, and a file that can't be edited safely, stay as they are.
    """
    try:
        # A folder may have a name that is no UTF-8; no YAML can hold it.
        stack.encode()
        root = parse(targets_text)
    except (Unreadable, UnicodeEncodeError):
        return targets_text
    if root is None:
        gap = "" if not targets_text or targets_text.endswith("\n") else "\n"
        return f"{targets_text}{gap}{yaml_text.scalar(stack)}: {yaml_text.scalar(endpoint)}\n"
    if root.kind != "mapping":
        return targets_text
    try:
        present = root.get(stack)
        if present is None:
            edits = splice.add_entry(targets_text, root, stack, endpoint, splice.Layout())
        else:
            inner = present.get("endpoints") if present.kind == "mapping" else present
            if inner is None or inner.kind not in ("scalar", "sequence") or endpoint in _texts(inner):
                return targets_text
            if inner.kind == "scalar":
                both = yaml_text.flow([inner.text, endpoint]).replace('"', "")
                edits = [
                    splice.Splice(
                        inner.body, inner.end, both if not inner.is_null else f" {yaml_text.scalar(endpoint)}"
                    )
                ]
            else:
                edits = splice.add_item(targets_text, inner, endpoint)
        return splice.apply(targets_text, edits)
    except splice.CannotEdit:
        return targets_text


def _texts(node: object) -> list[str]:
    items = getattr(node, "items", ())
    return [item.text for item in items] or [getattr(node, "text", "")]
