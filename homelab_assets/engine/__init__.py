"""The running side: connections to Docker engines, and captures of what they say of themselves.

`capture` is the door. In the order in which to read:

- `address` reads the `docker:` URL of a host, `connection` opens byte streams to it: `streams` to sockets of this
  machine, `ssh` through a login (`ssh_settings` reads the configuration, `known_hosts` judges host keys, `ssh_login`
  logs in, `ssh_transport` carries the bytes). `api` speaks HTTP over any of them;
- `capture` asks for everything and seals it. `host_files` looks beside the containers for what their variables come
  from: `compose_files` and `environment_files`;
- `recorded` reads and writes captures as folders; `events` is the short look of Dagster's sensor, and `looks` what it
  tells.

Importing this package loads neither the Docker SDK nor paramiko; connecting to a live engine does.
"""

from homelab_assets.engine.capture import capture_host, capture_hosts
from homelab_assets.engine.recorded import read_capture, write_capture

__all__ = ["capture_host", "capture_hosts", "read_capture", "write_capture"]
