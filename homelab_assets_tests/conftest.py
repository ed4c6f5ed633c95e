"""Fixtures that tests of all rooms share, and how generated examples are made."""

import os

from hypothesis import settings

pytest_plugins = ["homelab_assets_tests.lab.fixtures"]

# The same examples in every run, on slow machines too. HYPOTHESIS_PROFILE=explore looks at new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
