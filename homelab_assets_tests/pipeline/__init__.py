"""The operator's suite: is my media pipeline whole? `pytest homelab_assets_tests/pipeline -v`.

Against real apps where they are configured (a `lab.yaml` with a media section, or the variables of `conftest.py`), else
against a simulated media host. It calls the same probes as `drift-detector pipeline`.
"""
