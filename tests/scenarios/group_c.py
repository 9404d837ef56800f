"""C. Transfer, interruption, atomicity."""

import errno

from syncfs.testing import Fault as FsFault
from syncfs.testing import RaiseAfter, ShortRead
from tests.scenarios.scenario import (
    ANY,
    APACHE,
    DAV,
    LOCAL,
    MEMORY,
    RCLONE,
    WSGIDAV,
    Dies,
    Fault,
    Fs,
    Http,
    Leftover,
    Meanwhile,
    Raises,
    Remove,
    Scenario,
    Step,
    Write,
)
from tests.servers.proxy import CutReply, CutRequest, DropAfter, ReplaceBody, Reply
from tests.servers.proxy import Fault as HttpFault
from tests.servers.proxy import Meanwhile as HttpMeanwhile

ONLY_HTTP = "a fault of HTTP; the same for every pair is the scenario beside it"
BIG = "new" * 1_200_000
OLD = {"big": "old", "g": "g"}


def _io_error() -> OSError:
    return OSError(errno.EIO, "Input/output error")


def _broken() -> OSError:
    return ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")


def _full() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device")


SCENARIOS = [
    Scenario(
        row="28",
        title="a run killed in the middle of a file leaves the old one, and the next run ends without a "
        "ritual",
        before=OLD,
        steps=[
            Step(
                src={"big": BIG},
                faults=[Fault("src", "chunk", "big", Dies(), nth=3)],
                at_dst=ANY,
                exit=-9,
            ),
            Step(both={"big": BIG, "g": "g"}),
        ],
        pairs=(LOCAL, *DAV),
        elsewhere="memory: it dies with the process",
        is_symmetric=False,
    ),
    Scenario(
        row="29",
        title="a file that cannot be read leaves the other side's as it is",
        before={"report": "old"},
        steps=[
            Step(
                command="pull",
                dst={"report": "new and longer"},
                faults=[Fault("dst", "read", "report", Raises(_io_error), every=True)],
                problems={"report": "failed"},
                exit=1,
            ),
            Step(command="sync", both={"report": "new and longer"}),
        ],
    ),
    Scenario(
        row="29",
        title="a GET that is answered 500 leaves the local file as it is",
        before={"report": "old"},
        steps=[
            Step(
                command="pull",
                dst={"report": "new and longer"},
                faults=[Http(lambda: HttpFault(Reply(500), method="GET", every=True))],
                problems={"report": "failed"},
                exit=1,
            ),
            Step(command="sync", both={"report": "new and longer"}),
        ],
        pairs=DAV,
        elsewhere=ONLY_HTTP,
    ),
    Scenario(
        row="30",
        title="a write that breaks off, again and again, leaves the old file",
        before=OLD,
        steps=[
            Step(
                src={"big": BIG},
                faults=[Fault("src", "chunk", "big", Raises(_broken), nth=2, every=True)],
                problems={"big": "failed"},
                exit=1,
            ),
            Step(both={"big": BIG, "g": "g"}),
        ],
    ),
    Scenario(
        row="30",
        title="a PUT whose connection dies leaves the old file, or is tried again",
        before=OLD,
        steps=[
            Step(
                src={"big": BIG},
                faults=[Http(lambda: HttpFault(CutRequest(1_000_000), method="PUT"))],
                both={"big": BIG, "g": "g"},
            ),
        ],
        pairs=DAV,
        elsewhere=ONLY_HTTP,
    ),
    Scenario(
        row="31",
        title="a body that is shorter than announced is never put in place",
        before=OLD,
        steps=[
            Step(
                command="pull",
                dst={"big": BIG},
                faults=[
                    Http(lambda: HttpFault(CutReply(0), method="GET", every=True))
                ],  # with more it is resumed
                problems={"big": "failed"},
                exit=1,
            ),
            Step(command="sync", both={"big": BIG, "g": "g"}),
        ],
        pairs=DAV,
        elsewhere="local: nothing is announced; a source that changes while it is read: 33",
    ),
    Scenario(
        row="31",
        title="a body that is shorter than the listing said, and says so itself, is never put in place",
        before=OLD,
        steps=[
            Step(
                command="pull",
                dst={"big": "newer and longer"},
                faults=[
                    Http(lambda: HttpFault(ReplaceBody(lambda body: body[:5]), method="GET", every=True)),
                ],
                problems={"big": "*"},
                exit=1,
            ),
            Step(command="sync", both={"big": "newer and longer", "g": "g"}),
        ],
        pairs=DAV,
        elsewhere="local: nothing is announced; a source that changes while it is read: 33",
    ),
    Scenario(
        row="31",
        title="a file that is shorter on the far side than what was written is not taken for ours",
        before=OLD,
        steps=[
            Step(
                src={"big": "newer and longer"},
                faults=[Fault("dst", "write", "big", Meanwhile({"big": "newer"}, after=True))],
                at_dst={"big": "newer", "g": "g"},
                problems={"big": "stale"},
                exit=1,
                settles=False,
            ),
        ],
        pairs=DAV,
        elsewhere="local: the write itself looks at what it left (tests/endpoint/test_local.py)",
        is_symmetric=False,
    ),
    Scenario(
        row="31",
        title="a file that a filesystem gives only the start of is never put in place",
        before=OLD,
        steps=[
            Step(
                command="pull",
                dst={"big": "newer and longer"},
                faults=[Fs(lambda: FsFault(ShortRead(5), call="cat_file", every=True))],
                problems={"big": "failed"},
                exit=1,
            ),
            Step(command="sync", both={"big": "newer and longer", "g": "g"}),
        ],
        pairs=(MEMORY,),
        elsewhere="local: nothing is announced; a source that changes while it is read: 33",
    ),
    Scenario(
        row="32",
        title="a write whose answer was lost is recognised by the next run",
        before=OLD,
        steps=[
            Step(
                src={"big": "new"},
                faults=[Fs(lambda: FsFault(RaiseAfter(ConnectionResetError), call="pipe_file"))],
                at_dst={"big": "new", "g": "g"},
                problems={"big": "stale"},
                exit=1,
            ),
            Step(both={"big": "new", "g": "g"}, counts={"copied": 0}),
        ],
        pairs=(MEMORY,),
        elsewhere="local: no answer can get lost on the way",
        is_symmetric=False,
    ),
    Scenario(
        row="32",
        title="an upload whose answer was lost is recognised, not taken for a conflict",
        before=OLD,
        steps=[
            Step(
                src={"big": "new"},
                faults=[
                    Http(lambda: HttpFault(DropAfter(), method="PUT", nth=1)),
                ],
                at_dst={"big": "new", "g": "g"},
                problems={},
                exit=0,
            ),
            Step(both={"big": "new", "g": "g"}),
        ],
        pairs=(WSGIDAV, RCLONE),
        elsewhere="Apache: next scenario; local: no answer can get lost on the way",
        is_symmetric=False,
    ),
    Scenario(
        row="32",
        title="an upload in place whose answer was lost is recognised by the next run",
        before=OLD,
        steps=[
            Step(
                src={"big": "new"},
                faults=[Http(lambda: HttpFault(DropAfter(), method="PUT", nth=1))],
                at_dst={"big": "new", "g": "g"},
                problems={"big": "stale"},
                exit=1,
            ),
            Step(both={"big": "new", "g": "g"}, counts={"copied": 0}),
        ],
        pairs=(APACHE,),
        elsewhere="elsewhere an upload goes to a temporary name first: the scenario before",
        is_symmetric=False,
    ),
    Scenario(
        row="33",
        title="a file edited while it is copied is not copied torn",
        before=OLD,
        steps=[
            Step(
                src={"big": BIG},
                faults=[Fault("src", "chunk", "big", Meanwhile({"big": BIG + "more"}), nth=2)],
                at_src={"big": BIG + "more", "g": "g"},
                problems={"big": "stale"},
                exit=1,
            ),
            Step(both={"big": BIG + "more", "g": "g"}),
        ],
    ),
    Scenario(
        row="34",
        title="an edit between the listing and the overwrite is not overwritten",
        before={"f": "base", "g": "g"},
        steps=[
            Step(
                src={"f": "mine", "g": "new"},
                faults=[Fault("dst", "write", "f", Meanwhile({"f": "theirs"}))],
                at_dst={"f": "theirs", "g": "new"},
                problems={"f": "stale"},
                exit=1,
            ),
            Step(both={"f": "theirs", "f.conflict-src": "mine", "g": "new"}, conflicts={"f": "settled"}),
        ],
    ),
    Scenario(
        row="35",
        title="an edit between the listing and the removal is not removed",
        before={"f": "base", "g": "g"},
        steps=[
            Step(
                src=[Remove("f")],
                faults=[Fault("dst", "move", "f", Meanwhile({"f": "theirs"}))],
                at_dst={"f": "theirs", "g": "g"},
                problems={"f": "stale"},
                exit=1,
            ),
            Step(both={"f": "theirs", "g": "g"}, conflicts={"f": "settled"}),
        ],
    ),
    Scenario(
        row="36",
        title="a PUT of somebody else just before ours is not overwritten, whether or not the server knows "
        "If-Match",
        before={"f": "base"},
        steps=[
            Step(
                src={"f": "mine"},
                faults=[
                    Http(lambda edit: HttpFault(HttpMeanwhile(edit), method="PUT"), edits={"f": "theirs"}),
                ],
                at_dst={"f": "theirs"},
                problems={"f": "stale"},
                exit=1,
            ),
            Step(both={"f": "theirs", "f.conflict-src": "mine"}, conflicts={"f": "settled"}),
        ],
        pairs=DAV,
        elsewhere="local and memory: there is no If-Match; see 34",
        is_symmetric=False,
    ),
    Scenario(
        row="37",
        title="a run whose records were lost makes no conflict and no transfer in the next one",
        before={"f": "base", "gone": "x", "g": "g"},
        steps=[
            Step(state="kept"),
            Step(
                src=[Write("f", "edited"), Remove("gone"), Write("new", "n")],
                both={"f": "edited", "new": "n", "g": "g"},
            ),
            Step(
                state="restored",
                both={"f": "edited", "new": "n", "g": "g"},
                counts={"copied": 0, "removed": 0},
            ),
        ],
    ),
    *(
        Scenario(
            row="38",
            title=f"a state that is {what} means a union, said aloud, and never deletions",
            before={"f": "base", "g": "g"},
            steps=[
                Step(
                    src=[Remove("f"), Write("g", "mine")],
                    dst={"new": "n"},
                    state=what,
                    both={"f": "base", "g": "mine", "g.conflict-dst": "g", "new": "n"},
                    conflicts={"g": "settled"},
                    options={"on_conflict": "src"},
                    notice=notice,
                )
            ],
            is_symmetric=False,
        )
        for what, notice in (
            ("missing", ""),
            ("damaged", "first run again"),
            ("cut", "first run again"),
            ("foreign", "first run again"),
        )
    ),
    Scenario(
        row="39",
        title="a full disk ends the run before anything is removed, and keeps the state",
        before={"f": "base", "gone": "x"},
        steps=[
            Step(
                src=[Remove("gone"), Write("f", "edited")],
                faults=[Fault("dst", "write", "f", Raises(_full), every=True)],
                problems={"f": "failed"},
                exit=1,
            ),
            Step(both={"f": "edited"}),
        ],
    ),
    Scenario(
        row="39",
        title="507 ends the run before anything is removed",
        before={"f": "base", "gone": "x"},
        steps=[
            Step(
                src=[Remove("gone"), Write("f", "edited")],
                faults=[Http(lambda: HttpFault(Reply(507), method="PUT", every=True))],
                problems={"f": "failed"},
                exit=1,
            ),
            Step(both={"f": "edited"}),
        ],
        pairs=DAV,
        elsewhere=ONLY_HTTP,
    ),
    Scenario(
        row="40",
        title="an empty file whose transfer failed is not recorded",
        before={"g": "g"},
        steps=[
            Step(
                src={"empty": ""},
                faults=[Fault("dst", "write", "empty", Raises(_io_error), every=True)],
                problems={"empty": "failed"},
                exit=1,
            ),
            Step(both={"empty": "", "g": "g"}, counts={"copied": 1}),
        ],
    ),
    Scenario(
        row="41",
        title="temporary files are never synced, and go when the run that left them is dead",
        before={"g": "g", "d/h": "h"},
        steps=[
            Step(
                src={"g": "new"},
                dst=[Leftover("d", ours=True), Leftover("d", ours=False)],
                at_src={"g": "new", "d/h": "h"},
                at_dst={"g": "new", "d/h": "h", "d/.syncfs-tmp-20200101T000000Zabc-7": "part"},
            )
        ],
        is_symmetric=False,
    ),
    Scenario(
        row="42",
        title="a file that becomes a directory is in the trash before the directory is made (killed: "
        "test_crashes)",
        before={"f": "base", "g": "g"},
        steps=[Step(src=[Remove("f"), Write("f/x", "inside")], both={"f/x": "inside", "g": "g"})],
    ),
]
