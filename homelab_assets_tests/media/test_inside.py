"""What a look out of a container runs in its shell, without an engine: whatever tools the image has."""

import subprocess
from pathlib import Path

import pytest

from homelab_assets.media.clients.inside import egress_script

TOOLS = {
    "curl": "#!/bin/sh\necho 203.0.113.77\n",
    "a curl that fails": "#!/bin/sh\necho 'curl: (6) Could not resolve host' >&2\nexit 6\n",
    "wget": "#!/bin/sh\necho 203.0.113.77\n",
}


@pytest.mark.parametrize("tools", [["curl"], ["wget"], ["a curl that fails", "wget"]])
def test_what_a_tool_complains_about_is_not_taken_for_the_address(tmp_path: Path, tools: list[str]) -> None:
    """With a terminal, complaints and answer are one stream."""
    for name in tools:
        tool = tmp_path / ("curl" if "curl" in name else name)
        tool.write_text(TOOLS[name])
        tool.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "-c", egress_script(4)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": str(tmp_path)},
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["203.0.113.77"]
