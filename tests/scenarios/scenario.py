"""What a scenario consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from syncfs.testing import Fault as FsFault
from syncfs.testing import Node
from tests.servers.faults import Fault as HttpFault

Tree = Mapping[str, Node]
T = TypeVar("T")

LOCAL = "local-local"
MEMORY = "memory-memory"
APACHE, WSGIDAV, RCLONE = "local-apache", "local-wsgidav", "local-rclone"
DAV = (APACHE, WSGIDAV, RCLONE)
NGINX = "local-nginx"
"""The server that hides dotfiles: for the one row that is about that, so not among `PAIRS`."""
PAIRS = (LOCAL, *DAV, MEMORY)
"""Places that a scenario is played between; src is always the first."""


def includes(pairs: Sequence[str], pair: str) -> bool:
    """Whether what holds on some pairs holds on this one; a server that is not in `PAIRS` is one like all."""
    return pair in pairs or (pair not in PAIRS and set(DAV) <= set(pairs))


HOUR_S = 3600.0

ANY: Tree = {"anything": None}
"""For a step that ends early: some of it is done, nobody knows what."""


# -- what users do -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Write:
    """Write a file, in place where it exists; or with a `/` at the end of its path, make a directory.

    Attributes:
        ago_s: Its mtime, in seconds before the scenario; None: a minute after the last edit.
        keeps_time: Its mtime stays what it was: an edit that hides.
    """

    path: str
    content: str | bytes
    ago_s: float | None = None
    keeps_time: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a file, or a directory with all that is in it."""

    path: str


@dataclass(frozen=True, slots=True)
class Move:
    """Rename a file or a directory; the target's directory is made."""

    path: str
    to: str


@dataclass(frozen=True, slots=True)
class Touch:
    """Set an mtime.

    Attributes:
        at_ns: Since the epoch; None: `shift_s` from what it is.
    """

    path: str
    at_ns: int | None = None
    shift_s: int = 0


@dataclass(frozen=True, slots=True)
class Chmod:
    """Set the permission bits: the content and the mtime stay, the ctime does not."""

    path: str
    mode: int


@dataclass(frozen=True, slots=True)
class Symlink:
    """Put a symbolic link; `{outside}` in `target` is a directory outside both roots."""

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class Unmount:
    """Let the root be there and empty, our own directory gone with the rest."""


@dataclass(frozen=True, slots=True)
class Vanish:
    """Let the root be gone."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Put another directory in the root's place."""

    tree: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Leftover:
    """Leave a temporary file: of the last run in the history, or of a run that nobody knows."""

    directory: str = ""
    ours: bool = True


Edit = Write | Remove | Move | Touch | Chmod | Symlink | Unmount | Vanish | Exchange | Leftover
Edits = Mapping[str, Node] | Sequence[Edit]


def as_edits(edits: Edits) -> list[Edit]:
    """A literal as the edits that it stands for; directories are `Write`s without content."""
    if not isinstance(edits, Mapping):
        return list(edits)
    found: list[Edit] = []
    for path, node in edits.items():
        if isinstance(node, str | bytes):
            found.append(Write(path, node))
        else:
            assert node is None, "links are put with Symlink"
            found.append(Write(path, b"") if path.endswith("/") else Remove(path))
    return found


# -- what goes wrong -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Raises:
    """The call fails."""

    error: Callable[[], Exception]


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Somebody else edits the same side just before the call, or just after it."""

    edits: Edits
    after: bool = False


@dataclass(frozen=True, slots=True)
class Unlistable:
    """The directory cannot be listed: refused for good, or broken for now."""

    refused: bool = False


@dataclass(frozen=True, slots=True)
class Hides:
    """Listings lack a name that is there, as nginx hides dotfiles and a stale index new ones."""

    name: str


@dataclass(frozen=True, slots=True)
class Cancels:
    """The user interrupts the run."""


@dataclass(frozen=True, slots=True)
class Dies:
    """The process is killed in the middle of the content, with `kill -9`."""


@dataclass(frozen=True, slots=True)
class AnotherRun:
    """A second process runs a command between the same or other places; it must end with `exit`."""

    between: tuple[str, str]
    command: str
    exit: int


Happening = Raises | Meanwhile | Unlistable | Hides | Cancels | Dies | AnotherRun


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at which call of one side's endpoint.

    Attributes:
        side: `src` or `dst`.
        call: A method of `Endpoint`, or `chunk`: while a file is read.
        path: The call's path; None: any.
        happens: What.
        nth: At the first, second, ... such call.
        every: And at all that follow.
    """

    side: str
    call: str
    path: str | None
    happens: Happening
    nth: int = 1
    every: bool = False


@dataclass(frozen=True, slots=True)
class Http:
    """A fault of the proxy before dst.

    Attributes:
        make: Makes the fault, which counts and so serves once.
        edits: What a stranger does to dst when it happens; `make` is then given the call.
    """

    make: Callable[..., HttpFault]
    edits: Edits = ()


@dataclass(frozen=True, slots=True)
class Fs:
    """A fault of the filesystem in memory that is dst.

    Attributes:
        make: Makes the fault, which counts and so serves once.
    """

    make: Callable[[], FsFault]


# -- scenarios -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Edits, one command, and what must come out.

    Attributes:
        src: Edits of src.
        dst: Edits of dst; they happen later than those of src.
        third: Edits of a third place, where the row has one.
        state: What happens to the state file: `missing`, `damaged`, `cut`, `foreign` (another pair's),
            `kept` (a copy is set aside) or `restored` (that copy is put back).
        command: `push`, `pull`, `sync`, `resolve PATH CHOICE` or `restore`.
        options: Of the Syncer, beside the scenario's.
        between: Which places.
        faults: What goes wrong; they end with the step.
        stale: Edits (of src, of dst) between the plan and its application.
        both: The tree on both sides afterwards; None: not the same, see `at_src` and `at_dst`.
        at_src: The tree of src; None: as `both`, else what it was before the run.
        at_dst: The same of dst.
        at_third: The same of the third place.
        conflicts: Path to `settled` or `open`.
        problems: Path to kind.
        exit: The exit code.
        counts: What the report counts.
        counted_on: The pairs on which it does.
        notice: What a notice of the report, or the error, says.
        times: How often the command runs, with the same outcome each time.
        settles: Whether the next run must find nothing to do.
        is_blind: Nothing but the contents tells that the sides differ afterwards.
    """

    src: Edits = ()
    dst: Edits = ()
    third: Edits = ()
    state: str = ""
    command: str = "sync"
    options: Mapping[str, Any] = field(default_factory=dict)
    between: tuple[str, str] = ("src", "dst")
    faults: Sequence[Fault | Http | Fs] = ()
    stale: tuple[Edits, Edits] | None = None
    both: Tree | None = None
    at_src: Tree | None = None
    at_dst: Tree | None = None
    at_third: Tree | None = None
    conflicts: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    exit: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    counted_on: Sequence[str] = PAIRS
    notice: str = ""
    times: int = 1
    settles: bool = True
    is_blind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One row of the table of situations, or one of its variants.

    Attributes:
        row: Its number there.
        title: What must come out, as a sentence.
        before: What both sides hold and agreed on in a run before; None: there was no run.
        options: Of every Syncer.
        steps: One after the other.
        pairs: Where it is played.
        elsewhere: Why not on the other pairs.
        is_symmetric: Whether the sides may be swapped.
        kind: Of dst, where it is unlike a plain directory: see `folding.py`.
    """

    row: str
    title: str
    before: Tree | None
    steps: Sequence[Step]
    options: Mapping[str, Any] = field(default_factory=dict)
    pairs: Sequence[str] = PAIRS
    elsewhere: str = ""
    is_symmetric: bool = True
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.row} {self.title}"


_SWAPPED = {"src": "dst", "dst": "src", "push": "pull", "pull": "push", "third": "third", "sync": "sync"}


def _renamed_keys(words: Mapping[str, T]) -> dict[str, T]:
    swapped = {}
    for path, word in words.items():
        path = path.replace(".conflict-src", ".conflict-\0").replace(".conflict-dst", ".conflict-src")
        swapped[path.replace(".conflict-\0", ".conflict-dst")] = word
    return swapped


def _renamed(tree: Tree | None) -> Tree | None:
    return tree if tree is None or tree is ANY else _renamed_keys(tree)


def mirrored(scenario: Scenario) -> Scenario:
    """The same scenario with the sides swapped; the edits keep their times (see `Play`)."""
    steps = [
        replace(
            step,
            src=step.dst,
            dst=step.src,
            command=" ".join(_SWAPPED.get(word, word) for word in step.command.split()),
            options=_swapped_options(step.options),
            faults=[
                replace(fault, side=_SWAPPED[fault.side]) for fault in step.faults if isinstance(fault, Fault)
            ],
            stale=None if step.stale is None else (step.stale[1], step.stale[0]),
            both=_renamed(step.both),
            at_src=_renamed(step.at_dst),
            at_dst=_renamed(step.at_src),
            conflicts=_renamed_keys(step.conflicts),
            problems=_renamed_keys(step.problems),
        )
        for step in scenario.steps
    ]
    return replace(scenario, steps=steps, options=_swapped_options(scenario.options))


def _swapped_options(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _SWAPPED[value] if name == "on_conflict" and value in ("src", "dst") else value
        for name, value in options.items()
    }


def can_be_mirrored(scenario: Scenario) -> bool:
    """Whether its outcome is the same with the sides swapped."""
    return (
        scenario.is_symmetric
        and not scenario.kind
        and not any(isinstance(fault, Http | Fs) for step in scenario.steps for fault in step.faults)
        and all(step.between == ("src", "dst") and not step.third for step in scenario.steps)
    )
