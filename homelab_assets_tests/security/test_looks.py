"""What the table of secrets hides, and what the table of ordinary values leaves readable: two rates."""

from collections.abc import Callable

from homelab_assets_tests.security.looks_table import cases

# A path under the name of a password is taken for the place of a file; after a flag, what begins with `-` is a flag.
BEYOND = {"POSTGRES_PASSWORD=«/{w}/{w}»", "server | --passphrase | «-{w}»"}


def test_what_nobody_may_see_is_hidden(tally: Callable[[str], None]) -> None:
    table = list(cases("secrets"))
    leaks = {case.entry: case.shown() for case in table if case.leaks()}
    tally(f"{len(table) - len(leaks)} of {len(table)} realistic secrets hidden")
    assert set(leaks) == BEYOND, leaks


def test_what_everybody_may_read_stays_readable(tally: Callable[[str], None]) -> None:
    table = list(cases("ordinary"))
    hidden = {case.entry: case.shown() for case in table if case.unreadable()}
    tally(f"{len(table) - len(hidden)} of {len(table)} ordinary values readable")
    assert hidden == {}
