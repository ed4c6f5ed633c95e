"""Whether a capture is sealed: sealing it again changes nothing. If it does, where; what stands there is not told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from homelab_assets.model import Captured, CaptureResult, Unreachable
from homelab_assets.secrecy import Vault, show

_PARTS = {"containers": "container", "images": "image", "networks": "network", "volumes": "volume"}
_TOLD = 5


def unsealed_fields(captured: Captured, vault: Vault) -> list[str]:
    """Return the fields of a capture in which sealing again would change something, as people find them:
    `container web (Config.Env NOTIFY_URL)`."""
    documents: list[tuple[str, Mapping[str, Any]]] = [("engine", captured.engine)]
    for part, kind in _PARTS.items():
        documents += [(f"{kind} {_name(document, vault)}", document) for document in getattr(captured, part)]
    found = [f"{who} ({place})" for who, document in documents for place in _changed(document, vault)]
    for file, variables in (*captured.dotenv.items(), *captured.env_files.items()):
        again = vault.seal_mapping(variables)
        found += [f"{file} ({name})" for name, value in variables.items() if again.get(name) != value]
    return [show(text) for text in found]


def refused(result: CaptureResult, leaks: Sequence[str]) -> Unreachable:
    """Return the host as one that could not be captured, since secrets would be stored in clear."""
    more = f" and {len(leaks) - _TOLD} more" if len(leaks) > _TOLD else ""
    return Unreachable(
        host=result.host,
        captured_at=result.captured_at,
        error=f"the capture was thrown away: unsealed secrets in {', '.join(leaks[:_TOLD])}{more}",
        hint="this is a defect: please report the field, without what stands in it; "
        "until it is mended, give the value through a file or a secret of Compose",
        seconds=result.seconds,
    )


def _name(document: Mapping[str, Any], vault: Vault) -> str:
    tags = document.get("RepoTags") or [""]
    name = str(document.get("Name") or tags[0] or document.get("Id")).removeprefix("/")
    return vault.seal_text(name, entropy=False)


def _changed(document: Mapping[str, Any], vault: Vault) -> Iterator[str]:
    again = vault.seal_inspect(document)
    return _differing(document, again, "") if again != document else iter(())


def _differing(one: Any, other: Any, path: str) -> Iterator[str]:
    """Give the paths at which two documents differ. Of a variable its name is the last part, never its value."""
    if isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys():
        for key in one:
            yield from _differing(one[key], other[key], f"{path}.{key}".lstrip("."))
    elif isinstance(one, Sequence) and not isinstance(one, str) and len(one) == len(other):
        for number, (mine, others) in enumerate(zip(one, other, strict=True)):
            yield from _differing(mine, others, f"{path} {_item(others, number, path)}")
    elif one != other:
        yield path


def _item(text: Any, number: int, path: str) -> str:
    name, equals, _ = str(text).partition("=")
    return name if equals and path.endswith("Env") else str(number)
