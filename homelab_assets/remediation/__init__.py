"""From drift to pull requests: the smallest edit of git that says what runs, proved, and proposed to a person.

`flow` is the door, for the command line and for Dagster. In the order in which to read:

- `identity` says whom a pull request is about, `proposal` what all kinds of them have in common. `planner` makes a
  `plan` for each drifted service; `cleanup_plan`, `adoption_plan`, `documents_plan` and `readme_plan` are other kinds;
- `backport` writes one difference into git: `wish` is what a file shall say, `attempts` gives the edits that could say
  it, `proof` takes the first that changes just that. A proof compares models (`loading`, `model_leaves`), never texts;
- an edit of a compose file comes from `fields`: `editor` holds what all keys have in common, `keyed_fields`,
  `listed_fields` and `network_fields` know their kinds, `short_forms` how Compose writes ports and mounts. Below lie
  `yaml_tree` (where everything stands), `yaml_text` (how a value is written) and `splice` (cuts in the text);
  `dotenv_text` edits env files;
- `removal` takes services and stacks out, `removal_proof` proves that; `adopt` writes a stack for a container;
- the words: `body`, `cleanup_body`, `adoption_body`, `weakening` (what to think about first), `repository_docs` (the
  README's table), `readme` (which lines of it whose pull request edits), `patch`, `markdown`;
- `apply` carries the plans out: `decide` says what to do with each plan and each pull request that is there, `branches`
  looks at the remote and pushes. `no_forge` writes down what nobody can push; `dashboard` and `journal` tell what
  became of it all.
"""
