"""What stands behind the verdict on the media pipeline, counted in whole sentences."""

import pytest

from homelab_assets.rendering.pipeline_words import explanation, in_a_sentence, verdict


@pytest.mark.parametrize(
    ("fail", "blocked", "told"),
    [
        (1, 1, "1 fails; 1 is blocked by it"),
        (1, 2, "1 fails; 2 are blocked by it"),
        (2, 1, "2 fail; 1 is blocked by them"),
        (2, 3, "2 fail; 3 are blocked by them"),
    ],
)
def test_what_a_failure_blocks_is_counted(fail: int, blocked: int, told: str) -> None:
    summary = {"pass": 9, "total": 20, "fail": fail, "blocked": blocked, "unknown": 0}
    assert explanation({"summary": summary}) == f"9 of 20 checks pass; {told}."


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("Plex does not notice new files", "Plex does not notice new files"),
        ("CSRF protection refuses calls", "CSRF protection refuses calls"),
        ("qBittorrent has banned this address", "qBittorrent has banned this address"),
        ("The VPN tunnel is down", "the VPN tunnel is down"),
    ],
)
def test_names_keep_their_capitals_in_a_sentence(title: str, told: str) -> None:
    assert in_a_sentence(title) == told


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("pass", "The whole chain holds, from request to playback"),
        ("skipped", "What was looked at holds, but not every link was looked at"),
    ],
)
def test_the_whole_chain_holds_only_where_all_of_it_was_looked_at(status: str, told: str) -> None:
    checks = [{"id": "end_to_end.dry_run", "status": status}]
    assert verdict({"first_broken": None, "summary": {"unknown": 0}, "checks": checks}) == told
