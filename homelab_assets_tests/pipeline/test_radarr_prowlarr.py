"""Story 2.3: Radarr and Sonarr search through Prowlarr, and Prowlarr reaches them."""

import pytest

from homelab_assets.media.clients import Clients, Trouble
from homelab_assets.media.probes.indexers import is_prowlarrs
from homelab_assets_tests.pipeline.conftest import Prove


def test_prowlarr_has_an_indexer_that_is_ready(prove: Prove) -> None:
    prove("indexers.ready")


def test_prowlarr_finds_the_test_film(prove: Prove) -> None:
    prove("indexers.search")


@pytest.mark.parametrize("app", ["radarr", "sonarr"])
def test_prowlarr_and_the_app_reach_each_other(app: str, prove: Prove) -> None:
    prove(f"applications.{app}")


@pytest.mark.parametrize("app", ["radarr", "sonarr"])
def test_the_app_has_a_current_key_of_prowlarr_and_gets_results(app: str, prove: Prove) -> None:
    prove(f"search.{app}")


def test_radarr_lists_an_indexer_of_prowlarr(clients: Clients, prove: Prove) -> None:
    prove("radarr.key")
    if clients.prowlarr is None:
        pytest.skip("Prowlarr: not configured")
    assert clients.radarr is not None
    indexers = clients.radarr.providers("indexer")
    assert not isinstance(indexers, Trouble), indexers.detail
    assert [one.name for one in indexers if one.enabled and is_prowlarrs(one)], "Radarr has no enabled one of Prowlarr"
