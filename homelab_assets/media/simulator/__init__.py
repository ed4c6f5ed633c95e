"""A simulated media host: one real HTTP server per app on loopback, which call each other. See `world.World`."""

from homelab_assets.media.simulator.faults import FAULTS, LARRY
from homelab_assets.media.simulator.world import World

__all__ = ["FAULTS", "LARRY", "World"]
