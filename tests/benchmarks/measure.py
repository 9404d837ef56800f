"""Run one command and tell what it cost: a program of its own, so small that it does not show in the figures.

    python -I -S measure.py OUTPUT COMMAND...

writes one JSON object to OUTPUT: `code, wall_s, cpu_s, peak_bytes`. A process's peak begins with what its
parent held when it was forked, so the benchmark itself, with all that it has imported, must not be that
parent: this one holds 9 MB, which is the least that is ever shown.
"""

import json
import os
import sys
import time


def main(output: str, *command: str) -> None:
    started_s = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(child, 0)
    wall_s = time.monotonic() - started_s
    unit_bytes = 1 if sys.platform == "darwin" else 1024
    with open(output, "w") as file:
        json.dump(
            {
                "code": os.waitstatus_to_exitcode(status),
                "wall_s": wall_s,
                "cpu_s": used.ru_utime + used.ru_stime,
                "peak_bytes": used.ru_maxrss * unit_bytes,
            },
            file,
        )


main(*sys.argv[1:])
