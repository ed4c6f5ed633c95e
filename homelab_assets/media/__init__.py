"""The media pipeline, from request to playback: is every link whole, which one is broken, and what mends it?

`session` is the door: it reads the settings, captures the media host, opens the clients, and has the rest done. In the
order in which to read:

- `settings` is the section `media` of `lab.yaml`. `clients` has one small client per app over one transport; `keys`
  finds the keys that the running apps use;
- `verdicts` is what a probe can say, `causes` the catalogue of why a link breaks. `probes` has the probes in the order
  of the chain, `pipeline` runs them, `result` is what comes out; `rules` adds advice on settings that work all the
  same;
- what probes know of the host: `containers`, `mounts` (where a path really is), `folders` (where a download is looked
  for), `addresses` (whose address the internet sees);
- `fixes` propose a `plan` for what failed, with what `situation` has looked up; `apply` carries an approved one out,
  by the `actions` of each app;
- `live` follows a real request to the screen, over several runs if need be.

`simulator` is a whole media host of real HTTP servers, for the demo lab and for tests. Whatever asks an app goes
through `clients`; `containers`, `mounts`, `folders` and `fixes` are given values and return values.
"""
