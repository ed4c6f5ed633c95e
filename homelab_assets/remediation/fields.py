"""From one difference to the text edits that could write it into a compose file, the best first.

A candidate is only a proposal. `proof` reads the result with the compose loader and takes the first that changes what
it should and nothing else, so the rules here may be simple: prefer the line that decides the value, else add an
override to the service itself, and never touch what others share.
"""

from collections.abc import Iterator

from homelab_assets.remediation import splice, yaml_text
from homelab_assets.remediation.editor import Editor
from homelab_assets.remediation.keyed_fields import keyed_proposals
from homelab_assets.remediation.listed_fields import listed_proposals
from homelab_assets.remediation.network_fields import network_proposals
from homelab_assets.remediation.splice import CannotEdit, FromVariable, Splice
from homelab_assets.remediation.wish import KEYED, LISTED, Wish
from homelab_assets.remediation.yaml_tree import Node, line_of, parse


def candidates(text: str, wish: Wish, *, line: int | None = None) -> Iterator[list[Splice]]:
    """Yield edits of a compose file that could grant a wish.

    Args:
        line: where the value is decided, if it is in this file; it may lie in a service that this one extends.

    Raises:
        CannotEdit: none is possible; the message is the reason.
        Unreadable: the text is no YAML that can be edited.
    """
    whole = parse(text)
    services = whole.get("services") if whole is not None else None
    if whole is None or services is None or services.kind != "mapping":
        raise CannotEdit("the file declares no services")
    places = list(_places(text, services, wish.service, line))
    if not places:
        raise CannotEdit(f"the file does not declare the service {wish.service}")
    reasons: list[str] = []
    for place in places:
        editor = Editor(text, whole, place, wish)
        try:
            yield from _proposals(editor)
        except FromVariable:
            raise
        except CannotEdit as error:
            reasons.append(str(error))
    if reasons:
        raise CannotEdit(reasons[0])


def _places(text: str, services: Node, service: str, line: int | None) -> Iterator[Node]:
    """Yield the service's mapping, behind the one of the same file that holds the deciding line (`extends`)."""
    own = services.get(service)
    if line is not None:
        for _, value in services.entries:
            inside = line_of(text, value.start) <= line <= line_of(text, value.end)
            if inside and value is not own and value.kind == "mapping":
                yield value
    if own is not None:
        yield own


def _proposals(editor: Editor) -> Iterator[list[Splice]]:
    if editor.service.kind != "mapping":
        raise CannotEdit(
            "the service is an alias of something that others share"
            if editor.service.kind == "alias"
            else "the file names the service, and says nothing of it"
        )
    head = editor.wish.head
    if head in KEYED and editor.wish.rest:
        yield from keyed_proposals(editor)
    elif head in LISTED and editor.wish.rest:
        yield from listed_proposals(editor)
    elif head == "networks" and editor.wish.rest:
        yield from network_proposals(editor)
    elif head == "network_mode" and not editor.wish.removes and editor.service.get("networks") is not None:
        # Compose takes one or the other.
        yield splice.remove_entry(editor.text, editor.service, editor.service.index("networks")) + _mode(editor)
    elif editor.wish.path == "healthcheck.test":
        yield from _health_test(editor)
    else:
        yield from editor.nested(editor.service, editor.wish.path.split("."))


def _health_test(editor: Editor) -> Iterator[list[Splice]]:
    """Without a test the other settings of a health check say nothing; `disable` would hide a test."""
    check = editor.service.get("healthcheck")
    own = check is not None and check.kind == "mapping"
    if own and editor.wish.removes:
        yield splice.remove_entry(editor.text, editor.service, editor.service.index("healthcheck"))
    off = check.get("disable") if check is not None and own else None
    if check is None or off is None or editor.wish.removes:
        yield from editor.nested(editor.service, ["healthcheck", "test"])
    elif check.get("test") is None:
        key, _ = check.entries[check.index("disable")]
        yield [Splice(key.start, off.end, f"test: {yaml_text.flow(editor.wish.value)}")]
    else:
        removal = splice.remove_entry(editor.text, check, check.index("disable"))
        for edits in editor.nested(editor.service, ["healthcheck", "test"]):
            yield removal + edits


def _mode(editor: Editor) -> list[Splice]:
    return splice.add_entry(editor.text, editor.service, "network_mode", editor.wish.value, editor.layout)
