"""A file of 1 GiB goes through in flat memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.figures import Record
from tests.acceptance.support import Program, dav
from tests.servers.server import Folder

SIZE_BYTES = 1 << 30
LIMIT_BYTES = 120_000_000

# Started from a process as small as can be: a child's peak counts what its parent held when it was forked.
_MEASURED = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print("peak", usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_bytes(program: Program, *words: object) -> int:
    """Run a command to its end, which must be a good one; the most memory that it held at a time."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", _MEASURED, *program.command(*words)],
        capture_output=True,
        encoding="utf-8",
        env=program.environment(),
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    name, _, number = done.stdout.splitlines()[-1].partition(" ")
    assert name == "peak"
    return int(number)


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="needs wait4")
def test_a_push_and_a_pull_of_one_gibibyte_stay_small(
    apache_folder: Folder, syncfs: Program, src: Path, tmp_path: Path, record_property: Record
) -> None:
    with (src / "huge.bin").open("wb") as file:
        file.truncate(SIZE_BYTES)  # sparse: it costs no disk here
        file.seek(SIZE_BYTES // 2)
        file.write(b"the middle")
    url, back = dav(apache_folder.url), tmp_path / "back"
    try:
        pushed = peak_bytes(syncfs, "push", src, url)
        pulled = peak_bytes(syncfs, "pull", back, url)
        figures = f"1 GiB: peak of a push {pushed / 1e6:.0f} MB, of a pull {pulled / 1e6:.0f} MB"
        record_property("figures", figures)
        assert max(pushed, pulled) < LIMIT_BYTES
        for root in (apache_folder.root, back):
            with (root / "huge.bin").open("rb") as file:
                assert os.fstat(file.fileno()).st_size == SIZE_BYTES
                file.seek(SIZE_BYTES // 2 - 10)
                assert file.read(30) == bytes(10) + b"the middle" + bytes(10)
    finally:
        for root in (apache_folder.root, back):
            (root / "huge.bin").unlink(missing_ok=True)
