"""What must hold after a disturbed run, and after the clean one that follows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.faults.trees import Files, Seen, base, unstamped

SIDES = ("src", "dst")


@dataclass(frozen=True)
class Before:
    """What the two sides held before the disturbed run, both in this order: src, dst."""

    sides: tuple[Seen, Seen]

    @property
    def known(self) -> set[bytes]:
        """Every content that was ever whole at some name."""
        return {*base().values(), *(data for side in self.sides for data in side.files.values())}

    @property
    def kept(self) -> dict[bytes, str]:
        """The contents that nobody may lose, and a name of each.

        Not those versions that a later one of the same file succeeds: who edits a file gives up its old
        content.
        """
        old = base()
        kept: dict[bytes, str] = {}
        for mine, other in (self.sides, self.sides[::-1]):
            for path, data in mine.files.items():
                succeeded = data == old.get(path) and path in other.files and other.files[path] != data
                if not succeeded:
                    kept[data] = path
        return kept


def flipped(data: bytes, known: set[bytes]) -> bool:
    """Whether these bytes are a known content with one bit flipped."""
    return any(
        len(data) == len(whole)
        and (int.from_bytes(data, "little") ^ int.from_bytes(whole, "little")).bit_count() == 1
        for whole in known
    )


def broken(
    before: Before,
    after: Sequence[Seen],
    expected: Sequence[Files],
    writable: Sequence[bool],
    *,
    corrupt: str = "",
) -> Iterator[str]:
    """Every law that a run has broken, in words.

    Args:
        before: What was there before the disturbed run.
        after: What is there now, src and dst.
        expected: What an undisturbed run leaves on both sides, without stamps.
        writable: Which sides the mode may write to.
        corrupt: The method of the request whose reply's body had a bit flipped, if any had.
    """
    known = before.known
    present = {data for side in after for data in (*side.files.values(), *side.trash)}
    for data, path in before.kept.items():
        if data not in present:
            yield f"lost: the content of {path!r} is nowhere"
    for side, was, now, final, may_write in zip(SIDES, before.sides, after, expected, writable, strict=True):
        if not may_write and (was.files, was.directories) != (now.files, now.directories):
            yield f"written: {side} is the sender, and changed"
        for path, data in now.files.items():
            if data not in known and not (corrupt == "GET" and flipped(data, known)):
                yield f"partial: {side} holds {len(data)} bytes that are no version of {path!r}"
        if corrupt == "PROPFIND":
            continue  # a listing that lies credibly is evidence; that nothing is lost was seen to above
        visible = set(now.files.values())
        for path, data in was.files.items():
            if path in final and path not in now.files and data not in visible:
                yield f"removed: {path!r} is gone from {side}, without evidence"


def unsettled(
    after: Sequence[Seen],
    expected: Sequence[Files],
    directories: Sequence[frozenset[str]],
    *,
    loose: bool = False,
) -> Iterator[str]:
    """How what is there differs from what an undisturbed run leaves.

    Args:
        after: What is there now, src and dst.
        expected: Files by name, without stamps.
        directories: The directories.
        loose: It is enough that both sides hold the same, and every content that is expected.
    """
    for side, now, final, below in zip(SIDES, after, expected, directories, strict=True):
        found = unstamped(now.files)
        if loose:
            for path, data in final.items():
                if data not in now.files.values():
                    yield f"unsettled: {side} misses the content of {path!r}"
            continue
        for path in sorted(found.keys() | final.keys()):
            if found.get(path) != final.get(path):
                there, wanted = _words(found.get(path)), _words(final.get(path))
                yield f"unsettled: {side} has {there} at {path!r}, expected {wanted}"
        for path in sorted(now.directories ^ below):
            there = "is" if path in now.directories else "is not"
            yield f"unsettled: the directory {path!r} at {side} {there} there"


def _words(data: bytes | None) -> str:
    return "nothing" if data is None else f"{len(data)} bytes {data[:40]!r}"
