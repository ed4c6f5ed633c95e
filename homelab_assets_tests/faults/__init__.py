"""What goes wrong around a run, and where each fault is tested. All with real processes; † on the real lab.

| fault | test |
| --- | --- |
| engine hangs mid-capture | `engine/test_capture_lab.py::test_an_engine_that_freezes_in_the_middle` †, `engine/test_capture.py::test_a_fault_is_one_clear_message` |
| engine killed mid-capture | `engine/test_capture_lab.py::test_an_engine_that_is_killed_in_the_middle` † |
| SSH dropped mid-transfer | `engine/test_capture_lab.py::test_ssh_that_drops_in_the_middle` † |
| slow host, one byte a second | `engine/test_capture_lab.py::test_ssh_of_one_byte_a_second` †, `engine/test_capture.py` ("one byte a time") |
| name without an address (DNS) | `engine/test_capture.py::test_a_name_without_an_address`, `test_faults.py::test_a_name_that_nobody_knows` |
| nothing open afterwards | `engine/test_capture_lab.py::test_captures_leave_nothing_open` †, `benchmarks/soak.py` † |
| disk full, output read-only | `test_faults.py::test_nowhere_to_write` |
| killed while reports and documents are written | `test_killed.py::test_while_writing_reports_and_documents` |
| killed in git work, while a pull request is opened | `test_killed.py::test_while_opening_a_pull_request`, `repository/test_worktrees.py` |
| two audits at once | `test_faults.py::test_two_audits_at_once`, `test_locking.py` |
| a clock that jumps | `test_reports.py::test_a_clock_that_jumps_ahead_costs_neither_reports_nor_history` |
| corrupt state and report files | `test_faults.py::test_damaged_leftovers_of_an_earlier_run` |
| repository in mid-merge or mid-rebase, locked, dirty, shallow, bare, detached, with submodules | `test_faults.py::test_a_clone_in_whatever_state_gives_the_same_audit` |
| force-pushed baseline | `test_faults.py::test_a_baseline_that_was_forced_back`, `orchestration/test_merge_sensor.py::test_a_force_push_back_and_forth_starts_a_run_each_time` |
| git hangs, remote is gone, clone is damaged | `repository/test_git.py`, `repository/test_baselines.py` |
| forge fails, refuses, limits | `remediation/test_flow.py`, `forge/test_forges.py` |
| media apps fail | `media/test_faults.py`, `media/test_transport.py` |
"""
