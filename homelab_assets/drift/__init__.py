"""The comparison: captures and baselines in, the drift document out. Nothing here touches the world.

`compare` is the door. In the order in which to read:

- `document` is what comes out. `view` is what is looked at: a service of git (`Declared`) in its project
  (`project_view`), a container (`Observed`) and the `Host` around it;
- `leaf` is the language of the field table: a *row* yields the same *leaves* from a service and from a container, and
  `differences` tells them apart. `fields` is the table; its rows stand in `rows`, a module for each subject, most of
  them made with `rows.shapes`;
- `binding_hosts` says which host a stack belongs to, `matching` which container is which service;
- `settling` leads the stacks of a host, one by one, through what follows. `deployed` says where and from which files
  one was deployed, `stacks` loads it as its host did, `models` is what comes of it, with markers where variables are
  open. `unify` binds these: `sights` sets git's texts beside the running ones, `templates` says what a variable must be
  for a text to match, `bindings` and `sharing` choose one value for each by their `observations` (of a stored capture's
  `sealed_variables` there are tokens alone), and the stack is loaded again, or `filling` puts them in. `proving` asks
  Compose's own hash (`evidence`) what the containers were made from;
- `learning` collects the `habits` of a daemon from the containers for which git says nothing;
- `service` judges a service. `leaves` compares it row by row; `still` leaves out the rows in which nothing can differ,
  `sealing` compares what is secret, and `compose_v1`, `compose_older` and `podman` know who reads or tells what
  otherwise. `definitions` lets one service of each network and volume tell of how git defines it. `items` writes the
  differences down, `policy` says how bad they are and which are accepted, `image_moved` and `cause` where they come
  from;
- `unjudged` says what is said where nothing could be compared, `assembling` puts the document together, `past` decides
  what only git's past can tell, by comparing what it had before with a `known_host`, `history` dates it.

Beside the way stand `malformed` (captures that no engine wrote, by `engine_shapes`), `behind_variables` (what a capture
must not hold when it is stored), `respelling` (how containers spell it) and `unsealed` (where it holds that all the
same).
"""
