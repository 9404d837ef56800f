"""Several at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from syncfs.errors import PathError, SyncfsError
from syncfs.testing.conformance.base import Base
from syncfs.testing.conformance.findings import Tell
from syncfs.testing.conformance.side import BIG, Side

__all__ = ["Together"]

_THREADS = 8
_ROUNDS = 5


def _at_once(acts: list[Callable[[], object]]) -> list[BaseException | None]:
    """Start all acts together; what each raised."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> BaseException | None:
        barrier.wait()
        try:
            act()
        except (OSError, SyncfsError) as error:
            return error
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


class Together(Base):
    """One endpoint is used by many threads, and one place by many programs."""

    def test_many_threads_write_and_read_at_once(self, side: Side) -> None:
        side.endpoint.make_directory("d")

        def copy(number: int) -> bool:
            data = b"%d" % number * 1000
            side.write(f"d/{number}", data, None)
            return side.get(f"d/{number}") == data

        with ThreadPoolExecutor(_THREADS) as pool:
            assert all(pool.map(copy, range(40)))
        assert side.names("d") == {str(number) for number in range(40)}

    def test_many_make_one_directory_at_once(self, side: Side) -> None:
        raised = _at_once([lambda: side.endpoint.make_directory("d")] * _THREADS)
        assert raised == [None] * _THREADS
        assert side.tree() == {"d/": None}

    def test_of_many_who_create_one_name_one_wins(self, side: Side, tell: Tell) -> None:
        most = max(self._winners(side, f"f{turn}", replace=False) for turn in range(_ROUNDS))
        can = side.endpoint.capabilities.creates_exclusively
        tell("creates", can, f"{most} of {_THREADS}" if most > 1 else "")
        if not can:
            self.cannot("creates")
        assert most == 1, f"{most} of {_THREADS} created one name: capabilities.creates_exclusively is wrong"

    def test_of_many_who_replace_one_version_one_wins(self, side: Side, tell: Tell) -> None:
        most = max(self._winners(side, f"f{turn}", replace=True) for turn in range(_ROUNDS))
        can = side.endpoint.capabilities.replaces_exclusively
        tell("replaces", can, f"{most} of {_THREADS}" if most > 1 else "")
        if not can:
            self.cannot("replaces")
        assert most == 1, f"{most} of {_THREADS} replaced one: capabilities.replaces_exclusively is wrong"

    def _winners(self, side: Side, name: str, *, replace: bool) -> int:
        """How many of several that write one name were told that they did; the file is one of theirs."""
        expect = side.put(name, b"what all of them have seen") if replace else None
        contents = [b"%d " % number * (number + 100) for number in range(_THREADS)]
        raised = _at_once([partial(side.write, name, data, expect) for data in contents])
        won = [data for data, error in zip(contents, raised, strict=True) if error is None]
        for error in raised:
            # Who lost is told so: as stale, or in the words of a server that was busy with another's.
            assert error is None or isinstance(error, PathError), repr(error)
        assert won, [repr(error) for error in raised]
        assert side.get(name) in won, "what stands there is nobody's who was told that it is"
        return len(won)

    def test_a_reader_never_finds_half_a_file(self, side: Side, tell: Tell) -> None:
        """Nor a mixture of two versions; that there is none for a moment is put on record."""
        versions = [bytes([number]) * (200_000 + number) for number in range(4)]
        lengths = {len(version) for version in versions}
        side.put("f", versions[0])
        done = threading.Event()
        strange: list[bytes] = []
        gaps = 0

        def read() -> int:
            missed = 0
            while not done.is_set():
                try:
                    entry = side.endpoint.stat("f")
                    if entry is None:
                        missed += 1
                        continue
                    data = side.copied("f", entry)
                except (OSError, SyncfsError):
                    continue  # it was replaced since, which is told
                # Apache looks at a file before it opens it: of one that is exchanged in between it sends the
                # new content, cut to the old one's length, with the old one's tag. No client can tell; the
                # next run sees the new tag and reads again.
                is_cut = any(data == version[: len(data)] for version in versions) and len(data) in lengths
                if data not in versions and not is_cut:
                    strange.append(data)
            return missed

        with ThreadPoolExecutor(2) as pool:
            readers = [pool.submit(read) for _ in range(2)]
            try:
                for turn in range(24):
                    side.put("f", versions[turn % len(versions)])
            finally:
                done.set()
            gaps = sum(reader.result() for reader in readers)
        assert not strange, (
            f"{len(strange)} times something else was read: {len(strange[0])} bytes, of the versions "
            f"{sorted(set(strange[0]))}"
        )
        tell("whole", gaps == 0)

    def test_many_large_files_at_once_are_whole(self, side: Side) -> None:
        raised = _at_once([partial(side.write, f"f{number}", BIG, None) for number in range(4)])
        assert raised == [None] * 4
        assert side.tree() == {f"f{number}": BIG for number in range(4)}
