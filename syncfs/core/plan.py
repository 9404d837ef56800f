"""The plan: everything a run will do, before it does it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from syncfs.core.action import (
    Action,
    CopyFile,
    MakeDirectory,
    MergeFile,
    MoveAside,
    RecordAgreement,
    RemoveDirectory,
    RemoveFile,
    Rename,
    action_from_dict,
    action_to_dict,
)
from syncfs.core.base import Record
from syncfs.core.conflict import Conflict, ConflictKind, Resolution
from syncfs.core.entry import Entry, Kind, Side
from syncfs.core.problem import Problem
from syncfs.core.settings import Mode

__all__ = ["Plan", "SideFacts", "stage_of"]

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFacts:
    """What was seen of one side while planning; guards judge by it.

    Attributes:
        recorded: Files of the base whose fate on this side is known.
        missing: How many of them this side lacks now.
        listed: Files that were listed.
        is_empty: The root holds nothing (reserved names do not count).
        root_before: What told the root from others when it was last synced; None when nothing did.
        root_now: The same now.
        free_bytes: How much more can be written; None when the side does not tell, or nothing is to be.
    """

    recorded: int = 0
    missing: int = 0
    listed: int = 0
    is_empty: bool = False
    root_before: str | None = None
    root_now: str | None = None
    free_bytes: int | None = None


def _phase_of(action: Action) -> int:
    """The order of execution; actions of one phase are independent, unless they make or remove trees.

    0 losers aside and new spellings, 1 what stands in the way (bottom up), 2 directories (top down),
    3 copies, merges and renames, 4 other removals (bottom up), 5 what is only noted; but of directories that
    both sides have before anything in them is: a run that is cut short must leave no record below a path
    that has none, for whatever stands there next would not be known to have replaced a directory.
    """
    match action:
        case RecordAgreement(record=Record(left=Entry(kind=Kind.DIRECTORY))):
            return 2
        case MoveAside() | Rename(records=()):
            return 0
        case RemoveFile(clears_way=True) | RemoveDirectory(clears_way=True):
            return 1
        case MakeDirectory():
            return 2
        case CopyFile() | MergeFile() | Rename():
            return 3
        case RemoveFile() | RemoveDirectory():
            return 4
        case RecordAgreement():
            return 5


def stage_of(action: Action) -> tuple[int, int]:
    """Where an action stands in the order of execution; actions of one stage are independent."""
    phase, depth = _phase_of(action), action.path.count("/") + bool(action.path)
    match phase:
        case 2:
            return phase, depth  # top down
        case 1 | 4:
            return phase, -2 * depth - isinstance(action, RemoveFile)  # bottom up, files first
        case _:
            return phase, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An immutable list of actions in the order of their execution; iterate over it.

    A plan holds changes only: an unchanged file leaves no trace in it.

    Attributes:
        mode: `push`, `pull` or `sync`.
        actions: In the order of execution.
        conflicts: Every conflict met, with its resolution.
        problems: What could not be decided, path by path.
        skipped: How many entries were left alone because they are symlinks or special files.
        extra: How many entries exist only at the receiver and stay there.
        untracked: How many records are dropped because their paths are now excluded.
        generation: The base's generation that the plan rests on.
        facts: What was seen of the left and of the right side.
        src: The left root, for users; no secrets.
        dst: The right root.
        options: How the plan was asked for, in JSON values, so that another process can apply it.
        spellings: `src`, `dst` and `base` to what they call a path otherwise than the plan does: the path to
            its last name there. Empty unless a side folds names.
    """

    mode: Mode
    actions: tuple[Action, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[Problem, ...] = ()
    skipped: int = 0
    extra: int = 0
    untracked: int = 0
    generation: int = 0
    facts: tuple[SideFacts, SideFacts] = (SideFacts(), SideFacts())
    src: str = ""
    dst: str = ""
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    spellings: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))

    def __iter__(self) -> Iterator[Action]:
        return iter(self.actions)

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def changes(self) -> tuple[Action, ...]:
        """The actions that touch a file or a directory: all but those that only note something."""
        return tuple(action for action in self.actions if not isinstance(action, RecordAgreement))

    @property
    def bytes_to_copy(self) -> int:
        """How many bytes the copies and merges will write."""
        return sum(
            action.source.size_bytes or 0
            if isinstance(action, CopyFile)
            else len(action.content) * len(action.sides)
            for action in self.actions
            if isinstance(action, CopyFile | MergeFile)
        )

    def removals(self, side: Side) -> int:
        """How many files the plan removes on a side."""
        return sum(isinstance(action, RemoveFile) and action.side is side for action in self.actions)

    def summary(self) -> dict[str, int]:
        """Count what the plan does.

        Returns:
            `copy, merge, remove, rename, make_directories, keep_aside, record, conflicts, problems, bytes`.
        """
        counts = Counter(type(action) for action in self.actions)
        return {
            "copy": counts[CopyFile],
            "merge": counts[MergeFile],
            "remove": counts[RemoveFile] + counts[RemoveDirectory],
            "rename": counts[Rename],
            "make_directories": counts[MakeDirectory],
            "keep_aside": counts[MoveAside],
            "record": counts[RecordAgreement],
            "conflicts": len(self.conflicts),
            "problems": len(self.problems),
            "bytes": self.bytes_to_copy,
        }

    def to_json(self) -> str:
        """Give the whole plan as one JSON object, in ASCII; holds no secrets."""
        return json.dumps(
            {
                "format": FORMAT,
                "mode": self.mode.value,
                "src": self.src,
                "dst": self.dst,
                "options": dict(self.options),
                "spellings": {where: dict(names) for where, names in self.spellings.items()},
                "generation": self.generation,
                "skipped": self.skipped,
                "extra": self.extra,
                "untracked": self.untracked,
                "facts": [_facts_to_dict(facts) for facts in self.facts],
                "actions": [action_to_dict(action) for action in self.actions],
                "conflicts": [_whole_conflict_to_dict(conflict) for conflict in self.conflicts],
                "problems": [problem.to_dict() for problem in self.problems],
            }
        )

    @staticmethod
    def from_json(text: str) -> Plan:
        """The inverse of `to_json`.

        Raises:
            ValueError: The text is not a plan of this format.
        """
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise ValueError(f"plan format {data['format']}, not {FORMAT}")
            left, right = (SideFacts(**facts) for facts in data["facts"])
            return Plan(
                mode=Mode(data["mode"]),
                actions=tuple(action_from_dict(action) for action in data["actions"]),
                conflicts=tuple(_conflict_from_dict(conflict) for conflict in data["conflicts"]),
                problems=tuple(Problem.from_dict(problem) for problem in data["problems"]),
                skipped=data["skipped"],
                extra=data["extra"],
                untracked=data["untracked"],
                generation=data["generation"],
                facts=(left, right),
                src=data["src"],
                dst=data["dst"],
                options=MappingProxyType(data["options"]),
                spellings=MappingProxyType(data["spellings"]),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"not a plan made by this version of syncfs ({error})") from None

    def with_options(self, **options: Any) -> Plan:
        """A copy that carries how it was asked for."""
        return replace(self, options=MappingProxyType({**self.options, **options}))


def _facts_to_dict(facts: SideFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in SideFacts.__slots__}


def conflict_to_dict(conflict: Conflict) -> dict[str, Any]:
    """Give a conflict as JSON values, as reports and plans hold it."""
    return {
        "path": conflict.path,
        "kind": conflict.kind.value,
        "src": _seen(conflict.left),
        "dst": _seen(conflict.right),
        "resolution": None if conflict.resolution is None else conflict.resolution.value,
        "outcome": conflict.outcome,
        "open": conflict.is_open,
    }


def _seen(entry: Entry | None) -> dict[str, Any] | None:
    """What users want to know of one side of a conflict."""
    if entry is None:
        return None
    return {"kind": entry.kind.name.lower(), "size_bytes": entry.size_bytes, "mtime_ns": entry.mtime_ns}


def _whole_conflict_to_dict(conflict: Conflict) -> dict[str, Any]:
    """Give a conflict as a plan holds it, with what only programs want to know of it."""
    sides = {"src": _facets(conflict.left), "dst": _facets(conflict.right)}
    more = {"tolerance_ns": conflict.tolerance_ns, "base_digest": conflict.base_digest}
    return {**conflict_to_dict(conflict), **sides, **more}


def _facets(entry: Entry | None) -> dict[str, Any] | None:
    return None if entry is None else {**entry._asdict(), "kind": entry.kind.name.lower()}


def _conflict_from_dict(data: dict[str, Any]) -> Conflict:
    def entry(seen: dict[str, Any] | None) -> Entry | None:
        return None if seen is None else Entry(**{**seen, "kind": Kind[seen["kind"].upper()]})

    return Conflict(
        path=data["path"],
        kind=ConflictKind(data["kind"]),
        left=entry(data["src"]),
        right=entry(data["dst"]),
        tolerance_ns=data["tolerance_ns"],
        base_digest=data["base_digest"],
        resolution=None if data["resolution"] is None else Resolution(data["resolution"]),
        outcome=data["outcome"],
        is_open=data["open"],
    )
