from __future__ import annotations

import io
import os
import pickle
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import pytest
import syncfs_digest
from syncfs_digest import CachedDigest
from syncfs_digest.cache import Cache, cache_at
from syncfs_digest.comparator import Clock

from syncfs.core import Capabilities, ContentComparator, Entry, Kind, Openers, Verdict
from syncfs.core.compare import BindableComparator
from syncfs.errors import ConfigError
from syncfs.plugin import load

S = 10**9
LONG_AGO = time.time_ns() - 3_600 * S
LOCAL = Capabilities(keeps_mtime=True, mtime_grain_ns=1, clock_skew_ns=0)
WEBDAV = Capabilities(keeps_mtime=False, mtime_grain_ns=S, clock_skew_ns=0)
ALGORITHMS = ["xxh3_128", "sha256"] + (["blake3"] if find_spec("blake3") else [])


class Side:
    """One file of one side, and how often it was read."""

    def __init__(self, content: bytes, **facets: Any) -> None:
        self.content = content
        self.reads = 0
        shown: dict[str, Any] = {"mtime_ns": LONG_AGO, "etag": "t", **facets}
        self.entry = Entry(Kind.FILE, len(content))._replace(**shown)

    def open(self) -> AbstractContextManager[BinaryIO]:
        self.reads += 1
        return io.BytesIO(self.content)


@pytest.fixture
def path(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "cache" / "digests.sqlite")
    yield path
    cache_at(path).close()


@pytest.fixture
def comparator(path: str) -> CachedDigest:
    return CachedDigest(cache=path).bind(LOCAL, WEBDAV)


def compare(
    comparator: CachedDigest, left: Side, right: Side, keys: tuple[str | None, str | None] = ("l", "r")
) -> Verdict:
    return comparator.compare(left.entry, right.entry, Openers(left.open, right.open, *keys))


def test_it_keeps_to_its_protocols_and_pickles(comparator: CachedDigest) -> None:
    assert isinstance(comparator, ContentComparator)
    assert isinstance(comparator, BindableComparator)
    assert pickle.loads(pickle.dumps(comparator)) == comparator


def test_it_is_found_by_its_name() -> None:
    plugin: ModuleType = syncfs_digest
    plugins = load([plugin], disabled=["cached-digest"])  # which may be installed besides
    assert plugins.comparator("cached-digest") == CachedDigest()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_equal_content_is_the_same_and_other_content_is_not(path: str, algorithm: str) -> None:
    comparator = CachedDigest(algorithm, path).bind(LOCAL, WEBDAV)
    for keys in (("l", "r"), (None, None)):
        assert compare(comparator, Side(b"abc"), Side(b"abc"), keys) is Verdict.SAME
    assert compare(comparator, Side(b"abc", etag="u"), Side(b"abd", etag="u")) is Verdict.DIFFERENT


def test_what_did_not_change_is_not_read_again(comparator: CachedDigest) -> None:
    left, right = Side(b"abc", ctime_ns=LONG_AGO, etag=None, file_id=7), Side(b"abc")
    for _ in range(3):
        assert compare(comparator, left, right) is Verdict.SAME
    assert (left.reads, right.reads) == (1, 1)


def test_what_was_remembered_outlives_the_process(comparator: CachedDigest, path: str) -> None:
    left, right = Side(b"abc"), Side(b"abc")
    compare(comparator, left, right)
    cache_at(path).close()
    assert compare(replace(comparator), left, right) is Verdict.SAME
    assert left.reads == right.reads == 1


@pytest.mark.parametrize(
    "change",
    [{"mtime_ns": LONG_AGO + 1}, {"etag": "u"}, {"ctime_ns": 5}, {"file_id": 2**64}, {"file_id": "5"}],
)
def test_any_facet_that_changed_is_reason_to_read_again(
    comparator: CachedDigest, change: dict[str, Any]
) -> None:
    left, right = Side(b"abc"), Side(b"abc")
    compare(comparator, left, right)
    left.content, left.entry = b"abd", left.entry._replace(**change)
    assert compare(comparator, left, right) is Verdict.DIFFERENT
    assert (left.reads, right.reads) == (2, 1)


def test_paths_and_algorithms_are_kept_apart(comparator: CachedDigest) -> None:
    left, right = Side(b"abc"), Side(b"abc")
    compare(comparator, left, right)
    compare(replace(comparator, algorithm="sha256"), left, right)
    compare(comparator, left, right, ("another", "r"))
    assert (left.reads, right.reads) == (3, 2)
    compare(comparator, left, right)
    assert (left.reads, right.reads) == (3, 2)


@pytest.mark.parametrize(
    "facets",
    [{"etag": None}, {"mtime_ns": None}, {"mtime_ns": time.time_ns() + 86_400 * S}, {"ctime_ns": 2**62}],
)
def test_nothing_is_remembered_that_a_change_could_hide_behind(
    comparator: CachedDigest, facets: dict[str, Any]
) -> None:
    left, right = Side(b"abc", **facets), Side(b"abc")
    for reads in (1, 2):
        compare(comparator, left, right)
        assert (left.reads, right.reads) == (reads, 1)


def test_a_time_is_settled_by_its_own_side_s_clock() -> None:
    now = 10**18
    assert Clock(1, 0).has_passed(now - 2 * S, now)
    assert not Clock(1, 0).has_passed(now, now)
    assert not Clock(2 * S, 0).has_passed(now - 2 * S, now)
    assert not Clock(1, -3_600 * S).has_passed(now - 3_000 * S, now)  # that clock is an hour slow
    assert Clock(1, 3_600 * S).has_passed(now + 3_000 * S, now)
    assert not Clock(1, None).has_passed(now - 86_400 * S, now)
    assert Clock(1, None).has_passed(now - 3 * 86_400 * S, now)


def test_a_file_that_grew_since_it_was_listed_is_not_remembered(comparator: CachedDigest) -> None:
    left, right = Side(b"abc"), Side(b"abc")
    left.content = b"abcd"
    compare(comparator, left, right)
    left.content = b"abc"
    assert compare(comparator, left, right) is Verdict.SAME


def test_sizes_and_told_digests_settle_without_reading(comparator: CachedDigest) -> None:
    assert compare(comparator, Side(b"abc"), Side(b"abcd")) is Verdict.DIFFERENT
    left, right = Side(b"abc", digest="md5:1"), Side(b"abc", digest="md5:2")
    assert compare(comparator, left, right) is Verdict.DIFFERENT
    assert left.reads == right.reads == 0
    assert comparator.compare(Side(b"abc").entry, Side(b"abc").entry) is Verdict.UNKNOWN


def test_it_is_reflexive_symmetric_and_never_raises(comparator: CachedDigest) -> None:
    entries = [
        Entry(Kind.FILE, size, mtime_ns, etag, digest)
        for size, mtime_ns, etag, digest in product(
            (None, 3), (None, -1), (None, "t"), (None, "md5:1", "sha256:2")
        )
    ]
    for left, right in product(entries, entries):
        assert comparator.compare(left, right) is comparator.compare(right, left)
        assert comparator.compare(left, left) is not Verdict.DIFFERENT


def test_an_unknown_algorithm_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no algorithm is named 'crc'; known: xxh3_128, blake3, .*sha256"):
        CachedDigest("crc")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_nobody_else_can_read_the_cache(comparator: CachedDigest, path: str) -> None:
    compare(comparator, Side(b"abc"), Side(b"abc"))
    assert {stat.S_IMODE(each.stat().st_mode) for each in Path(path).parent.iterdir()} == {0o600}


def test_the_environment_may_say_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNCFS_CACHE_DIR", str(tmp_path / "mine"))
    compare(CachedDigest().bind(LOCAL, WEBDAV), Side(b"abc"), Side(b"abc"))
    cache = tmp_path / "mine" / "digests.sqlite"
    assert cache.is_file()
    cache_at(str(cache)).close()


def other_table(path: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE digests (key)")
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: Path(path).write_bytes(b"no database " * 999),
        other_table,
        lambda path: Path(path).write_bytes(b""),
    ],
)
def test_a_damaged_cache_is_begun_again(
    comparator: CachedDigest, path: str, damage: Callable[[str], object]
) -> None:
    os.makedirs(os.path.dirname(path))
    damage(path)
    left, right = Side(b"abc"), Side(b"abc")
    for _ in range(2):
        assert compare(comparator, left, right) is Verdict.SAME
    assert (left.reads, right.reads) == (1, 1)


def test_a_cache_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    comparator = CachedDigest(cache=str(tmp_path / "file" / "digests")).bind(LOCAL, WEBDAV)
    assert compare(comparator, Side(b"abc"), Side(b"abc")) is Verdict.SAME


def test_a_name_that_is_no_unicode_is_remembered(path: str) -> None:
    cache = Cache(path)
    cache.put("file:///x\n\udcff", "a", "f", "d")
    assert cache.get("file:///x\n\udcff", "a", "f") == "d"
    cache.close()


def test_many_threads_share_a_cache(comparator: CachedDigest) -> None:
    sides = [(Side(b"%d" % number), Side(b"%d" % number)) for number in range(40)]
    verdicts: list[Verdict] = []

    def work() -> None:
        for number, (left, right) in enumerate(sides):
            verdicts.append(compare(comparator, left, right, (f"l{number}", f"r{number}")))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert verdicts == [Verdict.SAME] * 160
