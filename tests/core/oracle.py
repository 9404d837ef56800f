"""What the rules of reconciliation say of one name, read straight from their text; knows nothing of the core.

A node is None (nothing), bytes (a file's content), a dict of such, or "other" / "unreadable". A side is
unchanged where its node equals the base's. Names that end in `.bak` are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from syncfs.testing.world import STAMP

Shape = Any
SIDES = ("src", "dst")


@dataclass(frozen=True)
class Rules:
    """The settings that the rules speak of; `newer_is` is who has the newer file, None when nobody knows."""

    mode: str
    delete: str
    policy: str
    newer_is: str | None
    keep_loser: bool
    has_base: bool

    @property
    def sender(self) -> str | None:
        return {"push": "src", "pull": "dst", "sync": None}[self.mode]


@dataclass
class Result:
    """Under one directory: names per side, records by name (None: a directory), and path to is_open."""

    src: dict[str, Shape] = field(default_factory=dict)
    dst: dict[str, Shape] = field(default_factory=dict)
    records: dict[str, Any] = field(default_factory=dict)
    conflicts: dict[str, bool] = field(default_factory=dict)

    def of(self, side: str) -> dict[str, Shape]:
        return self.src if side == "src" else self.dst

    def put(self, name: str, left: Shape, right: Shape) -> None:
        for side, node in zip(SIDES, (left, right), strict=True):
            if node is not None:
                self.of(side)[name] = node

    def agree(self, name: str, content: bytes) -> None:
        self.put(name, content, content)
        self.records[name] = content


def other(side: str) -> str:
    return "dst" if side == "src" else "src"


def records_of(name: str, base: Shape) -> dict[str, Any]:
    """The base's records of a node."""
    if base is None:
        return {}
    if isinstance(base, dict):
        below = [
            record for each, node in base.items() for record in records_of(f"{name}/{each}", node).items()
        ]
        return {name: None, **dict(below)}
    return {name: base}


def expected(rules: Rules, name: str, left: Shape, right: Shape, base: Shape) -> Result:
    """What becomes of one name."""
    result = Result()
    nodes = {"src": left, "dst": right}
    if name.endswith(".bak"):
        result.put(name, left, right)
        return result
    if any(isinstance(node, str) for node in (left, right)):  # rule 1
        return _untouched(result, name, nodes, base)
    directories = [side for side in SIDES if isinstance(nodes[side], dict)]
    if len(directories) == 2:
        _both_directories(rules, result, name, nodes, base)
    elif directories and nodes[other(directories[0])] is None:
        _directory_alone(rules, result, name, directories[0], nodes, base)
    elif directories:
        _directory_and_file(rules, result, name, directories[0], nodes, base)
    else:
        _files(rules, result, name, nodes, base)
    return result


def _untouched(result: Result, name: str, nodes: dict[str, Shape], base: Shape) -> Result:
    result.put(name, nodes["src"], nodes["dst"])
    result.records.update(records_of(name, base))
    return result


def _open(result: Result, name: str, nodes: dict[str, Shape], base: Shape) -> None:
    _untouched(result, name, nodes, base)
    result.conflicts[name] = True


def _winner(rules: Rules, deleted: str | None = None, *, type_conflict: bool = False) -> str | None:
    """Whose version takes the name; None to leave it."""
    if rules.policy in ("skip", "fail"):
        return None
    if rules.policy in ("src", "dst"):
        return rules.policy
    if deleted is not None:  # the edit wins
        return other(deleted)
    if rules.policy == "newer" and rules.newer_is is not None and not type_conflict:
        return rules.newer_is
    return rules.sender or "src"


def _keeps_both(rules: Rules, *, type_conflict: bool = False) -> bool:
    unknown = rules.policy == "newer" and (rules.newer_is is None or type_conflict)
    return rules.policy == "keep-both" or unknown


def _keep(
    rules: Rules, result: Result, name: str, side: str, content: bytes, *, always: bool = False
) -> None:
    """The loser: renamed in place, in sync copied across; dropped to the trash where the user says so."""
    if not (always or rules.keep_loser):
        return
    fresh = f"{name}.conflict-{STAMP}-{side}"
    if rules.sender is None:
        result.agree(fresh, content)
    else:
        result.of(side)[fresh] = content


def _files(rules: Rules, result: Result, name: str, nodes: dict[str, Shape], base: Shape) -> None:
    """Files and nothing."""
    was_file = isinstance(base, bytes)
    recorded = base if was_file else ({} if isinstance(base, dict) else None)  # what was below is gone
    held = [side for side in SIDES if nodes[side] is not None]
    if not held:
        return
    if len(held) == 1:
        _file_alone(rules, result, name, held[0], nodes, recorded)
        return
    changed = [side for side in SIDES if nodes[side] != base] if was_file else list(SIDES)
    if nodes["src"] == nodes["dst"]:  # a false conflict, or none
        result.agree(name, nodes["src"])
        return
    if was_file and len(changed) == 1 and rules.sender in (None, changed[0]):  # rule 3
        result.agree(name, nodes[changed[0]])
        return
    winner = _winner(rules)
    if winner is None or (rules.sender is not None and winner != rules.sender):
        _open(result, name, nodes, recorded)
        return
    result.conflicts[name] = False
    result.agree(name, nodes[winner])
    if _keeps_both(rules) or rules.has_base or rules.sender is None:
        _keep(rules, result, name, other(winner), nodes[other(winner)], always=_keeps_both(rules))


def _file_alone(
    rules: Rules, result: Result, name: str, side: str, nodes: dict[str, Shape], base: Shape
) -> None:
    content, was_file = nodes[side], isinstance(base, bytes)
    if rules.sender == side:
        result.agree(name, content)
        return
    if rules.sender is None and (not was_file or rules.delete == "none"):
        result.agree(name, content)
        return
    if rules.sender is not None and rules.delete == "extra":
        return
    if rules.delete == "none" or not was_file:
        _untouched(result, name, nodes, base)
        return
    if content == base:  # deleted there, unchanged here
        return
    winner = _winner(rules, deleted=other(side))
    if rules.sender is not None or winner is None:
        _open(result, name, nodes, base)
        return
    result.conflicts[name] = False
    if winner == side:
        result.agree(name, content)
    else:
        _keep(rules, result, name, side, content)


def _below(
    rules: Rules, name: str, left: dict[str, Shape], right: dict[str, Shape], base: Shape
) -> tuple[dict[str, Shape], dict[str, Shape], dict[str, Any], dict[str, bool]]:
    """Everything below a directory, by the same rules."""
    bases = base if isinstance(base, dict) else {}
    sides: tuple[dict[str, Shape], dict[str, Shape]] = ({}, {})
    records: dict[str, Any] = {}
    conflicts: dict[str, bool] = {}
    for each in {*left, *right, *bases}:
        result = expected(rules, each, left.get(each), right.get(each), bases.get(each))
        sides[0].update(result.src)
        sides[1].update(result.dst)
        records.update({f"{name}/{path}": record for path, record in result.records.items()})
        conflicts.update({f"{name}/{path}": is_open for path, is_open in result.conflicts.items()})
    return sides[0], sides[1], records, conflicts


def _both_directories(rules: Rules, result: Result, name: str, nodes: dict[str, Shape], base: Shape) -> None:
    left, right, records, conflicts = _below(rules, name, nodes["src"], nodes["dst"], base)
    result.put(name, left, right)
    result.records.update({name: None, **records})
    result.conflicts.update(conflicts)


def _directory_alone(
    rules: Rules, result: Result, name: str, side: str, nodes: dict[str, Shape], base: Shape
) -> None:
    known = isinstance(base, dict)
    may_go = (
        (known and rules.delete != "none")
        if rules.sender is None
        else rules.sender != side and (rules.delete == "extra" or (rules.delete == "synced" and known))
    )
    if not may_go and rules.sender == other(side):
        _untouched(result, name, nodes, base)
        return
    left, right = (nodes[each] or {} for each in SIDES)
    left, right, records, conflicts = _below(rules, name, left, right, base if known else None)
    here, there = (left, right) if side == "src" else (right, left)
    result.conflicts.update(conflicts)
    result.records.update(records)
    is_on_both = not may_go or bool(there)
    if may_go and not here and not there:
        return  # rule 7
    nodes = {side: here, other(side): there if is_on_both else None}
    result.put(name, nodes["src"], nodes["dst"])
    if is_on_both:
        result.records[name] = None
    elif base is not None:
        result.records[name] = None if known else base


def _directory_and_file(
    rules: Rules, result: Result, name: str, side: str, nodes: dict[str, Shape], base: Shape
) -> None:
    file_side = other(side)
    file, directory = nodes[file_side], nodes[side]
    was_directory = isinstance(base, dict)
    empty: dict[str, Shape] = {}
    below = (directory, empty) if side == "src" else (empty, directory)
    left, right, records, conflicts = _below(rules, name, below[0], below[1], base)
    here, there = (left, right) if side == "src" else (right, left)
    if rules.sender == file_side:
        permitted = rules.delete == "extra" or (rules.delete == "synced" and was_directory)
        if permitted and not here:
            result.agree(name, file)
            return
        _open(result, name, nodes, base)
        if permitted:
            result.conflicts.update(conflicts)
        return
    if base == file:  # an unchanged file yields to the directory
        _take_over(result, name, left, right, records, conflicts)
        return
    if rules.sender is None and was_directory and not here and not there:
        # An unchanged directory yields to the file, and so does one whose edits the policy discards.
        result.agree(name, file)
        result.conflicts.update(conflicts)
        return
    winner = _winner(rules, type_conflict=True)
    if winner is None or (rules.sender is not None and winner != rules.sender):
        _open(result, name, nodes, base)
        if rules.sender is None and was_directory:
            result.conflicts.update({path: True for path, is_open in conflicts.items() if is_open})
        return
    result.conflicts[name] = False
    _keep(rules, result, name, file_side, file, always=_keeps_both(rules, type_conflict=True))
    _take_over(result, name, left, right, records, conflicts)


def _take_over(
    result: Result,
    name: str,
    left: dict[str, Shape],
    right: dict[str, Shape],
    records: dict[str, Any],
    conflicts: dict[str, bool],
) -> None:
    """The directory has the name on both sides."""
    result.put(name, left, right)
    result.records.update({name: None, **records})
    result.conflicts.update(conflicts)
