"""One worker of a pipeline, as a process: `python -m tests.task_worker` takes the arguments of `syncfs.run`
as JSON on stdin and prints what it returns, or what it raises, as JSON."""

import json
import pickle
import sys

import syncfs


def main() -> None:
    try:
        result = syncfs.run(**json.load(sys.stdin))
    except syncfs.SyncfsError as error:
        pickle.loads(pickle.dumps(error))  # engines send it on
        result = {"raised": type(error).__name__, "retryable": error.retryable, "said": str(error)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
