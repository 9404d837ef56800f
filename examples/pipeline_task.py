"""A stateless worker in a pipeline: push or pull one pair, say in JSON and by exit code how it went.

    python pipeline_task.py push s3://bucket/out webdavs://nas.example/out s3://bucket/states/out.sqlite

The worker keeps nothing of its own. The state is a file on a volume that outlives it, or, as here, at a URL:
it is fetched, and published only over the version that was fetched. Secrets are named, not given: an option
`{"password": "env:NAS_PASSWORD"}` is read from the environment. stdout is one JSON object of less than
48,000 bytes. Exit codes: 0 done; 75 try again later (the scheduler should retry); 1 someone must look at it.
Killing the worker at any moment is safe: the next one goes on where it stopped, and takes over the lease that
it left, for both work for one owner.
"""

import json
import os
import sys

import syncfs

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h


def main(mode: str, src: str, dst: str, state: str) -> int:
    owner = os.environ.get("TASK_ID", "")  # the same for a task and its retries
    try:
        result = syncfs.run(src, dst, mode=mode, state=state, on_conflict="skip", owner=owner)
    except syncfs.SyncfsError as error:
        result = {"ok": False, "error": str(error), "retryable": error.retryable}
    print(json.dumps(result))
    return 0 if result["ok"] else TRY_AGAIN if result["retryable"] else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
