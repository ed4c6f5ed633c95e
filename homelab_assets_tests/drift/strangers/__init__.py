"""The audit put to the test on stacks that other people wrote: real engines run them, one change at a time is made.

`python -m homelab_assets_tests.drift.strangers DIR` runs it. Read `sources` (which stacks), `ground` (a host that
runs one), `agreement` (loader against Compose), `leaves` and `changes` (one change, and the item that must come of
it), `redefining` (the same of networks and volumes), `hand` (changes on the host), `trial` (one stack, all steps),
`ledger` (what came of it).
"""
