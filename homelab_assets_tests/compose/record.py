"""Write down what the plugin says about the hand-written cases: `python -m homelab_assets_tests.compose.record`."""

import json
import tempfile
from pathlib import Path

from homelab_assets_tests.compose.plugin import FOLDER, HERE, answer_of_plugin, cases, why_no_plugin
from homelab_assets_tests.lab.tools import use_provisioned_compose


def main() -> None:
    """Ask the plugin and write `recorded.json`."""
    use_provisioned_compose()
    if reason := why_no_plugin():
        raise SystemExit(reason)
    recorded = {}
    for case in cases():
        with tempfile.TemporaryDirectory() as folder:
            stack = Path(folder) / Path(FOLDER).name
            stack.mkdir()
            answer = json.dumps(answer_of_plugin(case, stack))
            recorded[case.name] = json.loads(answer.replace(str(stack), FOLDER))
    (HERE / "recorded.json").write_text(json.dumps(recorded, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
