"""A stateless worker in a pipeline: push or pull one pair, say in JSON and by exit code how it went.

    python pipeline_task.py push /data/out webdavs://nas.example/out /shared/state/out.sqlite

The worker keeps nothing of its own: the state is the file that it is given, on a volume that outlives it.
stdout is one JSON object. Exit codes: 0 done; 75 try again later (the scheduler should retry); 1 someone
must look at it. Killing the worker at any moment is safe: the next one goes on where it stopped.
"""

import json
import sys

from syncfs import Syncer, SyncfsError

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h


def main(mode: str, src: str, dst: str, state: str) -> int:
    try:
        syncer = Syncer(src, dst, state=state, on_conflict="skip")
        report = {"push": syncer.push, "pull": syncer.pull}[mode]()
    except SyncfsError as error:
        partial = getattr(error, "report", None)
        result = partial.to_dict() if partial is not None else {}
        result |= {"ok": False, "error": str(error), "retryable": error.retryable}
    else:
        # An open conflict never goes away by itself; a problem may.
        retryable = not report.open_conflicts and all(each.retryable for each in report.problems)
        result = report.to_dict() | {"retryable": not report.ok and retryable}
    print(json.dumps(result))
    return 0 if result["ok"] else TRY_AGAIN if result["retryable"] else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
