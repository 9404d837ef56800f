"""One client: a process of its own that pushes a folder when it is told to.

It reads one JSON object a line, `{"do": "push" | "plan" | "apply", "src": ..., "dst": ..., "state": ...}`,
and answers each with `{"copied": ..., "ok": ..., "says": [...]}`. What was planned is applied by the next
`apply`, so that eight of them can all have planned before the first one writes.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from syncfs import Report, Syncer
from syncfs.errors import SyncfsError


def told(report: Report) -> dict[str, Any]:
    """What a report says, as plain data."""
    return {
        "copied": report.copied,
        "ok": report.ok,
        "says": [str(each) for each in (*report.conflicts, *report.problems)],
    }


def main() -> None:
    syncer: Syncer | None = None
    planned = None
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if order["do"] == "apply":
                assert syncer is not None and planned is not None
                answer = told(syncer.apply(planned))
            else:
                syncer = Syncer(order["src"], order["dst"], state=order["state"], on_conflict="skip")
                if order["do"] == "plan":
                    planned = syncer.plan("push")
                    answer = {"copied": 0, "ok": True, "says": []}
                else:
                    answer = told(syncer.push())
        except (SyncfsError, OSError) as error:
            answer = {"copied": 0, "ok": False, "says": [f"{type(error).__name__}: {error}"]}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
