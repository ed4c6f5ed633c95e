"""Run the audit, or open pull requests, and kill this very process (SIGKILL) at the n-th change that it makes.

    python -m homelab_assets_tests.faults.killed audit|remediate LAB N

A change is a file opened for writing, renamed or removed, or a command started. With N = 0 nothing is killed, and the
number of changes is printed.
"""

import os
import signal
import sys

from homelab_assets import reports
from homelab_assets.audit import Audit, remember, run_audit
from homelab_assets.documentation.generate import PARTS
from homelab_assets.documenting import document_audit, write_documents
from homelab_assets.lab.settings import Lab, load_lab
from homelab_assets.remediation.flow import open_pull_requests, plan_audit
from homelab_assets.repository.cleanup import find_stale
from homelab_assets.repository.structure import selection
from homelab_assets.repository.validate import validate_lab
from homelab_assets.secrecy import Vault

_CHANGES = ("os.rename", "os.remove", "os.mkdir", "subprocess.Popen")


def _is_change(event: str, arguments: tuple[object, ...]) -> bool:
    if event == "open":
        flags = arguments[2]
        return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return event in _CHANGES


def _write_reports(lab: Lab, audit: Audit) -> None:
    remember(lab, audit.document)
    structure = validate_lab(lab, selection(lab.structure), generated_at=audit.document.generated_at)
    reports.write_drift_report(lab, audit.document)
    reports.write_cleanup_report(lab, find_stale(audit.baselines, audit.captures, audit.document))
    reports.write_structure_report(lab, structure)


def main(what: str, file: str, end: int) -> None:
    """Work, and die at the `end`-th change."""
    lab, vault = load_lab(file), Vault(b"k" * 32)
    count = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if _is_change(event, arguments):
            count += 1
            if count == end:
                os.kill(os.getpid(), signal.SIGKILL)

    audit = run_audit(lab, vault=vault)
    sys.addaudithook(hook)
    if what == "audit":
        _write_reports(lab, audit)
        documents, _ = document_audit(lab, audit, vault=vault)
        write_documents(lab, documents, whole=PARTS)
    else:
        plans = [plan for plan in plan_audit(lab, audit, vault=vault) if plan.identity.service == "pihole"]
        open_pull_requests(lab, audit, plans, whole=False)
    print(count)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
