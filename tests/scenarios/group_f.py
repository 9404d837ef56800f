"""F. Several runs, several clients."""

import errno

from tests.scenarios.scenario import (
    ANY,
    DAV,
    HOUR_S,
    LOCAL,
    AnotherRun,
    Cancels,
    Dies,
    Fault,
    Raises,
    Remove,
    Scenario,
    Step,
    Write,
)

THIRTY = {f"{number:02}": f"content {number}" for number in range(30)}


def _never() -> OSError:
    return OSError(errno.EIO, "Input/output error")


SCENARIOS = [
    Scenario(
        row="68",
        title="a second run of the same pair fails at once, and harms nothing",
        before={"f": "base"},
        steps=[
            Step(
                src={"f": "edited"},
                faults=[Fault("dst", "write", "f", AnotherRun(("src", "dst"), "sync", exit=5))],
                both={"f": "edited"},
            )
        ],
    ),
    Scenario(
        row="69",
        title="of two hosts that push the same file at once exactly one wins, and the other one hears of it",
        before={"f": "base"},
        steps=[
            Step(
                src={"f": "mine"},
                third=[Write("f", "theirs", ago_s=-5 * HOUR_S)],
                faults=[Fault("dst", "write", "f", AnotherRun(("third", "dst"), "sync", exit=0))],
                at_src={"f": "mine"},
                at_dst={"f": "theirs", "f.conflict-dst": "base"},
                problems={"f": "stale"},
                exit=1,
            ),
            Step(
                both={"f": "theirs", "f.conflict-dst": "base", "f.conflict-src": "mine"},
                conflicts={"f": "settled"},
                options={"on_conflict": "dst"},
            ),
        ],
        options={},
    ),
    Scenario(
        row="70",
        title="the lock of a run that died stops nobody",
        before={"f": "base"},
        steps=[
            Step(src={"f": "edited"}, faults=[Fault("dst", "write", "f", Dies())], exit=-9),
            Step(both={"f": "edited"}),
        ],
        pairs=(LOCAL, *DAV),
        elsewhere="memory: it dies with the process",
        is_symmetric=False,
    ),
    Scenario(
        row="71",
        title="in a chain of three an edit survives a deletion at the other end, and all come to the same",
        before={"f": "base", "g": "g"},
        steps=[
            Step(between=("third", "dst"), at_third={"f": "base", "g": "g"}, at_dst={"f": "base", "g": "g"}),
            Step(
                src=[Remove("f")],
                third=[Write("f", "edited")],
                both={"g": "g"},
            ),
            Step(
                between=("third", "dst"),
                at_third={"f": "edited", "g": "g"},
                at_dst={"f": "edited", "g": "g"},
                conflicts={"f": "settled"},
            ),
            Step(both={"f": "edited", "g": "g"}),
            Step(between=("third", "dst"), counts={"copied": 0, "removed": 0}),
        ],
    ),
    Scenario(
        row="72",
        title="an interrupted run says so, and the next one does the rest",
        before={"g": "g"},
        options={"jobs": 1},
        steps=[
            Step(
                src=dict(THIRTY),
                faults=[Fault("dst", "write", "03", Cancels())],
                at_dst=ANY,
                exit=130,
                settles=False,
            ),
            Step(both=THIRTY | {"g": "g"}),
        ],
    ),
    Scenario(
        row="73",
        title="one file that always fails keeps nothing else back, and is reported each time",
        before={"g": "g"},
        steps=[
            Step(
                src=THIRTY | {"bad": "never"},
                faults=[Fault("dst", "write", "bad", Raises(_never), every=True)],
                at_dst=THIRTY | {"g": "g"},
                problems={"bad": "failed"},
                exit=1,
            ),
            Step(
                faults=[Fault("dst", "write", "bad", Raises(_never), every=True)],
                problems={"bad": "failed"},
                exit=1,
                times=2,
                counts={"copied": 0},
            ),
        ],
    ),
    Scenario(
        row="74",
        title="a file deleted and made again as it was is no change",
        before={"f": "base"},
        steps=[Step(src=[Remove("f"), Write("f", "base")], counts={"copied": 0, "removed": 0})],
    ),
    Scenario(
        row="75",
        title="a plan applied later refuses what has changed since, path by path, and does the rest",
        before={"f": "base", "g": "g", "h": "h", "k": "k"},
        steps=[
            Step(
                src=[Write("f", "new"), Write("g", "new"), Remove("h"), Remove("k")],
                stale=([], [Write("f", "theirs"), Write("h", "theirs")]),
                at_dst={"f": "theirs", "g": "new", "h": "theirs"},
                problems={"f": "stale", "h": "stale"},
                exit=1,
            ),
            Step(
                both={"f": "theirs", "f.conflict-src": "new", "g": "new", "h": "theirs"},
                conflicts={"f": "settled", "h": "settled"},
            ),
        ],
    ),
    Scenario(
        row="75",
        title="a plan applied after another run has moved the base deletes nothing that is no longer known",
        before={"f": "base", "g": "g"},
        steps=[
            Step(
                src=[Remove("f")],
                stale=([], [Write("f", "theirs")]),
                at_dst={"f": "theirs", "g": "g"},
                problems={"f": "stale"},
                exit=1,
            ),
            Step(both={"f": "theirs", "g": "g"}, conflicts={"f": "settled"}),
        ],
    ),
]
