"""`python -m tests.conformance [pytest's options]`: run the suite, put on record what it finds.

The README's tables are brought up to date from that record.
With `-k TestNginx` only that side is run anew. Nothing is written unless all tests pass.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from syncfs.testing.conformance import Finding
from tests.conformance.table import ROOT, gathered, publish, save


class Recorder:
    """Gathers what the tests put on record; reports of xdist's workers come here too."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            found: list[Any] = [value for name, value in report.user_properties if name == "finding"]
            self.findings += [Finding(*value) for value in found]


def main(arguments: list[str]) -> int:
    os.environ["SYNCFS_CONFORMANCE"] = "record"
    recorder = Recorder()
    tests = str(ROOT / "tests" / "endpoint" / "conformance")
    code = pytest.main([tests, "-q", *arguments], plugins=[recorder])
    if code != pytest.ExitCode.OK:
        sys.stderr.write("nothing is put on record: not everything passed\n")
        return int(code)
    publish(save(gathered(recorder.findings)))
    sys.stdout.write(f"{len(recorder.findings)} findings on record, README.md brought up to date\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
