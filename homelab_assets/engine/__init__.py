"""The running side: connections to Docker engines, and captures of what they say of themselves.

Importing this package loads neither the Docker SDK nor paramiko; connecting to a live engine does.
"""

from homelab_assets.engine.capture import capture_host, capture_hosts
from homelab_assets.engine.recorded import read_capture, write_capture

__all__ = ["capture_host", "capture_hosts", "read_capture", "write_capture"]
