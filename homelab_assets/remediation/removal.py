"""Take a whole service out of a compose file, or a stack out of `stack-targets.yml`, and leave the rest as it is."""

from collections.abc import Iterator

from homelab_assets.remediation import splice
from homelab_assets.remediation.splice import CannotEdit, Splice
from homelab_assets.remediation.yaml_tree import Node, parse

_COMPOSE_KEYS = ("services", "version", "name")


def without_service(text: str, name: str) -> str | None:
    """Return a compose file without a service, and without the `depends_on` and `links` that name it.

    Its comments go with it: those inside it, and those right above it where blank lines set both apart. A service that
    the file does not have changes nothing.

    Returns:
        the new text; None where the file would say nothing any more.

    Raises:
        CannotEdit: its lines can't be told from others', or carry an anchor that is used elsewhere.
        Unreadable: the file is no YAML that can be edited safely.
    """
    whole = parse(text)
    services = whole.get("services") if whole is not None else None
    if whole is None or services is None or services.kind != "mapping" or services.get(name) is None:
        return text
    if len(services.entries) == 1:
        if all(key.text in _COMPOSE_KEYS for key, _ in whole.entries):
            return None
        return splice.apply(text, _without_entry(text, whole, whole.index("services")))
    edits = _without_entry(text, services, services.index(name))
    for key, service in services.entries:
        if key.text != name and service.kind == "mapping":
            edits += [
                edit for mention in ("depends_on", "links") for edit in _unmentioned(text, service, mention, name)
            ]
    return splice.apply(text, edits)


def _unmentioned(text: str, service: Node, mention: str, name: str) -> list[Splice]:
    value = service.get(mention)
    if value is None or value.kind not in ("mapping", "sequence"):
        return []
    texts = [key.text for key, _ in value.entries] or [item.text.partition(":")[0] for item in value.items]
    places = [position for position, found in enumerate(texts) if found == name]
    if not places:
        return []
    if len(places) == len(texts):
        return _without_entry(text, service, service.index(mention))
    if len(places) > 1:
        raise CannotEdit(f"`{mention}` names {name} more than once")
    remove = splice.remove_entry if value.kind == "mapping" else splice.remove_item
    return remove(text, value, places[0])


def without_target(text: str, stack: str, endpoint: str | None = None) -> str:
    """Return `stack-targets.yml` without a stack, or without one endpoint of a stack that keeps others.

    Raises:
        CannotEdit: the entry shares its lines with others. Unreadable: the file is no YAML that can be edited safely.
    """
    root = parse(text)
    present = root.get(stack) if root is not None else None
    if root is None or present is None:
        return text
    listed = present.get("endpoints") if present.kind == "mapping" else present
    names = [item.text for item in listed.items] if listed is not None else []
    if endpoint is None or listed is None or not [name for name in names if name != endpoint]:
        return splice.apply(text, _without_entry(text, root, root.index(stack)))
    if endpoint not in names:
        return text
    return splice.apply(text, splice.remove_item(text, listed, names.index(endpoint)))


def _without_entry(text: str, mapping: Node, position: int) -> list[Splice]:
    """Remove an entry with its comments, and one of two blank lines that would meet."""
    (removal,) = splice.remove_entry(text, mapping, position)
    if mapping.flow:
        return [removal]
    column = mapping.entries[position][0].column
    start, end = removal.start, removal.end
    if start < mapping.entries[position][0].start - column:
        # The last line of a file without a line ending: the cut already reaches back.
        return [removal]
    for line in _lines(text, end):
        if not (line.lstrip().startswith("#") and _indent(line) > column):
            break
        end += len(line)
    start = _with_comments_above(text, start, end, column)
    before, after = next(_lines_before(text, start), ""), next(_lines(text, end), "")
    if before and not before.strip() and not after.strip():
        start -= len(before)
    return [Splice(start, end, removal.new)]


def _with_comments_above(text: str, start: int, end: int, column: int) -> int:
    """Go back over the comments right above a block that stands alone; above several, they may be about all."""
    at = start
    for line in _lines_before(text, start):
        if line.lstrip().startswith("#") and _indent(line) == column:
            at -= len(line)
            continue
        alone = not line.strip() and not next(_lines(text, end), "").strip()
        return at if alone else start
    return start


def _lines(text: str, at: int) -> Iterator[str]:
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        yield text[at:end]
        at = end


def _lines_before(text: str, at: int) -> Iterator[str]:
    while at > 0:
        start = text.rfind("\n", 0, at - 1) + 1
        yield text[start:at]
        at = start


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
