"""Small pieces of text that several documents share. What they return is fit for Markdown."""

from collections.abc import Iterable, Sequence

from homelab_assets.documentation.catalog import Entry
from homelab_assets.documentation.estate import Service
from homelab_assets.rendering.markdown import cell, code, link
from homelab_assets.secrecy import show

_MOST_ADDRESSES = 4

DEMO = """> [!NOTE]
> This is the bundled demo lab, recorded from real containers. `drift-detector init` points it at your own homelab.
"""
NOTES = "## Notes\n\nWhat you write outside of the generated blocks stays, here and anywhere else in this file.\n"


def text(value: object) -> str:
    """Escape text from outside for prose and cells, secrets hidden."""
    return cell(show(str(value)))


def mono(value: object) -> str:
    """Put text from outside into inline code that fits into a table too, secrets hidden."""
    return code(show(str(value)), in_table=True)


def joined(parts: Iterable[str], *, most: int = 12) -> str:
    """List parts, which are Markdown already, with commas; the surplus is counted."""
    listed = list(parts)
    more = [f"and {len(listed) - most} more"] if len(listed) > most else []
    return ", ".join([*listed[:most], *more])


def state_of(state: str, health: str | None) -> str:
    """Say in words how a service is; what asks for attention is bold."""
    if health == "unhealthy":
        return "**running, unhealthy**"
    if state == "running":
        return {"healthy": "running, healthy", "starting": "running, starting"}.get(health or "", "running")
    return f"**{state}**"


def drift_of(drift: str, differences: int) -> str:
    """Say in words what the audit found of a service."""
    if drift in {"clean", "not audited"}:
        return drift
    return f"**{drift}**" + (f" ({differences})" if differences else "")


def baseline_of(entry: Entry, *, short: bool = False) -> str:
    """Link a service's baseline file, or name it where no forge is configured; `–` where git does not know it.

    Args:
        short: the link says the file's name only.
    """
    if not entry.file:
        return "–"
    line = f":{entry.line}" if entry.line else ""
    if not entry.file_url:
        return mono(entry.file + line)
    return link((entry.file.rpartition("/")[2] if short else entry.file) + line, entry.file_url)


def addresses_of(entry: Entry) -> str:
    """List the ways to reach a service, one below the other; `–` without any."""
    shown = []
    for address in entry.addresses:
        where = _address(address.url) if address.url else mono(address.text)
        where += " (only on the host)" if address.local else ""
        shown.append(where if address.certain else f"{where} (no Traefik seen on this host)")
    more = [f"and {len(shown) - _MOST_ADDRESSES} more"] if len(shown) > _MOST_ADDRESSES else []
    return "<br>".join([*shown[:_MOST_ADDRESSES], *more]) or "–"


def _address(url: str) -> str:
    return link(url.partition("://")[2], url)


def names(services: Sequence[Service], *, most: int = 12) -> str:
    """List services by name."""
    return joined((mono(service.name) for service in services), most=most)
