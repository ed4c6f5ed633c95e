"""Record the bundled demo lab: real containers of the lab, with Larry's drift in them."""

import json
import shutil
import time
from pathlib import Path

from homelab_assets_tests.lab import changes
from homelab_assets_tests.lab.homelab import PAIR, RealLab
from homelab_assets_tests.lab.machine import Machine
from homelab_assets_tests.lab.recording import recorded
from homelab_assets_tests.lab.repository import DATA

# Nothing is compared in these, and they tell of the machine that recorded.
_HOST = {"OperatingSystem": "Debian GNU/Linux 12 (bookworm)", "KernelVersion": "6.1.0-26-amd64", "ID": "DEMO"}


def record_demo(directory: Path) -> None:
    """Deploy the lab in a folder, make Larry's changes, and write raw inspect documents into the demo's data.

    The secrets in them are made up for the lab. They are kept in clear, so that the demo shows how they are hidden.
    """
    lab = RealLab(directory)
    lab.up()
    try:
        lab.deploy_all()
        time.sleep(35)
        changes.seed_larrys_drift(lab)
        _more_drift(lab)
        for name in PAIR:
            _record(lab.hosts[name], DATA / "captures" / name)
    finally:
        lab.down()


def _more_drift(lab: RealLab) -> None:
    """What else months of living leave behind."""
    apps, media = lab.hosts["ct-docker-01"], lab.hosts["ct-media-01"]
    changes.recreate(media, "sonarr", image="lscr.io/linuxserver/sonarr:4.0.9")
    changes.recreate(media, "plex", image="plexinc/pms-docker:1.41.0.8994-f2c27da23")
    changes.recreate(apps, "portainer", labels={"traefik.http.routers.portainer.rule": "Host(`docker.home.lan`)"})
    changes.set_limits(apps, "observability-prometheus-1", "--memory=1g", "--memory-swap=2g")
    changes.connect(apps, "observability-grafana-1", "automations-n8n_default")
    changes.run_unmanaged(
        apps, "uptime-kuma", "alpine:3.20", "--restart=always", "-e", "TZ=Europe/Brussels", "-p", "3001:3001", "-t"
    )
    changes.stop(media, "sabnzbd")


def _record(machine: Machine, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    documents = recorded(machine)
    documents["engine"]["info"] |= _HOST
    for name, content in documents.items():
        (target / f"{name}.json").write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
