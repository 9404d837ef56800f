"""D. Mass deletion, and listings that fail."""

from tests.scenarios.scenario import (
    APACHE,
    DAV,
    LOCAL,
    MEMORY,
    NGINX,
    Exchange,
    Fault,
    Hides,
    Http,
    Meanwhile,
    Move,
    Remove,
    Scenario,
    Step,
    Unlistable,
    Unmount,
    Vanish,
    Write,
)
from tests.servers.proxy import Fault as HttpFault
from tests.servers.proxy import ReplaceBody, Reply

TWELVE = {f"d/{number:02}": f"content {number}" for number in range(12)}
REST = {"f": "base", "t": "top"}
TREE = {"d/x": "x", "d/y": "y"} | REST
LOGIN = b"<!DOCTYPE html><html><title>Please sign in</title></html>"
ONLY_HTTP = "a fault of HTTP; the same for every pair is the scenario with a listing that is broken"


def _cut(body: bytes) -> bytes:
    return body[: len(body) * 2 // 3]


def _unlistable(row: str, title: str, *faults: Fault | Http, **more: object) -> Scenario:
    """A directory that cannot be listed now: nothing in it happens, and removals of its peer wait."""
    return Scenario(
        row=row,
        title=title,
        before=TREE,
        steps=[
            Step(
                src=[Write("d/x", "mine"), Write("d/new", "new"), Write("f", "edited")],
                dst=[Remove("t")],
                faults=faults,
                at_src={"d/new": "new", "d/x": "mine", "d/y": "y", "f": "edited", "t": "top"},
                at_dst={"d/x": "x", "d/y": "y", "f": "edited"},
                problems={"d": "unreadable", "t": "deferred"},
                exit=1,
            ),
            Step(both={"d/new": "new", "d/x": "mine", "d/y": "y", "f": "edited"}),
        ],
        **more,  # type: ignore[arg-type]
    )


def _refused(title: str, *faults: Fault | Http, **more: object) -> Scenario:
    """A directory that may not be listed: nothing in it happens, everything else does."""
    return Scenario(
        row="46",
        title=title,
        before=TREE,
        steps=[
            Step(
                src=[Write("d/x", "mine"), Write("f", "edited")],
                dst=[Remove("t")],
                faults=faults,
                at_src={"d/x": "mine", "d/y": "y", "f": "edited"},
                at_dst={"d/x": "x", "d/y": "y", "f": "edited"},
                problems={"d": "unreadable"},
                exit=1,
            ),
            Step(both={"d/x": "mine", "d/y": "y", "f": "edited"}),
        ],
        **more,  # type: ignore[arg-type]
    )


SCENARIOS = [
    Scenario(
        row="43",
        title="a root that is suddenly empty stops the run before any write",
        before=TWELVE,
        steps=[Step(src=[Unmount()], exit=4, notice="empty")],
    ),
    Scenario(
        row="43",
        title="an empty source stops an exact mirror before any write",
        before=TWELVE,
        steps=[
            Step(command="push", options={"delete": "extra"}, src=[Unmount()], exit=4, notice="empty"),
        ],
    ),
    Scenario(
        row="44",
        title="a root that is gone stops the run",
        before=TWELVE,
        steps=[Step(src=[Vanish()], at_src={}, exit=6)],
    ),
    Scenario(
        row="44",
        title="a mirror of a source that is gone removes nothing",
        before=TWELVE,
        steps=[Step(command="push", options={"delete": "extra"}, src=[Vanish()], at_src={}, exit=6)],
    ),
    Scenario(
        row="44",
        title="a receiver that is gone is not made again with everything in it",
        before=TWELVE,
        steps=[Step(command="push", dst=[Vanish()], at_dst={}, exit=6)],
    ),
    Scenario(
        row="45",
        title="eleven of twelve files deleted are too many",
        before=TWELVE,
        steps=[Step(src=[Remove(path) for path in list(TWELVE)[1:]], exit=4, notice="11 of 12")],
    ),
    Scenario(
        row="45",
        title="eleven of twelve files deleted are enough where the user says so, and restore brings them "
        "back",
        before=TWELVE,
        steps=[
            Step(
                src=[Remove(path) for path in list(TWELVE)[1:]],
                options={"max_delete": "100%"},
                both={"d/00": "content 0"},
            ),
            Step(command="restore", at_src={"d/00": "content 0"}, at_dst=TWELVE, settles=False),
            # The files that come back were written on their side a moment ago, so that their copies are
            # looked at once more in the next run.
            Step(both=TWELVE, settles=False),
        ],
    ),
    _unlistable(
        "46",
        "a directory whose listing breaks is left alone, and removals of what the other side lacks wait",
        Fault("dst", "listing", "d", Unlistable(), every=True),
    ),
    *(
        _unlistable(
            "46",
            f"a directory answered {status} is left alone, and removals of what the server lacks wait",
            Http(
                lambda status=status: HttpFault(
                    Reply(status), method="PROPFIND", path_regex="/d/?$", every=True
                )
            ),
            pairs=DAV,
            elsewhere=ONLY_HTTP,
        )
        for status in (500, 503)
    ),
    _refused(
        "a directory that may not be listed is left alone, and everything else goes on",
        Fault("dst", "listing", "d", Unlistable(refused=True), every=True),
    ),
    *(
        _refused(
            f"a directory answered {status} below a listed parent is left alone, and everything else goes on",
            Http(
                lambda status=status: HttpFault(
                    Reply(status), method="PROPFIND", path_regex="/d/?$", every=True
                )
            ),
            pairs=DAV,
            elsewhere=ONLY_HTTP,
        )
        for status in (403, 404)
    ),
    Scenario(
        row="46a",
        title="a name that the server never lists is kept, and reported",
        before={"f": "base"},
        steps=[
            Step(
                src={".env": "secret"},
                faults=[Fault("dst", "listing", "", Hides(".env"), every=True)],
                both={".env": "secret", "f": "base"},
                problems={".env": "unlisted"},
                exit=1,
            ),
            Step(
                faults=[Fault("dst", "listing", "", Hides(".env"), every=True)],
                problems={".env": "unreadable"},
                exit=1,
                times=2,
            ),
        ],
        pairs=DAV,
        elsewhere="local and memory: a listing shows every name",
        is_symmetric=False,
    ),
    Scenario(
        row="46a",
        title="a dotfile on nginx, which never lists it, is kept, and reported",
        before={"f": "base"},
        steps=[
            Step(
                src={".env": "secret"},
                both={".env": "secret", "f": "base"},
                problems={".env": "unlisted"},
                exit=1,
            ),
            Step(problems={".env": "unreadable"}, exit=1, times=2),
        ],
        pairs=(NGINX,),
        elsewhere="the other servers list dotfiles; a listing that lacks one is the scenario before",
        is_symmetric=False,
    ),
    Scenario(
        row="46b",
        title="an edit that lands between our write and its read-back is not recorded as ours",
        before={"f": "base"},
        steps=[
            Step(
                src={"f": "mine"},
                faults=[Fault("dst", "write", "f", Meanwhile({"f": "longer edit"}, after=True))],
                at_dst={"f": "longer edit"},
                problems={"f": "stale"},
                exit=1,
            ),
            # Whoever wrote it need not have seen ours.
            Step(both={"f": "longer edit", "f.conflict-src": "mine"}, conflicts={"f": "settled"}),
        ],
        pairs=DAV,
        elsewhere="local and memory: the write itself reads back (tests/endpoint/test_local.py)",
        is_symmetric=False,
    ),
    Scenario(
        row="46b",
        title="one of the same size neither, where the server tells no tag of what it was sent",
        before={"f": "base"},
        steps=[
            Step(
                src={"f": "mine"},
                faults=[Fault("dst", "write", "f", Meanwhile({"f": "edit"}, after=True))],
                at_dst={"f": "edit"},
            ),
            Step(both={"f": "edit"}),
        ],
        pairs=(APACHE,),
        elsewhere="where a tag is known, or on disks, it is the scenario before",
        is_symmetric=False,
    ),
    _unlistable(
        "47",
        "a listing that ends early is no evidence",
        Http(lambda: HttpFault(ReplaceBody(_cut), method="PROPFIND", path_regex="/d/?$", every=True)),
        pairs=DAV,
        elsewhere="local and memory: a listing has no body that could be cut; one that breaks: 46",
    ),
    _unlistable(
        "48",
        "a login page is no listing",
        Http(
            lambda: HttpFault(
                ReplaceBody(LOGIN, status=200, content_type="text/html"),
                method="PROPFIND",
                path_regex="/d/?$",
                every=True,
            )
        ),
        pairs=DAV,
        elsewhere="local and memory: nobody signs in; a listing that breaks: 46",
    ),
    Scenario(
        row="49",
        title="a local directory that may not be read is left alone, and nothing of it goes on the other "
        "side",
        before=TREE,
        steps=[
            Step(
                src={"f": "edited"},
                dst={"d/x": "theirs"},
                faults=[Fault("src", "listing", "d", Unlistable(refused=True), every=True)],
                at_src=TREE | {"f": "edited"},
                at_dst=TREE | {"f": "edited", "d/x": "theirs"},
                problems={"d": "unreadable"},
                exit=1,
            ),
            Step(both=TREE | {"f": "edited", "d/x": "theirs"}),
        ],
    ),
    Scenario(
        row="50",
        title="what is excluded from now on is kept on both sides and forgotten",
        before={"a.log": "1", "b.log": "2", "f": "base"},
        steps=[
            Step(
                src=[Remove("a.log"), Write("b.log", "mine"), Write("f", "edited")],
                options={"exclude": ["*.log"]},
                at_src={"b.log": "mine", "f": "edited"},
                at_dst={"a.log": "1", "b.log": "2", "f": "edited"},
                counts={"untracked": 2},
            )
        ],
    ),
    Scenario(
        row="51",
        title="what is no longer excluded meets as if for the first time: no deletion, both versions kept",
        before={"a.log": "1", "b.log": "2", "f": "base"},
        steps=[
            Step(options={"exclude": ["*.log"]}),
            Step(
                src=[Remove("a.log"), Write("b.log", "mine")],
                dst={"b.log": "theirs"},
                both={"a.log": "1", "b.log": "theirs", "b.conflict-src.log": "mine", "f": "base"},
                conflicts={"b.log": "settled"},
            ),
        ],
    ),
    Scenario(
        row="52",
        title="an exact mirror does not remove what is excluded",
        before={"f": "base"},
        steps=[
            Step(
                command="push",
                options={"delete": "extra", "exclude": ["*.log"]},
                dst={"x.log": "theirs", "d/y.log": "theirs", "extra": "goes"},
                at_dst={"x.log": "theirs", "d/y.log": "theirs", "f": "base"},
                problems={"d": "kept"},
                exit=1,
            )
        ],
    ),
    Scenario(
        row="53",
        title="a directory inside the other one is refused",
        before={"f": "base"},
        steps=[
            Step(between=("src", "src"), exit=2),
        ],
        pairs=(LOCAL, *DAV),
        elsewhere="memory: places in it have no names that could be compared",
        is_symmetric=False,
    ),
    Scenario(
        row="53",
        title="an exchanged root stops a run that would destroy anything",
        before=TREE,
        steps=[Step(src=[Exchange({"f": "another one"})], exit=4, notice="not the directory")],
        pairs=(LOCAL, *DAV),
        elsewhere="memory: nothing tells a root from another in its place",
        is_symmetric=False,
    ),
    Scenario(
        row="54",
        title="a side restored from a backup in another directory loses nothing: a guard asks first",
        before=TREE,
        steps=[
            Step(
                src={"f": "two weeks later", "t": "later too"},
                both=TREE | {"f": "two weeks later", "t": "later too"},
            ),
            Step(src=[Exchange({"f": "base"})], exit=4, notice="not the directory"),
        ],
        pairs=(LOCAL, *DAV),
        elsewhere="memory: it has no backups. That a server was restored only Nextcloud and ownCloud tell "
        "(oc:data-fingerprint); no package of either can be started by a test",
        is_symmetric=False,
    ),
    Scenario(
        row="55",
        title="a machine restored from a backup, the state with it, gets what it missed and destroys nothing",
        before=TREE,
        steps=[
            Step(state="kept"),
            Step(
                dst=[Write("f", "later"), Write("new", "since then"), Remove("t")],
                both={"d/x": "x", "d/y": "y", "f": "later", "new": "since then"},
            ),
            Step(
                src=[Write("f", "base"), Remove("new"), Write("t", "top")],
                state="restored",
                both={"d/x": "x", "d/y": "y", "f": "later", "new": "since then"},
            ),
        ],
        is_symmetric=False,
    ),
    Scenario(
        row="56",
        title="a fresh root under the old name stops the run",
        before=TREE,
        steps=[Step(dst=[Exchange({})], at_dst={}, exit=4, notice="empty")],
    ),
    Scenario(
        row="56",
        title="a fresh root with raw contents under the old name stops the run",
        before=TREE,
        steps=[Step(dst=[Exchange({"d/x": "raw"})], exit=4, notice="not the directory")],
        pairs=(LOCAL,),
        elsewhere="servers and memory have nothing that tells a root from another in its place; next "
        "scenario",
        is_symmetric=False,
    ),
    Scenario(
        row="57",
        title="a directory that holds everything may be renamed: that is no deletion",
        before=TWELVE,
        steps=[
            Step(
                src=[Move("d", "e")],
                both={path.replace("d/", "e/"): content for path, content in TWELVE.items()},
                counts={"renamed": 1, "removed": 0, "copied": 0},
            )
        ],
        pairs=(LOCAL, *DAV),
        elsewhere="memory: files have no identity, so a rename is a copy and a removal; next scenario",
    ),
    Scenario(
        row="57",
        title="where a rename cannot be recognised, it counts as deletions and asks first",
        before=TWELVE,
        steps=[Step(src=[Move("d", "e")], exit=4, notice="12 of 12")],
        pairs=(MEMORY,),
        elsewhere="elsewhere it is recognised: the scenario before",
    ),
    *(
        Scenario(
            row="58",
            title=f"a push to a newer file with {policy} does what it says",
            before={"f": "base"},
            options={"on_conflict": policy},
            steps=[
                Step(
                    command="push",
                    src={"f": "mine"},
                    dst={"f": "newer"},
                    at_dst=at_dst,
                    conflicts={"f": outcome},
                    problems={"f": "conflict"} if policy == "fail" else {},
                    exit=0 if outcome == "settled" else 3,
                    settles=outcome == "open",
                )
            ],
        )
        for policy, outcome, at_dst in (
            ("newer", "open", {"f": "newer"}),
            ("skip", "open", {"f": "newer"}),
            ("fail", "open", {"f": "newer"}),
            ("src", "settled", {"f": "mine", "f.conflict-dst": "newer"}),
            ("keep-both", "settled", {"f": "mine", "f.conflict-dst": "newer"}),
        )
    ),
    Scenario(
        row="59",
        title="a file that the next listings do not show yet is not taken for deleted",
        before={"g": "g"},
        steps=[
            Step(
                src={"f": "new"},
                faults=[Fault("dst", "listing", "", Hides("f"), every=True)],
                both={"f": "new", "g": "g"},
                problems={"f": "unlisted"},
                exit=1,
            ),
            Step(
                faults=[Fault("dst", "listing", "", Hides("f"), every=True)],
                problems={"f": "unreadable"},
                exit=1,
            ),
            Step(both={"f": "new", "g": "g"}),
        ],
        pairs=DAV,
        elsewhere="local and memory: what was written is listed at once, and the write itself has looked; so "
        "do the object stores of today",
        is_symmetric=False,
    ),
]
