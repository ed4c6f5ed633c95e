"""The drift document as metrics in Prometheus's text format, for node_exporter's textfile collector."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from homelab_assets.drift.document import SEVERITIES, DriftDocument

# https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format


def drift_prometheus(document: DriftDocument) -> str:
    """Render counts and ages. Every host and severity has a sample, also of zero: a gap would look like health."""
    return "".join(f"{line}\n" for line in _lines(document))


def _lines(document: DriftDocument) -> Iterator[str]:
    now = _seconds(document.generated_at)
    hosts = [host.name for host in document.hosts]
    items = Counter((service.host, item.severity) for service in document.services for item in service.items)
    statuses = Counter((service.host, service.status) for service in document.services)
    yield from _head("homelab_audit_timestamp_seconds", "When the audit was made, Unix time.")
    yield f"homelab_audit_timestamp_seconds {now:.0f}"
    yield from _head("homelab_audit_complete", "1 if every host and baseline could be audited.")
    yield f"homelab_audit_complete {int(document.complete)}"
    yield from _head("homelab_host_captured", "1 if the host could be captured.")
    for host in document.hosts:
        yield _sample("homelab_host_captured", {"host": host.name}, int(host.status == "captured"))
    yield from _head("homelab_drift_items", "Differences between what runs and what git says.")
    for host_name in hosts:
        for severity in SEVERITIES:
            labels = {"host": host_name, "severity": severity}
            yield _sample("homelab_drift_items", labels, items[host_name, severity])
    yield from _head("homelab_services", "Services by verdict.")
    for (host_name, status), count in sorted(statuses.items()):
        yield _sample("homelab_services", {"host": host_name, "status": status}, count)
    yield from _head("homelab_drift_oldest_seconds", "Age of the oldest difference; 0 without any.")
    for host_name in hosts:
        yield _sample("homelab_drift_oldest_seconds", {"host": host_name}, int(_oldest(document, host_name, now)))


def _oldest(document: DriftDocument, host: str, now: float) -> float:
    services = [service for service in document.services if service.host == host]
    seen = [_seconds(item.first_seen) for service in services for item in service.items if item.first_seen]
    return max(0.0, now - min(seen, default=now))


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _head(name: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} gauge"


def _sample(name: str, labels: Mapping[str, str], value: int) -> str:
    return f"{name}{{{','.join(f'{key}={_quoted(text)}' for key, text in labels.items())}}} {value}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
