"""`lab.yaml`: what the homelab consists of, where its truth lies, and what to make of differences.

`schema` checks a YAML document against a description and reports every mistake with its line; `settings` describes
`lab.yaml` and turns it into typed values; `certificates` looks at files of those to trust; `demo` is the recorded
homelab that answers when nothing is configured.
"""

from homelab_assets.lab.settings import Lab, find_lab, load_lab

__all__ = ["Lab", "find_lab", "load_lab"]
