"""`lab.yaml`: what the homelab consists of, where its truth lies, and what to make of differences.

`keys` describes what may stand in it, `schema` checks a YAML document against such a description and reports every
mistake with its line, `cross_check` finds what shows across keys alone; `settings` turns it into typed values;
`certificates` looks at files of those to trust. `discover` looks around for what a new one needs; `demo` is the
recorded homelab that answers when nothing is configured.
"""

from homelab_assets.lab.settings import Lab, find_lab, load_lab

__all__ = ["Lab", "find_lab", "load_lab"]
