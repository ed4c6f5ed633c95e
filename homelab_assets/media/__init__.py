"""The media pipeline, from request to playback: one small client per app, probes, causes, fixes, and a simulator.

`homelab_assets.media.session.open_session` is the entrance. Clients and `apply` touch the network; everything that
judges (probes, mounts, folders, fixes) is given values and returns values.
"""
