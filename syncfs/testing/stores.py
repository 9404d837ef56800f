"""What every store keeps to, whatever it keeps it in.

::

    class TestOneDirectory(StateStoreSuite):
        def state_store(self, tmp_path):
            return OneDirectory(str(tmp_path))
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from syncfs.core.base import Record, directory_record
from syncfs.core.entry import Entry, Kind, Side, Written
from syncfs.core.seal import Seal
from syncfs.store import Run, Store
from syncfs.store.store import Seals
from syncfs.syncer import Syncer
from syncfs.testing.laws import StrategyLaws
from syncfs.testing.trees import write_tree

__all__ = ["DIFFICULT_NAMES", "DIFFICULT_RECORDS", "StateStoreSuite", "StoreLaws", "file_record"]


def file_record(size: int = 1, mtime_ns: int = 5, digest: str | None = None) -> Record:
    """A record of a file on two sides of unlike kinds."""
    return Record(
        Entry(Kind.FILE, size, mtime_ns, None, None, 77, mtime_ns + 1),
        Entry(Kind.FILE, size, mtime_ns // 10**9 * 10**9, "5-abc"),
        digest,
        12,
    )


DIFFICULT_RECORDS = {
    "plain": file_record(),
    "with a digest": file_record(digest="sha256:" + "ab" * 32),
    "nothing known": Record(Entry(Kind.FILE), Entry(Kind.FILE)),
    "directory": directory_record(),
    "directory shown by nobody": directory_record(0),
    "written, all known": Record(Entry(Kind.FILE, 3, 4), Written(3, "tag", 10, 20), "sha256:00", 5),
    "written, nothing known": Record(Written(0), Written(0)),
    "an inode above 63 bits": Record(Entry(Kind.FILE, 1, 2, None, None, 2**64 - 1, 3), Entry(Kind.FILE, 1)),
    "an inode of 128 bits": Record(Entry(Kind.FILE, 1, 2, None, None, 2**127, 3), Entry(Kind.FILE, 1)),
    "an id that is text": Record(Entry(Kind.FILE, 1), Entry(Kind.FILE, 1, None, None, None, "00042ocid")),
    "an id of digits": Record(Entry(Kind.FILE, 1), Entry(Kind.FILE, 1, None, None, None, "42")),
    "times out of range": Record(
        Entry(Kind.FILE, 1, 2**70, None, None, 1, -(2**70)), Written(1, None, -(2**80))
    ),
    "an odd directory": Record(Entry(Kind.DIRECTORY), Entry(Kind.FILE, 1, 2, None, None, 2**90)),
    "a tag that is no Unicode": Record(Entry(Kind.FILE, 1, 2, "\udcff\xe9"), Entry(Kind.FILE, 1)),
    "other and unreadable": Record(Entry(Kind.OTHER), Entry(Kind.UNREADABLE)),
}

DIFFICULT_NAMES = (
    "per%cent",
    "under_score",
    "quo'te",
    'dq"x',
    "new\nline",
    "back\\slash",
    "café",
    "cafe\u0301",
    "日本語",
    "🚀emoji",
    "Case",
    "case",
    " ",
    "no unicode \udcff\udc80",
    "lone surrogate \ud800",
    "\x01",
    "0",
    "\U0010ffff",
    "x" * 255,
)


class StoreLaws:
    """The laws of one open store; `StateStoreSuite` has them too.

    Subclass it with a fixture `store` that gives an empty, open store.
    """

    def test_an_empty_store_knows_nothing(self, store: Store) -> None:
        assert isinstance(store, Store)
        assert store.load("") == {}
        assert list(store.load_tree("")) == []
        assert list(store.directories()) == []
        assert store.count() == 0
        assert store.generation == 0
        assert store.root_of(Side.LEFT) is None
        assert store.runs() == []

    @pytest.mark.parametrize("what", DIFFICULT_RECORDS)
    def test_a_record_comes_back_as_it_was(self, store: Store, what: str) -> None:
        store.record([("a/b", DIFFICULT_RECORDS[what])])
        back = store.load("a")["b"]
        assert back == DIFFICULT_RECORDS[what]
        for mine, theirs in zip(back[:2], DIFFICULT_RECORDS[what][:2], strict=True):
            assert type(mine) is type(theirs)
            assert [type(facet) for facet in mine] == [type(facet) for facet in theirs]

    @pytest.mark.parametrize("name", DIFFICULT_NAMES, ids=ascii)
    def test_a_name_comes_back_as_it_was_at_any_depth(self, store: Store, name: str) -> None:
        wanted = {
            name: directory_record(),
            f"{name}/{name}": directory_record(),
            f"{name}/{name}/{name}": file_record(),
        }
        store.record(wanted.items())
        assert dict(store.load_tree("")) == wanted
        assert set(store.load(f"{name}/{name}")) == {name}
        assert list(store.directories()) == [name, f"{name}/{name}"]
        assert set(store.load_tree(name)) == set(list(wanted.items())[1:])
        store.record((path, None) for path in wanted)
        assert list(store.load_tree("")) == []

    def test_a_directory_holds_its_own_names_and_no_others(self, store: Store) -> None:
        paths = ["a", "a/b", "a/b/c", "a0", "a/", "ab", "ab/c", "a-", "a-/c", "b"]
        records = {path: file_record(size) for size, path in enumerate(paths) if not path.endswith("/")}
        store.record(records.items())
        assert set(store.load("")) == {"a", "a0", "ab", "a-", "b"}
        assert set(store.load("a")) == {"b"}
        assert set(store.load("nothing")) == set()
        assert dict(store.load_tree("a")) == {path: records[path] for path in ("a/b", "a/b/c")}
        assert dict(store.load_tree("")) == records

    def test_a_tree_larger_than_a_page_is_given_whole_and_once(self, store: Store) -> None:
        records = {f"d{number % 7}/s{number % 31}/f{number}": file_record(number) for number in range(2_500)}
        records |= {f"d{number}": directory_record() for number in range(1_200)}
        store.record(records.items())
        given = list(store.load_tree(""))
        assert len(given) == len(records)
        assert dict(given) == records
        assert sorted(store.directories()) == sorted(f"d{number}" for number in range(1_200))
        assert store.count() == 2_500

    def test_records_may_be_written_while_a_tree_is_streamed(self, store: Store) -> None:
        store.record((f"a/{number:04}", file_record()) for number in range(1_500))
        for path, _ in store.load_tree(""):
            store.record([(path, None)])
        assert store.count() == 0

    def test_directories_come_before_what_is_in_them(self, store: Store) -> None:
        paths = ["z", "z/a", "z/a/b", "a", "a/z", "a!", "a!/x", "é", "é/y"]
        store.record((path, directory_record()) for path in reversed(paths))
        given = list(store.directories())
        assert sorted(given) == sorted(paths)
        for path in paths:
            parent = path.rpartition("/")[0]
            assert not parent or given.index(parent) < given.index(path)

    def test_the_last_word_on_a_path_counts(self, store: Store) -> None:
        store.record([("a", file_record(1)), ("a", None), ("b", None), ("b", file_record(2))])
        assert store.load("") == {"b": file_record(2)}

    def test_the_generation_grows_once_for_what_changes_and_not_otherwise(self, store: Store) -> None:
        store.record([("a", file_record(1)), ("b", file_record(2))])
        assert store.generation == 1
        store.record([("a", file_record(1)), ("gone", None)])
        store.record([])
        assert store.generation == 1
        store.record([("a", file_record(3))])
        store.record([("b", None)])
        assert store.generation == 3

    def test_a_single_facet_is_a_change(self, store: Store) -> None:
        first = file_record()
        store.record([("a", first)])
        for record in (
            first._replace(digest="sha256:01"),
            first._replace(flags=13),
            first._replace(right=first.left),
        ):
            store.record([("a", record)])
            assert store.load("") == {"a": record}
        assert store.generation == 4

    def test_nothing_is_written_when_the_changes_raise(self, store: Store) -> None:
        def changes() -> Iterator[tuple[str, Record]]:
            yield "a", file_record()
            raise RuntimeError("half-way")

        with pytest.raises(RuntimeError, match="half-way"):
            store.record(changes())
        assert store.load("") == {}
        store.record([("b", file_record())])
        assert set(store.load("")) == {"b"}

    def test_what_was_loaded_stays_as_it_was(self, store: Store) -> None:
        store.record([("a", file_record())])
        loaded = store.load("")
        store.record([("b", file_record()), ("a", None)])
        assert set(loaded) == {"a"}

    def test_a_seal_holds_until_a_record_in_its_directory_or_just_below_it_changes(
        self, store: Store
    ) -> None:
        if not isinstance(store, Seals):
            pytest.skip("it keeps no seals, which a store need not")
        seals = {
            path: Seal(b"left", b"right\0", 3, ("a", "\udcff", "z" * 255), 2)
            for path in ("", "d", "d/e", "d/e/f", "\udc80", "other")
        }
        store.record([("d/e/f/g", file_record())])
        store.set_seals(seals.items())
        assert {path: store.seal(path) for path in seals} == seals
        told = list(store.all_seals())
        assert dict(told) == seals
        assert [path for path, _ in told if path != "\udc80"] == ["", "d", "d/e", "d/e/f", "other"]
        assert store.seal("d/x") is None
        generation = store.generation
        store.set_seals([("other", Seal(b"", b"", 0))])
        assert store.generation == generation
        assert store.seal("other") == (b"", b"", 0, (), 0)
        store.record([("d/e/f/g", file_record(2))])
        assert [path for path in seals if store.seal(path) is None] == ["d/e", "d/e/f"]
        store.record([("d/e/f/g", file_record(2))])
        store.record([("d/never", None)])
        assert store.seal("d") is not None
        store.record([("d/e/f/g", None)])
        store.record([("new", file_record())])
        assert [path for path in seals if store.seal(path) is None] == ["", "d/e", "d/e/f"]

    def test_the_roots_are_remembered(self, store: Store) -> None:
        store.set_roots("dev 1 inode 2", None)
        assert store.root_of(Side.LEFT) == "dev 1 inode 2"
        assert store.root_of(Side.RIGHT) is None
        store.set_roots(None, "other")
        assert (store.root_of(Side.LEFT), store.root_of(Side.RIGHT)) == (None, "other")
        assert store.generation == 0

    def test_what_was_learnt_of_a_side_is_remembered(self, store: Store) -> None:
        assert store.facts_of(Side.LEFT) is None and store.facts_of(Side.RIGHT) is None
        facts = {"seen": "Box/1.0", "learnt_s": 7, "capabilities": {"unsafe_in_names": ["\t", "é"]}}
        store.set_facts(Side.RIGHT, facts)
        assert store.facts_of(Side.LEFT) is None
        assert store.facts_of(Side.RIGHT) == facts
        store.set_facts(Side.RIGHT, None)
        assert store.facts_of(Side.RIGHT) is None
        assert store.generation == 0

    def test_the_history_is_newest_first(self, store: Store) -> None:
        runs = [Run(id=f"r{number}", mode="push", started_ns=number) for number in range(3)]
        for run in runs:
            store.start_run(run)
        done = Run(id="r1", mode="push", started_ns=1, finished_ns=9, report={"copied": 3, "odd": "\udcff é"})
        store.finish_run(done)
        assert store.runs() == [runs[2], done, runs[0]]
        assert store.runs(limit=1) == [runs[2]]
        assert store.generation == 0


LEFT, RIGHT = "file:///home/ann/docs", "webdavs://ann@nas.example/docs"


class StateStoreSuite(StoreLaws, StrategyLaws):
    """Subclass it as `Test...` and give `state_store`."""

    def state_store(self, tmp_path: Path) -> Any:
        """The state store to test, which keeps nothing yet; one of the same directory keeps the same."""
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self._tmp_path = tmp_path

    def strategy(self) -> Any:
        """The strategy."""
        return self.state_store(self._tmp_path)

    def open(self, left: str = LEFT, right: str = RIGHT, *, read_only: bool = False) -> Store:
        """Open the state of a pair."""
        store: Store = self.strategy().open(left, right, read_only=read_only)
        return store

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """An empty, open store."""
        with closing(self.open()) as store:
            yield store

    def test_what_was_kept_is_there_when_it_is_opened_again(self) -> None:
        run = Run(id="r", mode="push", started_ns=1)
        with closing(self.open()) as store:
            assert store.is_durable
            store.start_run(run)
            store.checkpoint()
            store.record([("a", file_record())])
            store.set_open_conflicts([{"path": "a"}])
        with closing(self.open()) as store:
            assert dict(store.load_tree("")) == {"a": file_record()}
            assert (store.generation, store.runs(), store.notice) == (1, [run], "")
            assert store.open_conflicts() == [{"path": "a"}]

    @pytest.mark.parametrize("pair", [(RIGHT, LEFT), (LEFT, f"{RIGHT}/below"), ("file:///other", RIGHT)])
    def test_pairs_do_not_share_a_state(self, pair: tuple[str, str]) -> None:
        with closing(self.open()) as store:
            store.record([("a", file_record())])
        with closing(self.open(*pair)) as store:
            assert store.count() == 0
            store.record([("b", file_record())])
        with closing(self.open()) as store:
            assert set(store.load("")) == {"a"}

    def test_to_read_changes_nothing(self) -> None:
        with closing(self.open(read_only=True)) as store:
            assert store.count() == 0
        with closing(self.open()) as store:
            store.record([("a", file_record())])
        with closing(self.open(read_only=True)) as store:
            assert set(store.load("")) == {"a"}

    def test_a_sync_that_it_serves_knows_what_was_deleted(self, tmp_path: Path) -> None:
        write_tree(tmp_path / "pair" / "a", {"f": "f", "g": "g"})
        (tmp_path / "pair" / "b").mkdir()
        syncer = Syncer(tmp_path / "pair" / "a", tmp_path / "pair" / "b", state=self.strategy())
        assert syncer.sync().copied == 2
        (tmp_path / "pair" / "b" / "f").unlink()
        assert syncer.sync().removed == 1
        assert syncer.sync().changed == 0
