"""Put the audit to the test on stacks that other people wrote.

python -m homelab_assets_tests.drift.strangers DIR [--newest] [--only TEXT] [--seed N] [--minutes N] [--out FILE]
"""

import argparse
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from homelab_assets_tests.drift.strangers.ground import Ground
from homelab_assets_tests.drift.strangers.ledger import Ledger
from homelab_assets_tests.drift.strangers.sources import strangers
from homelab_assets_tests.drift.strangers.trial import Trial
from homelab_assets_tests.lab import RealLab, why_unavailable

USUAL, NEWEST = ("ct-docker-01", "v2"), ("ct-new-01", "2.26.1")


def main() -> int:
    options = _parser().parse_args()
    if reason := why_unavailable():
        print(reason, file=sys.stderr)
        return 2
    host, compose = NEWEST if options.newest else USUAL
    # Whoever is told to end takes the lab down as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ledger = Ledger(options.out)
    lab = RealLab(Path(tempfile.mkdtemp(prefix="strangers-")))
    try:
        lab.up([host])
        _try_all(lab, host, compose, ledger, options)
    finally:
        lab.down()
    print(f"\n{ledger.table()}\n\nwhat is to be judged: {options.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m homelab_assets_tests.drift.strangers", description="The audit, on other people's stacks."
    )
    parser.add_argument("root", metavar="DIR", type=Path, help="folders with stacks; STACKS.tsv says which")
    parser.add_argument("--newest", action="store_true", help="Engine 28.5.2 with Compose 2.26.1")
    parser.add_argument("--only", default="", metavar="TEXT", help="stacks whose name holds this")
    parser.add_argument("--seed", type=int, default=0, help="chooses images and changes")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no further stack after this")
    parser.add_argument("--out", type=Path, default=Path("results.jsonl"), help="the cases to judge, a line each")
    return parser


def _try_all(lab: RealLab, host: str, compose: str, ledger: Ledger, options: argparse.Namespace) -> None:
    started = time.monotonic()
    for stranger in strangers(options.root.absolute()):
        if options.only not in stranger.name:
            continue
        if time.monotonic() - started > options.minutes * 60:
            print("time is up")
            return
        began = time.monotonic()
        said = _try(Ground(lab, host, compose, stranger), ledger, options.seed)
        print(f"{stranger.name}: {said} ({time.monotonic() - began:.0f} s)", flush=True)


def _try(ground: Ground, ledger: Ledger, seed: int) -> str:
    try:
        ground.clear()
        said = Trial(ground, ledger, seed).run()
        ledger.note(ground.stranger.name, "stacks", "refused" if said.startswith("refused") else "tried")
    except Exception as error:  # A defect of the rig must not keep the other stacks from their trial.
        said = f"the rig failed: {type(error).__name__}: {error}"
        ledger.note(ground.stranger.name, "stacks", "rig failed", trace=traceback.format_exc())
    finally:
        ground.unmake()
    return said


if __name__ == "__main__":
    sys.exit(main())
