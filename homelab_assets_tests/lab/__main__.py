"""The lab by hand.

python -m homelab_assets_tests.lab up --dir DIR [--deploy] [--newest]
python -m homelab_assets_tests.lab deploy --dir DIR [STACK...]
python -m homelab_assets_tests.lab run --dir DIR HOST COMMAND...
python -m homelab_assets_tests.lab down --dir DIR
python -m homelab_assets_tests.lab record-demo --dir DIR
"""

import argparse
import sys
import time
from pathlib import Path

from homelab_assets_tests.lab.demo import record_demo
from homelab_assets_tests.lab.homelab import PAIR, RealLab
from homelab_assets_tests.lab.tools import why_unavailable


def main() -> int:
    options = _parser().parse_args()
    if reason := why_unavailable():
        print(reason, file=sys.stderr)
        return 2
    return int(options.action(options) or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m homelab_assets_tests.lab", description="A real homelab, by hand.")
    verbs = parser.add_subparsers(required=True)
    for name, action in {"up": _up, "deploy": _deploy, "run": _run, "down": _down, "record-demo": _record_demo}.items():
        verb = verbs.add_parser(name)
        verb.set_defaults(action=action)
        verb.add_argument("--dir", type=Path, required=True, help="the lab's folder")
        if action is _up:
            verb.add_argument("--deploy", action="store_true", help="deploy all stacks")
            verb.add_argument("--newest", action="store_true", help="a third host, ct-new-01, with the newest engine")
        elif action is _deploy:
            verb.add_argument("stacks", nargs="*", help="default: all")
        elif action is _run:
            verb.add_argument("host")
            verb.add_argument("command", nargs=argparse.REMAINDER)
    return parser


def _up(options: argparse.Namespace) -> None:
    started = time.monotonic()
    lab = RealLab(options.dir)
    lab.up([*PAIR, "ct-new-01"] if options.newest else PAIR)
    if options.deploy:
        lab.deploy_all()
    print(f"up after {time.monotonic() - started:.1f} s: export HOMELAB_LAB={lab.lab_yaml}")


def _deploy(options: argparse.Namespace) -> None:
    lab = RealLab.attach(options.dir)
    for stack in options.stacks:
        print(lab.deploy(stack))
    if not options.stacks:
        lab.deploy_all()


def _run(options: argparse.Namespace) -> int:
    done = RealLab.attach(options.dir).hosts[options.host].run(*options.command, check=False)
    print(done.stdout, end="")
    print(done.stderr, end="", file=sys.stderr)
    return done.returncode


def _record_demo(options: argparse.Namespace) -> None:
    record_demo(options.dir)


def _down(options: argparse.Namespace) -> None:
    RealLab(options.dir).down()


if __name__ == "__main__":
    sys.exit(main())
