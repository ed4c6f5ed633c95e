"""`python -m homelab_assets.media.simulator`: a media host to try things on, until Ctrl-C."""

import argparse
import json
import signal
import threading

from msgspec import to_builtins

from homelab_assets.media.simulator import FAULTS, World


def main() -> None:
    """Start the world, print how to reach it as the `media` section of a lab.yaml, and wait."""
    parser = argparse.ArgumentParser(
        prog="python -m homelab_assets.media.simulator", description="A simulated media host on loopback."
    )
    parser.add_argument("--faults", default="", metavar="A,B", help="what is wrong, by cause code; see --list")
    parser.add_argument(
        "--port-base", type=int, default=0, metavar="N", help="listen from this port on (default: free ports)"
    )
    parser.add_argument(
        "--versions", default="", metavar="APP=V,…", help="qbittorrent=5.2, requests=seerr, radarr=5, gluetun=3.42"
    )
    parser.add_argument("--containers", metavar="FILE", help="write the inspect documents of the media host here")
    parser.add_argument("--list", action="store_true", help="list the faults")
    options = parser.parse_args()
    if options.list:
        print("\n".join(FAULTS))
        return
    faults = [one for one in options.faults.split(",") if one]
    if unknown := [one for one in faults if one not in FAULTS]:
        parser.error(f"no such fault: {', '.join(unknown)} (see --list)")
    versions = dict(one.split("=", 1) for one in options.versions.split(",") if "=" in one)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with World(faults=faults, versions=versions, port_base=options.port_base) as world:
        settings = world.settings()
        services = {
            name: {key: value for key, value in to_builtins(one).items() if value}
            for name, one in settings.services.items()
        }
        # These credentials open nothing but this simulator.
        print(
            json.dumps({"media": {"services": services, "home_addresses": list(settings.home_addresses)}}, indent=2),
            flush=True,
        )
        if options.containers:
            with open(options.containers, "w", encoding="utf-8") as file:
                json.dump(world.containers(), file, indent=2)
        stop.wait()


if __name__ == "__main__":
    main()
