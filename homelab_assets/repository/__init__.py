"""Git's side before and after Compose: clones, their files and history, baselines, conventions, what is stale.

`baselines` is the door for the audit, `validate` for the conventions, `cleanup` for what is stale. In the order in
which to read:

- `git` is the one wrapper round the command, `git_process` starts and ends it, `git_errors` says what it complains of.
  On it stand `remotes` (look, fetch, push, and which refs follow a remote's branch), `history` (commits, and
  when a folder last changed) and `worktrees` (a place to commit without touching a checkout);
- `trees` gives the files of a commit or of the disk; `snapshots` opens a repository at what counts as the truth. In it
  `stacks` finds the folders and their compose files, `shared_files` what else these are made of, `targets` reads
  `stack-targets.yml`, `dotenv_files` what `.env` files say, `discover` whether it holds compose, Ansible or Terraform.
  `baselines` makes a stack's baselines of all that, `past` those that it had before;
- `validate` leads through the conventions: `structure_load` reads a repository as `rules` look at it, `structure` runs
  them and hides what is excepted, `structure_fix` mends. `services` gives rules and cleanup the services of a stack;
- `cleanup` finds what nothing runs from any more, with `unread_env` for env files; `stale` is what it finds.
"""
