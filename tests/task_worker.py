"""One worker of a pipeline, as a process: `python -m tests.task_worker`.

It takes arguments of `syncfs.run` as JSON on stdin, runs all of them at once, and prints what each gives.
"""

import json
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import syncfs


def outcome(arguments: dict[str, Any]) -> dict[str, Any]:
    """What one run gives."""
    try:
        return syncfs.run(**arguments)
    except syncfs.SyncfsError as error:
        pickle.loads(pickle.dumps(error))  # engines send it on
        return {"raised": type(error).__name__, "retryable": error.retryable, "said": str(error)}


def main() -> None:
    tasks = json.load(sys.stdin)
    with ThreadPoolExecutor(len(tasks)) as pool:
        print(json.dumps(list(pool.map(outcome, tasks))))


if __name__ == "__main__":
    main()
