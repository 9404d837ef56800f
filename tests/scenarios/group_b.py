"""B. What counts as a change: time, size, content."""

from tests.scenarios.scenario import (
    DAV,
    HOUR_S,
    LOCAL,
    MEMORY,
    Fault,
    Meanwhile,
    Scenario,
    Step,
    Touch,
    Write,
)

F = {"f": "12345"}
MANY = {f"d/{number:02}": f"content {number}" for number in range(12)}
SECOND_NS = 10**9
YEAR_2076_NS = 3_345_000_000 * SECOND_NS

SCENARIOS = [
    Scenario(
        row="16",
        title="an edit of the same size whose mtime was set back is seen by its change time",
        before=F,
        steps=[Step(src=[Write("f", "abcde", keeps_time=True)], both={"f": "abcde"})],
        pairs=(LOCAL, *DAV),
        elsewhere="in memory nothing tells of such an edit but the content: see the next scenario",
        is_symmetric=False,
    ),
    Scenario(
        row="16",
        title="where nothing but the content tells, verify finds the edit and nothing is overwritten unseen",
        before=F,
        steps=[
            Step(dst=[Write("f", "abcde", keeps_time=True)], counts={"copied": 0}, is_blind=True),
            Step(
                options={"verify": True},
                src={"f": "edited here"},
                both={"f": "edited here", "f.conflict-dst": "abcde"},
                conflicts={"f": "settled"},
                settles=False,
            ),
        ],
        pairs=(*DAV, MEMORY),
        elsewhere="on a local disk the change time tells: see the scenario before",
        is_symmetric=False,
        options={"on_conflict": "src"},
    ),
    Scenario(
        row="17",
        title="a second edit in the tick of the first one arrives too",
        before=F,
        steps=[
            Step(src=[Write("f", "first", ago_s=-4 * HOUR_S)], both={"f": "first"}, settles=False),
            Step(src=[Write("f", "again", keeps_time=True)], both={"f": "again"}),
        ],
        pairs=(LOCAL, *DAV),
        elsewhere="in memory nothing tells of such an edit but the content (16)",
        is_symmetric=False,
    ),
    Scenario(
        row="17",
        title="an edit that the server's clock hides behind our own write is kept when the file is "
        "overwritten",
        before=F,
        steps=[
            Step(src={"f": "abcde"}, both={"f": "abcde"}, settles=False),
            Step(
                src={"f": "edited here"},
                dst=[Write("f", "hides", keeps_time=True)],
                options={"on_conflict": "src"},
                both={"f": "edited here", "f.conflict-dst": "hides"},
                conflicts={"f": "settled"},
                settles=False,
            ),
        ],
        pairs=("local-wsgidav",),
        elsewhere="local: the change time tells; Apache, rclone and memory show finer times than a second, "
        "so only forging the mtime hides an edit (16)",
        is_symmetric=False,
    ),
    Scenario(
        row="18",
        title="a file restored from a backup, with an older mtime, is a change like any other",
        before=F,
        steps=[Step(src=[Write("f", "from the backup", ago_s=1000 * HOUR_S)], both={"f": "from the backup"})],
    ),
    Scenario(
        row="19",
        title="an edit by a clock that is an hour slow arrives",
        before=F,
        steps=[Step(src=[Write("f", "edited", ago_s=HOUR_S)], both={"f": "edited"})],
    ),
    Scenario(
        row="19",
        title="an edit on the far side by a clock that is an hour slow arrives",
        before=F,
        steps=[Step(dst=[Write("f", "edited", ago_s=HOUR_S)], both={"f": "edited"})],
    ),
    Scenario(
        row="20",
        title="two runs with nothing to do transfer nothing, whatever mtimes the sides show",
        before=F | MANY,
        steps=[Step(times=2, counts={"copied": 0, "bytes_transferred": 0})],
    ),
    Scenario(
        row="21",
        title="a re-indexed file with the same content moves no byte, and is settled afterwards",
        before=F,
        steps=[Step(dst=[Touch("f", shift_s=60)], counts={"copied": 0, "bytes_transferred": 0})],
    ),
    Scenario(
        row="22",
        title="a time zone that moves every mtime by an hour moves no byte",
        before=F | {"g": "gg"},
        steps=[
            Step(
                src=[Touch("f", shift_s=3600), Touch("g", shift_s=3600)],
                counts={"copied": 0, "bytes_transferred": 0},
            )
        ],
    ),
    Scenario(
        row="22",
        title="a time zone that moves every mtime cannot make anything go",
        before=MANY,
        steps=[
            Step(
                src=[Touch(path, shift_s=3600) for path in MANY],
                counts={"copied": 0, "bytes_transferred": 0, "removed": 0},
            )
        ],
    ),
    *(
        Scenario(
            row="23",
            title=f"a file from {when} syncs",
            before={"f": "12345"},
            steps=[Step(src=[Write("f", "edited"), Touch("f", at_ns=at_ns)], both={"f": "edited"})],
        )
        for when, at_ns in (("1970", 0), ("2076", YEAR_2076_NS))
    ),
    Scenario(
        row="23",
        title="a file from before 1970 syncs",
        before={"f": "12345"},
        steps=[Step(src=[Write("f", "edited"), Touch("f", at_ns=-SECOND_NS)], both={"f": "edited"})],
        pairs=(LOCAL, *DAV),
        elsewhere="memory: the time there is that of the write, whatever is set",
        is_symmetric=False,
    ),
    *(
        Scenario(
            row="23",
            title=f"a time of {when} is no time: newer keeps both",
            before={"f": "12345"},
            steps=[
                Step(
                    src=[Write("f", "mine"), Touch("f", at_ns=at_ns)],
                    dst={"f": "theirs"},
                    both={"f": "mine", "f.conflict-dst": "theirs"},
                    conflicts={"f": "settled"},
                )
            ],
            is_symmetric=False,
        )
        for when, at_ns in (("1970", 0), ("2076", YEAR_2076_NS))
    ),
    Scenario(
        row="24",
        title="a push copies what has the same mtime and another size",
        before=F,
        options={"compare": "mtime"},
        steps=[
            Step(
                command="push",
                src=[Write("f", "another size", keeps_time=True)],
                at_dst={"f": "another size"},
            )
        ],
    ),
    Scenario(
        row="25",
        title="a push copies what has the same size and another content",
        before=F,
        steps=[Step(command="push", src={"f": "abcde"}, at_dst={"f": "abcde"})],
    ),
    Scenario(
        row="25",
        title="a first push sees another content of the same size",
        before=None,
        options={"on_conflict": "src"},
        steps=[
            Step(
                command="push",
                src={"f": "abcde"},
                dst={"f": "12345"},
                at_dst={"f": "abcde", "f.conflict-dst": "12345"},
                conflicts={"f": "settled"},
            )
        ],
    ),
    *(
        Scenario(
            row="26",
            title=f"{compare}: what cannot be compared is neither equal nor different, so it is read",
            before=None,
            options={"compare": compare},
            steps=[
                Step(
                    src={"same": "12345", "f": "abcde"},
                    dst={"same": "12345", "f": "12345"},
                    both={"same": "12345", "f": "12345", "f.conflict-src": "abcde"},
                    conflicts={"f": "settled"},
                )
            ],
        )
        for compare in ("etag", "digest", "auto")
    ),
    Scenario(
        row="27",
        title="a log that grows while it is read is never recorded as something that it was not",
        before={"log": "one\n"},
        steps=[
            Step(
                src={"log": "one\ntwo\n"},
                faults=[
                    Fault("src", "chunk", "log", Meanwhile([Write("log", "one\ntwo\nthree\n")])),
                ],
                at_src={"log": "one\ntwo\nthree\n"},
                at_dst={"log": "one\n"},
                problems={"log": "stale"},
                exit=1,
            ),
            Step(both={"log": "one\ntwo\nthree\n"}),
        ],
    ),
]
