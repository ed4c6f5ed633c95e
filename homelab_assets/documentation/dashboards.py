"""The catalog as configuration of start pages, without keys: Homepage's `services.yaml` and Dashy's `conf.yml`."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from homelab_assets.documentation.catalog import Catalog, Entry
from homelab_assets.rendering.markdown import terminal_safe

HOMEPAGE, DASHY = "dashboards/homepage-services.yaml", "dashboards/dashy-conf.yml"
_HEAD = "# Generated from the service catalog; edits are lost.\n"


def homepage(catalog: Catalog) -> str:
    """Render Homepage's `services.yaml`: groups of the services that a browser can open.

    https://gethomepage.dev/configs/services/
    """
    groups = [
        {group: [{_title(entry, entries): _homepage_item(entry)} for entry in entries]}
        for group, entries in _groups(catalog).items()
    ]
    return _HEAD + _dump(groups)


def dashy(catalog: Catalog) -> str:
    """Render Dashy's `conf.yml`: sections of the services that a browser can open.

    https://github.com/Lissy93/dashy/blob/master/docs/configuring.md
    """
    sections = [
        {"name": group, "items": [_dashy_item(entry, _title(entry, entries)) for entry in entries]}
        for group, entries in _groups(catalog).items()
    ]
    return _HEAD + _dump({"pageInfo": {"title": "Homelab"}, "sections": sections})


def _groups(catalog: Catalog) -> dict[str, list[Entry]]:
    groups: dict[str, list[Entry]] = {}
    for entry in sorted(catalog.entries, key=lambda entry: (entry.group == "Other", entry.group)):
        if entry.url:
            groups.setdefault(entry.group, []).append(entry)
    return groups


def _title(entry: Entry, group: Iterable[Entry]) -> str:
    """Name an entry by its service, with more of its place where the group has several of that name."""
    alike = [other for other in group if other.service == entry.service]
    if len(alike) == 1:
        return terminal_safe(entry.service)
    if len({other.host for other in alike}) == len(alike):
        return terminal_safe(f"{entry.service} ({entry.host})")
    return terminal_safe(f"{entry.service} ({entry.host}, {entry.stack or 'started by hand'})")


def _homepage_item(entry: Entry) -> Mapping[str, Any]:
    item = {"href": entry.url, "siteMonitor": entry.url}
    if entry.icon:
        item["icon"] = f"{entry.icon}.png"
    if entry.purpose:
        item["description"] = terminal_safe(entry.purpose)
    return item


def _dashy_item(entry: Entry, title: str) -> Mapping[str, Any]:
    item: dict[str, Any] = {"title": title, "url": entry.url, "statusCheck": True}
    if entry.icon:
        item["icon"] = f"hl-{entry.icon}"
    if entry.purpose:
        item["description"] = terminal_safe(entry.purpose)
    return item


def _dump(value: Any) -> str:
    # Homepage replaces {{HOMEPAGE_VAR_…}} and ${…}: text from outside must not reach its environment.
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000)
    return text.replace("{{", "{ {").replace("${", "$ {")
