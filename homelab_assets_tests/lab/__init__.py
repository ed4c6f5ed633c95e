"""A real homelab on one machine: Docker engines behind sshds, stacks deployed from git with Compose.

`RealLab` brings it up; the `lab` fixture hands it to tests, `python -m homelab_assets_tests.lab` to people.
Each host lives in namespaces of its own (mounts, network, processes, host name): its own `/run`, `/opt` and
`/media`, its own ports and bridges, and nothing of it survives its first process.
"""

from homelab_assets_tests.lab.homelab import RealLab
from homelab_assets_tests.lab.machine import Machine
from homelab_assets_tests.lab.tools import Tools, find_tools, why_unavailable

__all__ = ["Machine", "RealLab", "Tools", "find_tools", "why_unavailable"]
