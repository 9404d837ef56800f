"""E. Names."""

from tests.scenarios.scenario import (
    APACHE,
    DAV,
    LOCAL,
    MEMORY,
    RCLONE,
    WSGIDAV,
    Http,
    Move,
    Remove,
    Scenario,
    Step,
    Write,
)
from tests.servers.proxy import Fault as HttpFault
from tests.servers.proxy import ReplaceBody

NFC, NFD = "caf\u00e9", "cafe\u0301"
PLAIN = "the servers here tell all spellings apart; one on Windows or macOS cannot be started by a test"
LONG = "n" * 251 + ".txt"
DIFFICULT = {
    "100%": "1",
    "%41": "not A",
    "a b": "2",
    "a#b": "3",
    "a+b": "4",
    "a;b=c": "5",
    "a&b": "7",
    "d'/it's": "8",
    "[x]*": "9",
    "über/日本": "10",
    "-n": "11",
    "~": "12",
    LONG: "13",
}
ODD = {"a\nb": "1", "a\\b": "2", "a\tb": "3"}
UNWINDOWS = {"a:b": "1", "CON": "2", "nul.txt": "3", "dot.": "4", "space ": "5", "d/x?": "6"}


def _href_out_of_the_root(body: bytes) -> bytes:
    return body.replace(b"/victim", b"/%2e%2e%2fvictim")


SCENARIOS = [
    Scenario(
        row="60",
        title="a rename that changes only the case arrives",
        before={"f": "base"},
        steps=[Step(src=[Move("f", "F")], both={"F": "base"})],
    ),
    Scenario(
        row="60",
        title="a rename that changes only the case arrives where that is the same name",
        before={"f": "base", "d/g": "g"},
        steps=[
            Step(
                src=[Move("f", "F"), Move("d", "D")],
                both={"F": "base", "D/g": "g"},
                is_blind=True,
                settles=False,
            ),
            # The rename itself has changed the file's change time, which the next run notes.
            Step(counts={"copied": 0}, is_blind=True, settles=False),
            Step(counts={"copied": 0}, is_blind=True),
        ],
        kind="folds case",
        pairs=(LOCAL, MEMORY),
        elsewhere=PLAIN,
    ),
    Scenario(
        row="61",
        title="two names that are one on the other side: said aloud, and neither goes, in the next run "
        "either",
        before={"g": "g"},
        steps=[
            Step(
                src=[Write("Hello", "one"), Write("hello", "two"), Write("g", "new")],
                at_dst={"g": "new"},
                problems={"Hello": "name"},
                exit=1,
            ),
            Step(times=2, problems={"Hello": "name"}, exit=1),
            Step(src=[Move("hello", "other")], both={"Hello": "one", "g": "new", "other": "two"}),
        ],
        kind="folds case",
        pairs=(LOCAL, MEMORY),
        elsewhere=PLAIN,
    ),
    Scenario(
        row="61",
        title="a second spelling of a synced name: said aloud, and nothing goes",
        before={"hello": "one"},
        steps=[
            Step(src={"Hello": "two"}, at_dst={"hello": "one"}, problems={"Hello": "name"}, exit=1),
            Step(times=2, problems={"Hello": "name"}, exit=1),
        ],
        kind="folds case",
        pairs=(LOCAL, MEMORY),
        elsewhere=PLAIN,
    ),
    Scenario(
        row="62",
        title="the composed name here and the decomposed one there are one file",
        before=None,
        steps=[
            Step(
                src={NFC: "same"},
                dst={NFD: "same"},
                counts={"copied": 0, "removed": 0, "renamed": 0},
                is_blind=True,
            ),
            Step(
                src={NFC: "edited"},
                at_src={NFC: "edited"},
                at_dst={NFD: "edited"},
                is_blind=True,
            ),
        ],
        kind="folds unicode",
        pairs=(LOCAL, MEMORY),
        elsewhere=PLAIN,
    ),
    Scenario(
        row="63",
        title="both forms of a name in one directory: said aloud, nothing merged, nothing gone",
        before={"g": "g"},
        steps=[
            Step(
                src={NFC: "one", NFD: "two"},
                at_dst={"g": "g"},
                problems={NFD: "name"},
                exit=1,
            ),
            Step(times=2, problems={NFD: "name"}, exit=1),
        ],
        kind="folds unicode",
        pairs=(LOCAL, MEMORY),
        elsewhere=PLAIN,
    ),
    Scenario(
        row="63",
        title="both forms of a name are two files where they are two",
        before=None,
        steps=[Step(src={NFC: "one", NFD: "two"}, both={NFC: "one", NFD: "two"})],
        pairs=(LOCAL, APACHE, WSGIDAV, MEMORY),
        elsewhere="rclone finds a name under its other form too: next scenario",
    ),
    Scenario(
        row="63",
        title="where the server finds a name under its other form too, neither is written",
        before={"g": "g"},
        options={"jobs": 1},
        steps=[
            Step(
                src={NFC: "one", NFD: "two"},
                at_dst={"g": "g"},
                problems={NFD: "name"},
                exit=1,
                times=2,
                settles=False,
            )
        ],
        pairs=(RCLONE,),
        elsewhere="elsewhere they are two files, or one: the scenarios before",
        is_symmetric=False,
    ),
    Scenario(
        row="64",
        title="difficult names arrive as they are, change, and go",
        before=None,
        steps=[
            Step(src=DIFFICULT, both=DIFFICULT),
            Step(
                dst={name: f"{content} edited" for name, content in DIFFICULT.items()},
                both={name: f"{content} edited" for name, content in DIFFICULT.items()},
            ),
            Step(
                src=[Remove(name) for name in list(DIFFICULT)[:3]],
                both={name: f"{content} edited" for name, content in list(DIFFICULT.items())[3:]},
            ),
        ],
    ),
    Scenario(
        row="64",
        title="a question mark arrives as it is",
        before=None,
        steps=[
            Step(src={"a?b": "1"}, both={"a?b": "1"}),
            Step(dst={"a?b": "edited"}, both={"a?b": "edited"}),
        ],
        pairs=(LOCAL, APACHE, RCLONE, MEMORY),
        elsewhere="WsgiDAV cuts the target of a MOVE at one: next scenario",
    ),
    Scenario(
        row="64",
        title="a name that the server would misread is refused before it does harm",
        before={"g": "g"},
        steps=[
            Step(
                src={"a?b": "1", "g": "new"},
                at_dst={"g": "new"},
                problems={"a?b": "failed"},
                exit=1,
                settles=False,
            )
        ],
        pairs=(WSGIDAV,),
        elsewhere="elsewhere it arrives: the scenario before",
        is_symmetric=False,
    ),
    Scenario(
        row="64",
        title="names that a local disk can hold, with line breaks and backslashes, arrive as they are",
        before=None,
        steps=[
            Step(src={"a\nb": "1", "a\\b": "2", "a\tb": "3"}, both={"a\nb": "1", "a\\b": "2", "a\tb": "3"})
        ],
        pairs=(LOCAL, MEMORY),
        elsewhere="WebDAV: servers differ in which of them they take (webdav.md section 6); refused: next "
        "scenario",
    ),
    Scenario(
        row="64",
        title="names that the other side cannot hold are reported one by one, and the rest arrives",
        before={"g": "g"},
        steps=[
            Step(
                src=UNWINDOWS | {"g": "new"},
                at_dst={"g": "new", "d/": None},
                problems=dict.fromkeys(UNWINDOWS, "failed"),
                exit=1,
                settles=False,
            ),
            Step(times=2, problems=dict.fromkeys(UNWINDOWS, "failed"), exit=1, settles=False),
        ],
        kind="Windows",
        is_symmetric=False,
    ),
    Scenario(
        row="64",
        title="a listed name that leads out of its directory is not followed",
        before={"g": "g", "d/h": "h"},
        steps=[
            Step(
                command="pull",
                dst={"d/victim": "evil", "g": "new"},
                faults=[
                    Http(
                        lambda: HttpFault(
                            ReplaceBody(_href_out_of_the_root),
                            method="PROPFIND",
                            path_regex="/d/?$",
                            every=True,
                        )
                    )
                ],
                at_src={"g": "new", "d/h": "h"},
                problems={"d": "unreadable"},
                exit=1,
            ),
            Step(both={"g": "new", "d/h": "h", "d/victim": "evil"}),
        ],
        pairs=DAV,
        elsewhere="local and memory: a listing holds no addresses",
        is_symmetric=False,
    ),
    Scenario(
        row="65",
        title="a kept loser never overwrites a file that has its name already",
        before={"f.txt": "base", "f.conflict-src.txt": "was here", "f.conflict-dst.txt": "was here"},
        steps=[
            Step(
                src={"f.txt": "mine"},
                dst={"f.txt": "theirs"},
                both={
                    "f.txt": "theirs",
                    "f.conflict-src-1.txt": "mine",
                    "f.conflict-src.txt": "was here",
                    "f.conflict-dst.txt": "was here",
                },
                conflicts={"f.txt": "settled"},
            )
        ],
    ),
    Scenario(
        row="65",
        title="a name of full length has room for its loser",
        before={LONG: "base"},
        steps=[
            Step(
                src={LONG: "mine"},
                dst={LONG: "theirs"},
                both={LONG: "theirs", f"{'n' * 222}.conflict-src.txt": "mine"},
                conflicts={LONG: "settled"},
            )
        ],
        is_symmetric=False,
    ),
    Scenario(
        row="66",
        title="a kept loser edited on both sides has a loser of the first file's name",
        before={"f.txt": "base", "f.conflict-src.txt": "loser"},
        steps=[
            Step(
                src={"f.conflict-src.txt": "mine"},
                dst={"f.conflict-src.txt": "theirs"},
                both={"f.txt": "base", "f.conflict-src.txt": "theirs", "f.conflict-src-1.txt": "mine"},
                conflicts={"f.conflict-src.txt": "settled"},
            )
        ],
        is_symmetric=False,
    ),
    Scenario(
        row="67",
        title="a path that holds the root's own path again is mapped once",
        before=None,
        steps=[
            Step(
                command="push",
                src={"{root}/{root}/f": "deep", "f": "top"},
                both={"{root}/{root}/f": "deep", "f": "top"},
            )
        ],
    ),
]
