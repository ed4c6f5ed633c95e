"""The `docker:` URL."""

import pytest

from homelab_assets.engine.address import Address, parse_address
from homelab_assets.errors import ConfigurationError

GOOD = {
    "ssh://root@192.168.50.19": Address(kind="ssh", host="192.168.50.19", user="root"),
    "ssh://NAS.Lan": Address(kind="ssh", host="NAS.Lan"),
    "ssh://larry@ct-media-01:2222": Address(kind="ssh", host="ct-media-01", port=2222, user="larry"),
    "ssh://root@[fd00::1]:22": Address(kind="ssh", host="fd00::1", port=22, user="root"),
    "ssh://a%40b@host": Address(kind="ssh", host="host", user="a@b"),
    "unix:///var/run/docker.sock": Address(kind="unix", path="/var/run/docker.sock"),
    "tcp://host:2376": Address(kind="tcp", host="host", port=2376),
    "tcp://host": Address(kind="tcp", host="host"),
    "capture:captures/ct-media-01": Address(kind="capture", path="captures/ct-media-01"),
}
BAD = [
    "",
    "host",
    "http://host",
    "ssh://",
    "ssh:host",
    "ssh://host:port",
    "ssh://host:99999",
    "ssh://host/path",
    "ssh://-oProxyCommand=evil",
    "unix://relative",
    "unix:/var/run/docker.sock",
    "tcp://host?x=1",
    "capture:",
    "ssh://[::1",
]


@pytest.mark.parametrize("url", GOOD)
def test_good(url: str) -> None:
    assert parse_address(url) == GOOD[url]


@pytest.mark.parametrize("url", BAD)
def test_bad(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address of an engine"):
        parse_address(url)


def test_a_password_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_address("ssh://root:hunter2@host")
    assert "hunter2" not in str(caught.value)
