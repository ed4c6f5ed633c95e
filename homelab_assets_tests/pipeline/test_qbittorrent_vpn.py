"""Story 2.4: downloads go through the VPN.

An address that the internet sees is a public one, so it is compared with the home's public addresses
(`home_addresses`), not with its private range, which it can never be in.
"""

import pytest

from homelab_assets_tests.pipeline.conftest import Prove


def test_qbittorrent_is_inside_gluetuns_network(prove: Prove) -> None:
    prove("vpn.namespace")


def test_that_network_is_the_present_one(prove: Prove) -> None:
    prove("vpn.start_order")


def test_gluetun_is_healthy(prove: Prove) -> None:
    prove("vpn.container")


def test_the_tunnel_is_up(prove: Prove) -> None:
    prove("vpn.tunnel")


def test_the_kill_switch_holds(prove: Prove) -> None:
    prove("vpn.kill_switch")


def test_qbittorrents_interface_exists(prove: Prove) -> None:
    prove("vpn.interface")


@pytest.mark.parametrize("version", [4, 6])
def test_the_home_does_not_show(version: int, prove: Prove) -> None:
    prove(f"vpn.egress_v{version}")
