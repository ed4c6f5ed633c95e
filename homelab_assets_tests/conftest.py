"""Fixtures that tests of all rooms share."""

pytest_plugins = ["homelab_assets_tests.lab.fixtures"]
