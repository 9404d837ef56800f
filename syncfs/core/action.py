"""What a plan consists of: one value per thing to do."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from syncfs.core.base import Record
from syncfs.core.entry import Entry, Kind, Side, Written

__all__ = [
    "Action",
    "CopyFile",
    "Expect",
    "MakeDirectory",
    "MergeFile",
    "MoveAside",
    "RecordAgreement",
    "RemoveDirectory",
    "RemoveFile",
    "Rename",
    "action_from_dict",
]


class Expect(NamedTuple):
    """What both sides must hold under the action's path when it is done; None: nothing."""

    left: Entry | None
    right: Entry | None

    def of(self, side: Side) -> Entry | None:
        """What one side must hold."""
        return self.left if side is Side.LEFT else self.right


@dataclass(frozen=True, slots=True, kw_only=True)
class _Action:
    """Common to all actions.

    Attributes:
        path: Relative to both roots.
        side: The side that is written; for RecordAgreement it means nothing.
        expect: Re-checked just before the action; where it no longer holds, the action is stale.
        reason: Why, in words for the user.
    """

    path: str
    side: Side
    expect: Expect
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeDirectory(_Action):
    """Make a directory on `side`."""

    verb: ClassVar[str] = "make directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFile(_Action):
    """Copy a file from the other side to `side`.

    Attributes:
        digest: The digest of what `side` holds, when it is known: equal content is not published again.
    """

    verb: ClassVar[str] = "copy"
    digest: str | None = None

    @property
    def source(self) -> Entry:
        """The file to copy, as the other side showed it."""
        entry = self.expect.of(self.side.other)
        assert entry is not None
        return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeFile(_Action):
    """Put one content in the place of two: what a policy made of both sides' edits.

    Attributes:
        content: What takes the path.
        digests: `"algorithm:hex"` of what the left and the right side hold: what `content` was made of.
        sides: The sides to write; the others hold this content already, or are not to be written. `side`
            is the first of them.
        agrees: Both sides hold the same afterwards.
    """

    verb: ClassVar[str] = "merge"
    content: bytes
    digests: tuple[str, str]
    sides: tuple[Side, ...]
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFile(_Action):
    """Remove a file on `side`.

    Attributes:
        clears_way: Something else takes its place, so it goes before everything else.
        agreed: What the base holds for it; None when it was never synced, or was edited since.
    """

    verb: ClassVar[str] = "remove"
    clears_way: bool = False
    agreed: Record | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDirectory(_Action):
    """Remove a directory on `side`, empty by then.

    Attributes:
        clears_way: Something else takes its place, so it goes before everything else.
    """

    verb: ClassVar[str] = "remove directory"
    clears_way: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(_Action):
    """Rename a file or directory on `side` as it was renamed on the other.

    Attributes:
        to: Its new path.
        records: For the path and all below it: old path, new path, and what the base will hold there;
            empty where only the spelling changes, on sides that fold names.
    """

    verb: ClassVar[str] = "rename"
    to: str
    records: tuple[tuple[str, str, Record], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAside(_Action):
    """Keep a conflict's loser on `side` under a fresh name.

    Attributes:
        to: The fresh path.
    """

    verb: ClassVar[str] = "keep as"
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAgreement(_Action):
    """Note in the base what both sides hold; moves no bytes.

    Attributes:
        record: What to note; None: forget the path.
    """

    verb: ClassVar[str] = "record"
    record: Record | None


Action = (
    MakeDirectory | CopyFile | MergeFile | RemoveFile | RemoveDirectory | Rename | MoveAside | RecordAgreement
)

_CLASSES: dict[str, Any] = {
    cls.__name__: cls
    for cls in (
        MakeDirectory,
        CopyFile,
        MergeFile,
        RemoveFile,
        RemoveDirectory,
        Rename,
        MoveAside,
        RecordAgreement,
    )
}


def action_to_dict(action: Action) -> dict[str, Any]:
    """Give an action as JSON values."""
    data: dict[str, Any] = {
        "action": type(action).__name__,
        "path": action.path,
        "side": action.side.label,
        "expect": {"src": _entry(action.expect.left), "dst": _entry(action.expect.right)},
        "reason": action.reason,
    }
    match action:
        case CopyFile():
            data["digest"] = action.digest
        case MergeFile():
            data["content"] = base64.b64encode(action.content).decode("ascii")
            data["digests"] = list(action.digests)
            data["sides"] = [side.label for side in action.sides]
            data["agrees"] = action.agrees
        case RemoveFile():
            data["clears_way"] = action.clears_way
            data["agreed"] = _record(action.agreed)
        case RemoveDirectory():
            data["clears_way"] = action.clears_way
        case Rename():
            data["to"] = action.to
            data["records"] = [[old, new, _record(record)] for old, new, record in action.records]
        case MoveAside():
            data["to"] = action.to
        case RecordAgreement():
            data["record"] = _record(action.record)
        case MakeDirectory():
            pass
    return data


def action_from_dict(data: dict[str, Any]) -> Action:
    """The inverse of `action_to_dict`.

    Raises:
        KeyError, TypeError, ValueError: The data is not of that form.
    """
    data = dict(data)
    cls = _CLASSES[data.pop("action")]
    sides = {side.label: side for side in Side}
    data["side"] = sides[data["side"]]
    left, right = (_parsed(data["expect"][side]) for side in ("src", "dst"))
    if isinstance(left, Written) or isinstance(right, Written):
        raise ValueError("an expectation is an entry")
    data["expect"] = Expect(left, right)
    for known in ("record", "agreed"):
        if data.get(known) is not None:
            data[known] = _parsed_record(data[known])
    if "sides" in data:
        data["sides"] = tuple(sides[side] for side in data["sides"])
        data["content"] = base64.b64decode(data["content"], validate=True)
        data["digests"] = (data["digests"][0], data["digests"][1])
    if "records" in data:
        data["records"] = tuple((old, new, _parsed_record(record)) for old, new, record in data["records"])
    action: Action = cls(**data)
    return action


def _entry(entry: Entry | Written | None) -> dict[str, Any] | None:
    """An entry as a dict without its empty facets."""
    if entry is None:
        return None
    if isinstance(entry, Written):
        return {"kind": "written", **entry._asdict()}
    facets = {name: value for name, value in entry._asdict().items() if value is not None}
    return {**facets, "kind": entry.kind.name.lower()}


def _parsed(data: dict[str, Any] | None) -> Entry | Written | None:
    if data is None:
        return None
    data = dict(data)
    kind = data.pop("kind")
    return Written(**data) if kind == "written" else Entry(Kind[kind.upper()], **data)


def _record(record: Record | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {
        "src": _entry(record.left),
        "dst": _entry(record.right),
        "digest": record.digest,
        "flags": int(record.flags),
    }


def _parsed_record(data: dict[str, Any]) -> Record:
    left, right = (_parsed(data[side]) for side in ("src", "dst"))
    if left is None or right is None:
        raise ValueError("a record has both sides")
    return Record(left, right, data["digest"], data["flags"])
