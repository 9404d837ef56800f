"""A. Three-way core: edit, delete, type."""

from syncfs.testing import Link
from tests.scenarios.scenario import (
    DAV,
    LOCAL,
    Chmod,
    Move,
    Remove,
    Scenario,
    Step,
    Symlink,
    Write,
)

F = {"f": "base"}
REST = {"other": "rest"}

SCENARIOS = [
    Scenario(
        row="1",
        title="an edit wins over a deletion",
        before=F,
        steps=[
            Step(
                src=[Remove("f")],
                dst={"f": "edited"},
                both={"f": "edited"},
                conflicts={"f": "settled"},
                counts={"copied": 1},
            )
        ],
    ),
    Scenario(
        row="1",
        title="skip leaves an edit and a deletion as they are, and says so each time",
        before=F | REST,
        options={"on_conflict": "skip"},
        steps=[
            Step(
                src=[Remove("f")],
                dst={"f": "edited", "other": "new"},
                at_src={"other": "new"},
                at_dst={"f": "edited", "other": "new"},
                conflicts={"f": "open"},
                exit=3,
            ),
            Step(times=2, conflicts={"f": "open"}, exit=3),
            Step(command="resolve f dst", both={"f": "edited", "other": "new"}, conflicts={"f": "settled"}),
        ],
    ),
    Scenario(
        row="1",
        title="src, chosen by name, lets its deletion win; the edit goes to the trash and comes back from "
        "there",
        before=F,
        options={"on_conflict": "src"},
        steps=[
            Step(
                src=[Remove("f")],
                dst={"f": "edited"},
                both={"f.conflict-dst": "edited"},
                conflicts={"f": "settled"},
            )
        ],
    ),
    Scenario(
        row="2",
        title="the newest edit takes the name, the other one is kept beside it",
        before=F,
        steps=[
            Step(
                src={"f": "mine"},
                dst={"f": "theirs"},
                both={"f": "theirs", "f.conflict-src": "mine"},
                conflicts={"f": "settled"},
            )
        ],
    ),
    *(
        Scenario(
            row="2",
            title=f"with {policy} the edits of both sides are kept too",
            before={"f.txt": "base"},
            options={"on_conflict": policy},
            steps=[
                Step(
                    src={"f.txt": "mine!"},
                    dst={"f.txt": "theirs"},
                    both={"f.txt": winner, f"f.conflict-{loser}.txt": kept},
                    conflicts={"f.txt": "settled"},
                )
            ],
            is_symmetric=policy != "keep-both",
        )
        for policy, winner, loser, kept in (
            ("older", "mine!", "dst", "theirs"),
            ("larger", "theirs", "src", "mine!"),
            ("smaller", "mine!", "dst", "theirs"),
            ("src", "mine!", "dst", "theirs"),
            ("dst", "theirs", "src", "mine!"),
            ("keep-both", "mine!", "dst", "theirs"),
        )
    ),
    *(
        Scenario(
            row="2",
            title=f"{policy} touches neither edit until somebody decides",
            before=F,
            options={"on_conflict": policy},
            steps=[
                Step(
                    src={"f": "mine"},
                    dst={"f": "theirs"},
                    times=2,
                    conflicts={"f": "open"},
                    problems={"f": "conflict"} if policy == "fail" else {},
                    exit=3,
                ),
                Step(
                    command="resolve f src",
                    both={"f": "mine", "f.conflict-dst": "theirs"},
                    conflicts={"f": "settled"},
                ),
            ],
            is_symmetric=False,
        )
        for policy in ("skip", "fail")
    ),
    Scenario(
        row="2",
        title="a discarded loser is in the trash, and restore brings it back beside the winner",
        before=F,
        options={"keep_loser": False},
        steps=[
            Step(
                src={"f": "mine"},
                dst={"f": "theirs"},
                both={"f": "theirs"},
                conflicts={"f": "settled"},
            ),
        ],
    ),
    Scenario(
        row="2",
        title="patterns say who wins where",
        before={"a.md": "base", "b.bin": "base", "c": "base"},
        options={"on_conflict": {"*.md": "src", "*.bin": "skip"}},
        steps=[
            Step(
                src={"a.md": "mine", "b.bin": "mine", "c": "mine"},
                dst={"a.md": "theirs", "b.bin": "theirs", "c": "theirs"},
                at_src={
                    "a.md": "mine",
                    "a.conflict-dst.md": "theirs",
                    "b.bin": "mine",
                    "c": "theirs",
                    "c.conflict-src": "mine",
                },
                at_dst={
                    "a.md": "mine",
                    "a.conflict-dst.md": "theirs",
                    "b.bin": "theirs",
                    "c": "theirs",
                    "c.conflict-src": "mine",
                },
                conflicts={"a.md": "settled", "b.bin": "open", "c": "settled"},
                exit=3,
            )
        ],
        is_symmetric=False,
    ),
    Scenario(
        row="3",
        title="the same edit on both sides moves no byte and makes no name",
        before=F,
        steps=[
            Step(
                src={"f": "same edit"},
                dst={"f": "same edit"},
                both={"f": "same edit"},
                counts={"copied": 0, "renamed": 0, "bytes_transferred": 0},
            )
        ],
    ),
    Scenario(
        row="4",
        title="a first run is a union, and keeps both versions of what differs",
        before=None,
        steps=[
            Step(
                src={"n": "mine", "only/src": "s"},
                dst={"n": "theirs", "only/dst": "d"},
                both={"n": "theirs", "n.conflict-src": "mine", "only/src": "s", "only/dst": "d"},
                conflicts={"n": "settled"},
            )
        ],
    ),
    Scenario(
        row="4",
        title="without a state every run is a first run, and never deletes",
        before=F,
        options={"state": None},
        steps=[Step(src=[Remove("f"), Write("g", "new")], both={"f": "base", "g": "new"}, settles=False)],
    ),
    Scenario(
        row="5",
        title="a file that became a directory here and was edited there survives as both",
        before=F | REST,
        steps=[
            Step(
                src=[Remove("f"), Write("f/x", "inside"), Write("other", "new")],
                dst={"f": "edited"},
                both={"f/x": "inside", "f.conflict-dst": "edited", "other": "new"},
                conflicts={"f": "settled"},
            )
        ],
    ),
    Scenario(
        row="5",
        title="skip leaves a file against a directory alone, and syncs the rest",
        before=F | REST,
        options={"on_conflict": "skip"},
        steps=[
            Step(
                src=[Remove("f"), Write("f/x", "inside"), Write("other", "new")],
                dst={"f": "edited"},
                at_src={"f/x": "inside", "other": "new"},
                at_dst={"f": "edited", "other": "new"},
                conflicts={"f": "open"},
                exit=3,
            )
        ],
    ),
    Scenario(
        row="6",
        title="what was added to a directory that the other side removed stays, the rest of it goes",
        before={"d/c": "old"} | REST,
        steps=[
            Step(src=[Remove("d")], dst={"d/new": "precious"}, both={"d/new": "precious"} | REST),
        ],
    ),
    Scenario(
        row="7",
        title="a file edited in a directory that the other side renamed is not lost",
        before={"d/c": "old"},
        steps=[
            Step(
                src=[Move("d", "d2")],
                dst={"d/c": "edited"},
                both={"d2/c": "old", "d/c": "edited"},
                conflicts={"d/c": "settled"},
            )
        ],
    ),
    Scenario(
        row="8",
        title="a file renamed to two names has both",
        before=F,
        steps=[
            Step(src=[Move("f", "fa")], dst=[Move("f", "fb")], both={"fa": "base", "fb": "base"}),
        ],
    ),
    Scenario(
        row="9",
        title="two directories moved into each other make no cycle and lose nothing",
        before={"Archives/old": "a", "Drafts/Jan": "j"},
        steps=[
            Step(
                src=[Move("Drafts", "Archives/Drafts")],
                dst=[Move("Archives", "Drafts/Archives")],
                both={"Archives/Drafts/Jan": "j", "Drafts/Archives/old": "a"},
            )
        ],
    ),
    Scenario(
        row="10",
        title="a directory removed here and partly there is gone from both",
        before={"d/a": "a", "d/b": "b", "keep": "k"},
        steps=[Step(src=[Remove("d")], dst=[Remove("d/a")], both={"keep": "k"})],
    ),
    Scenario(
        row="11",
        title="what both sides deleted is forgotten",
        before=F | REST,
        steps=[Step(src=[Remove("f")], dst=[Remove("f")], both=REST, counts={"removed": 0})],
    ),
    Scenario(
        row="12",
        title="a symlink in a directory's place is neither followed nor replaced, and nothing behind it goes",
        before={"d/x": "old", "e": "e"},
        steps=[
            Step(
                src=[Remove("d"), Symlink("d", "{outside}"), Write("e", "edited")],
                dst={"d/x": "edited"},
                at_src={"d": Link("{outside}"), "e": "edited"},
                at_dst={"d/x": "edited", "e": "edited"},
                counts={"skipped": 1},
            )
        ],
        pairs=(LOCAL, *DAV),
        elsewhere="a filesystem in memory has no symlinks",
        is_symmetric=False,
    ),
    Scenario(
        row="13",
        title="a directory with ignored content stays when it was renamed on the other side",
        before={"d/c": "c"},
        options={"exclude": [".cache"]},
        steps=[
            Step(
                src={"d/.cache": "ignored"},
                dst=[Move("d", "e")],
                at_src={"d/.cache": "ignored", "e/c": "c"},
                at_dst={"e/c": "c"},
                problems={"d": "kept"},
                exit=1,
            )
        ],
    ),
    Scenario(
        row="14",
        title="two files that swapped their names arrive under the right ones",
        before={"a": "first", "b": "second!"},
        steps=[
            Step(
                src=[Move("a", "t"), Move("b", "a"), Move("t", "b")],
                both={"a": "second!", "b": "first"},
            )
        ],
    ),
    Scenario(
        row="14",
        title="a mirror of a renamed file is what the source has, not what was edited under the old name",
        before={"a": "agreed"},
        steps=[
            Step(
                command="push",
                options={"delete": "extra"},
                src=[Move("a", "b")],
                dst={"a": "edited there"},
                both={"b": "agreed"},
                counts={"renamed": 0},
            ),
        ],
    ),
    Scenario(
        row="14",
        title="a new file in the place of a renamed one is not taken for it",
        before={"f": "moved away"},
        steps=[
            Step(
                src=[Move("f", "g"), Write("f", "another one")],
                both={"f": "another one", "g": "moved away"},
            )
        ],
    ),
    Scenario(
        row="14",
        title="a chain of renames arrives",
        before={"a": "1", "b": "22", "c": "333"},
        steps=[
            Step(
                src=[Move("c", "d"), Move("b", "c"), Move("a", "b")],
                both={"b": "1", "c": "22", "d": "333"},
            )
        ],
    ),
    Scenario(
        row="14",
        title="a renamed directory is one move",
        before={"d/sub/a": "1", "d/b": "22"},
        steps=[
            Step(
                src=[Move("d", "e")],
                both={"e/sub/a": "1", "e/b": "22"},
                counts={"renamed": 1, "copied": 0, "removed": 0, "made_directories": 0},
                counted_on=(LOCAL, *DAV),
            )
        ],
    ),
    Scenario(
        row="15",
        title="a file made in a directory that the other side replaced by a file survives beside it",
        before={"d/c": "old"},
        steps=[
            Step(
                src={"d/new": "inside"},
                dst=[Remove("d"), Write("d", "a file")],
                both={"d/new": "inside", "d.conflict-dst": "a file"},
                conflicts={"d": "settled"},
            )
        ],
    ),
    Scenario(
        row="15",
        title="an unchanged directory yields to the file that took its place",
        before={"d/c": "old", "d/sub/e": "older"},
        steps=[Step(dst=[Remove("d"), Write("d", "a file")], both={"d": "a file"})],
    ),
    Scenario(
        row="15a",
        title="ignored content keeps its directory, is reported each time, and brings nothing back",
        before={"d/c": "c"} | REST,
        options={"exclude": [".cache"]},
        steps=[
            Step(
                src={"d/.cache": "ignored"},
                dst=[Remove("d")],
                at_src={"d/.cache": "ignored"} | REST,
                at_dst=REST,
                problems={"d": "kept"},
                exit=1,
            ),
            Step(at_src={"d/.cache": "ignored"} | REST, at_dst=REST, problems={"d": "kept"}, exit=1, times=2),
        ],
    ),
    Scenario(
        row="15b",
        title="a new file that got the inode of a removed one of its size is not taken for its rename",
        before={"x": "12345"},
        steps=[Step(src=[Remove("x"), Write("y", "abcde")], both={"y": "abcde"}, counts={"renamed": 0})],
    ),
    Scenario(
        row="15c",
        title="a chmod is no edit: the other side's edit arrives without a conflict",
        before=F,
        steps=[
            Step(
                src=[Chmod("f", 0o600)],
                dst={"f": "edited"},
                both={"f": "edited"},
                counts={"copied": 1},
            )
        ],
        pairs=(LOCAL, *DAV),
        elsewhere="a filesystem in memory has no permission bits",
        is_symmetric=False,
    ),
    Scenario(
        row="15d",
        title="a push to an edited file is a conflict, also when the source is unchanged",
        before=F,
        steps=[
            Step(command="push", dst={"f": "edited"}, conflicts={"f": "open"}, exit=3),
            Step(
                command="push",
                options={"on_conflict": "src"},
                at_dst={"f": "base", "f.conflict-dst": "edited"},
                conflicts={"f": "settled"},
            ),
        ],
        is_symmetric=False,
    ),
    Scenario(
        row="15e",
        title="a push that the receiver wins makes no copy, however often it runs",
        before=F,
        options={"on_conflict": "dst"},
        steps=[
            Step(
                command="push",
                dst={"f": "edited"},
                conflicts={"f": "open"},
                exit=3,
                counts={"copied": 0, "renamed": 0},
                settles=False,
            ),
            Step(command="push", conflicts={"f": "open"}, exit=3, times=9, settles=False),
        ],
        is_symmetric=False,
    ),
]
