"""What the content of files says, where their metadata does not: asked for as sparingly as can be."""

from __future__ import annotations

from syncfs.core.base import Change, Flag, Record, change_of
from syncfs.core.compare import Verdict
from syncfs.core.conflict import Conflict, MergingPolicy
from syncfs.core.entry import Entry, Kind, Side, Written
from syncfs.core.question import Ask, MergeOf, Unanswerable
from syncfs.core.scope import Scope

__all__ = ["Unreadable", "is_certain", "judge", "merge_of", "settled_change"]

_SECOND_NS = 10**9


class Unreadable(Exception):
    """A file that must be read to decide cannot be read; its path is left alone."""

    def __init__(self, answer: Unanswerable) -> None:
        super().__init__(answer.message)
        self.answer = answer


def settled_change(
    scope: Scope, name: str, side: Side, entry: Entry, record: Record, *, thorough: bool = False
) -> tuple[Change, str | None]:
    """What really happened to a file on one side, reading it where its metadata leaves a doubt.

    A file is read where its fingerprint changed and its size did not (a chmod, a touch, a re-indexed
    etag move no bytes), or its fingerprint is racy; but only where reading costs no request, unless
    `thorough`. With `verify` it is always read.

    Returns:
        The change, and the content's digest when it was read.
    """
    change = change_of(record, side, entry)
    known = record.digest
    cheap = scope.settings.capabilities[side].reads_cheaply
    if known is None:
        doubtful = change is Change.UNCHANGED and record.is_racy(side) and cheap
        return (Change.MODIFIED if doubtful else change), None
    same_size = entry.kind is Kind.FILE and entry.size_bytes == record.of(side).size_bytes
    in_doubt = same_size and (change is not Change.UNCHANGED or (record.is_racy(side) and cheap))
    if (same_size and scope.settings.verify) or (in_doubt and (cheap or thorough)):
        digest = _digest(scope, name, side, entry, known)
        return (Change.UNCHANGED if digest == known else Change.MODIFIED), digest
    return change, None


def is_certain(
    scope: Scope, name: str, side: Side, entry: Entry, record: Record, *, is_kept: bool = False
) -> bool:
    """Whether an unchanged file may be destroyed: nothing can hide behind its fingerprint.

    The racy rule, for sides where looking costs a request: a racy file counts as unchanged for doing
    nothing; before it is destroyed it is read, unless it `is_kept` in the trash anyway.
    """
    capabilities = scope.settings.capabilities[side]
    if not record.is_racy(side) or capabilities.reads_cheaply:
        return True
    if is_kept and scope.settings.trash and capabilities.can_move:
        return True
    if record.digest is None:
        return False
    return _digest(scope, name, side, entry, record.digest) == record.digest


def judge(
    scope: Scope,
    name: str,
    seen: tuple[Entry, Entry],
    record: Record | None,
    digests: list[str | None],
    *,
    quick: bool = False,
) -> bool:
    """Whether both sides hold the same content, as far as can be told.

    Args:
        scope: The directory.
        name: Which name.
        seen: Both files.
        record: What the base holds; None on a first meeting.
        digests: What was read of either; filled in where more is read.
        quick: Do not read for it: what the entries do not tell counts as different.

    Returns:
        True for SAME; False for DIFFERENT, and for what stays unknown.
    """
    settings = scope.settings
    if settings.verify and not quick:
        return _verified(scope, name, seen, digests)
    grain_ns = max(1, *(capabilities.mtime_grain_ns for capabilities in settings.capabilities))
    left, right = _testimonies(seen, record, digests, grain_ns)
    ordered = (right, left) if settings.compares_backwards else (left, right)
    verdict = settings.compare.compare(*ordered)
    if verdict is Verdict.UNKNOWN and left.digest is not None and right.digest is not None:
        return left.digest == right.digest
    # Unlike sizes say enough, except to a comparator that sees through the bytes (line endings, say).
    is_worth_reading = getattr(settings.compare, "needs_content", False) or not _differ_in_size(seen)
    may_read = is_worth_reading and not quick
    if verdict is Verdict.SAME and may_read and _stays_doubtful(scope, name, digests):
        left, right = left._replace(mtime_ns=None), right._replace(mtime_ns=None)
        verdict = Verdict.UNKNOWN
    if verdict is Verdict.UNKNOWN and may_read:
        answer = scope.ask(name, Ask.SAME, left, right)
        if isinstance(answer, Unanswerable):
            raise Unreadable(answer)
        if isinstance(answer, str):
            # Worth keeping: with it a racy fingerprint can be told from an edit in the next run.
            digests[:] = answer, answer
            return True
        return answer is Verdict.SAME
    return verdict is Verdict.SAME


def _stays_doubtful(scope: Scope, name: str, digests: list[str | None]) -> bool:
    """Whether the next run could not tell these contents from an edit: racy, and recorded without a digest.

    It would take the file for changed, and one that the other side changes meanwhile for a conflict.
    """
    if not scope.settings.has_base or (digests[0] is not None and digests[0] == digests[1]):
        return False
    capabilities, flags = scope.settings.capabilities, scope.flags(name)
    return any(capabilities[side].reads_cheaply and flags & Flag.racy(side) for side in Side)


def merge_of(scope: Scope, name: str, conflict: Conflict) -> MergeOf | None:
    """What the policy makes of both files of an edit against an edit; None when it makes nothing."""
    policy = scope.settings.policy
    if not isinstance(policy, MergingPolicy) or not policy.can_merge(conflict):
        return None
    answer = scope.ask(name, Ask.MERGE, conflict.left, conflict.right, conflict=conflict)
    if isinstance(answer, Unanswerable):
        raise Unreadable(answer)
    return answer if isinstance(answer, MergeOf) else None


def _testimonies(
    seen: tuple[Entry, Entry], record: Record | None, digests: list[str | None], grain_ns: int
) -> tuple[Entry, Entry]:
    """Both entries as a comparator may trust them, with the digests that are known.

    A file whose fingerprint changed while its mtime did not was changed behind its mtime's back (an
    edit with the mtime set back, a chmod, an edit within the coarser grain of both sides), and a racy one
    may have been: such an mtime proves nothing. Nor do two edits that are alike only within a whole second:
    whoever edits both sides at once makes such.
    """
    entries = list(seen)
    known = list(digests)
    if record is not None:
        changed = [change_of(record, side, seen[side]) is not Change.UNCHANGED for side in Side]
        is_coincidence = all(changed) and grain_ns >= _SECOND_NS
        for side in Side:
            entry, recorded = seen[side], record.of(side)
            unchanged = not changed[side] and not record.is_racy(side)
            if unchanged and known[side] is None:
                known[side] = record.digest
            is_vain = is_coincidence or record.is_racy(side) or _is_close(entry, recorded, grain_ns)
            if not unchanged and is_vain:
                entries[side] = entry._replace(mtime_ns=None)
    if known[0] is not None and known[1] is not None:
        entries = [entry._replace(digest=digest) for entry, digest in zip(entries, known, strict=True)]
    return entries[0], entries[1]


def _is_close(entry: Entry, recorded: Entry | Written, grain_ns: int) -> bool:
    """Whether the mtime is too near the recorded one to tell an edit.

    A whole grain is near: a side of whole seconds shows 10 for the other's 10.9 and then 11 for an edit,
    which is less than a second from 10.9.
    """
    if not isinstance(recorded, Entry) or entry.mtime_ns is None or recorded.mtime_ns is None:
        return False
    return abs(entry.mtime_ns - recorded.mtime_ns) <= grain_ns


def _differ_in_size(seen: tuple[Entry, Entry]) -> bool:
    left, right = seen[0].size_bytes, seen[1].size_bytes
    return left is not None and right is not None and left != right


def _verified(scope: Scope, name: str, seen: tuple[Entry, Entry], digests: list[str | None]) -> bool:
    """Compare by the digests of both contents."""
    if _differ_in_size(seen):
        return False
    for side in Side:
        if digests[side] is None:
            digests[side] = _digest(scope, name, side, seen[side], "")
    return digests[0] == digests[1]


def _digest(scope: Scope, name: str, side: Side, entry: Entry, against: str) -> str:
    """The digest of one side's content, by the algorithm of the digest it is held against."""
    left, right = (entry, None) if side is Side.LEFT else (None, entry)
    answer = scope.ask(name, Ask.digest_of(side), left, right, against.partition(":")[0])
    if isinstance(answer, Unanswerable):
        raise Unreadable(answer)
    return answer if isinstance(answer, str) else ""
