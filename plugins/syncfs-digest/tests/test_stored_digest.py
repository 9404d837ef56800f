"""Digests beside the files, on a real Apache; run from a checkout, whose tests know how to start one."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from syncfs_digest import CachedDigest, StoredDigest
from syncfs_digest.noted import NOTE, note_of, with_note

from syncfs import Syncer
from syncfs.core import Entry, Kind
from syncfs.endpoint.endpoint import AttachingStrategy

CHECKOUT = Path(__file__).parents[3] / "tests"
if not (CHECKOUT / "servers" / "apache.py").exists():
    pytest.skip("runs from a checkout, which brings the server along", allow_module_level=True)
# This directory has the same name as the checkout's.
tests = sys.modules.setdefault("tests", ModuleType("tests"))
if str(CHECKOUT) not in (found := list(getattr(tests, "__path__", []))):
    tests.__path__ = [*found, str(CHECKOUT)]
servers = importlib.import_module("tests.servers.apache")
S = 10**9
ENTRY = Entry(Kind.FILE, 3, S, "tag")


@pytest.fixture(scope="module")
def apache() -> Iterator[Any]:
    from tests.servers.server import ServerMissingError

    try:
        server = servers.Apache()
    except ServerMissingError as missing:
        if os.environ.get("SYNCFS_CI"):
            pytest.fail(f"CI must install it: {missing}")
        pytest.skip(str(missing))
    with server:
        yield server


class Machine:
    """A machine that keeps nothing from run to run."""

    def __init__(self, home: Path, folder: Any) -> None:
        self.home, self.folder = home, folder
        self.local = home / "local"
        self.local.mkdir(parents=True)

    def run(self, mode: str = "push", compare: Any = None, **options: Any) -> Any:
        cache = str(self.home / f"cache{len(list(self.home.iterdir()))}")  # a new one each time
        syncer = Syncer(
            self.local,
            self.folder.url.replace("http", "webdav", 1),
            compare=compare or StoredDigest(cache=cache),
            state=None,
            **options,
        )
        self.folder.clear_requests()
        return getattr(syncer, mode)()

    def methods(self) -> Counter[str]:
        return Counter(request.method for request in self.folder.requests())


@pytest.fixture
def machine(apache: Any, tmp_path: Path) -> Machine:
    return Machine(tmp_path, apache.folder())


def test_it_is_chosen_by_its_name_and_the_other_one_stores_nothing() -> None:
    assert isinstance(StoredDigest(), AttachingStrategy)
    assert not isinstance(CachedDigest(), AttachingStrategy)


def test_a_machine_without_a_state_reads_nothing_that_was_noted(machine: Machine) -> None:
    for number in range(5):
        (machine.local / f"{number}").write_bytes(b"%d" % number)
    machine.run()
    assert machine.methods()["PROPPATCH"] == 5
    report = machine.run()
    assert (report.copied, report.conflicts) == (0, ())
    assert machine.methods().keys() == {"PROPFIND"}


def test_a_same_size_edit_is_seen_whichever_side_made_it(machine: Machine) -> None:
    for name in ("a", "b", "c"):
        (machine.local / name).write_bytes(b"old")
    machine.run()
    times = (machine.local / "a").stat()
    (machine.local / "a").write_bytes(b"new")
    os.utime(machine.local / "a", ns=(times.st_atime_ns, times.st_mtime_ns))
    machine.run(on_conflict="src")
    assert machine.folder.read()["a"] == "new"
    machine.folder.write({"b": "neu"})
    report = machine.run("pull", on_conflict="dst")
    assert report.copied == 1 and (machine.local / "b").read_bytes() == b"neu"


def test_a_note_that_a_put_has_outlived_is_not_believed(machine: Machine) -> None:
    (machine.local / "a").write_bytes(b"old")
    machine.run()
    reply = httpx.put(f"{machine.folder.url}a", content=b"neu")
    assert reply.status_code == 204
    report = machine.run(on_conflict="skip")
    assert [each.path for each in report.conflicts] == ["a"]
    assert machine.methods()["GET"] == 1


def test_what_had_to_be_read_is_noted_for_the_next_machine(machine: Machine) -> None:
    (machine.local / "a").write_bytes(b"old")
    machine.folder.write({"a": b"old"})
    for each in machine.folder.root.iterdir():
        os.utime(each, (1_700_000_000, 1_700_000_000))
    machine.run()
    assert machine.methods()["GET"] == 1 and machine.methods()["PROPPATCH"] == 1
    machine.run()
    assert machine.methods().keys() == {"PROPFIND"}


def test_neither_a_sender_nor_a_dry_run_is_written_to(machine: Machine) -> None:
    (machine.local / "a").write_bytes(b"old")
    machine.folder.write({"a": b"old"})
    for each in machine.folder.root.iterdir():
        os.utime(each, (1_700_000_000, 1_700_000_000))
    machine.run("pull")
    assert machine.methods()["PROPPATCH"] == 0


def test_two_machines_of_unlike_algorithms_understand_each_other(machine: Machine) -> None:
    (machine.local / "a").write_bytes(b"old")
    machine.run(compare=StoredDigest("sha256", cache=str(machine.home / "one")))
    machine.run(compare=StoredDigest("xxh3_128", cache=str(machine.home / "two")))
    assert machine.methods().keys() == {"PROPFIND"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        json.dumps({"digest": "md5:1", "size_bytes": 4, "etag": "tag"}),
        json.dumps({"digest": "md5:1", "size_bytes": 3, "etag": "another"}),
        json.dumps({"digest": 5, "size_bytes": 3, "etag": "tag"}),
        json.dumps({"size_bytes": 3, "etag": "tag"}),
    ],
)
def test_a_note_that_is_not_about_this_content_is_no_note(text: str) -> None:
    assert with_note(ENTRY, {NOTE: text}) == ENTRY


def test_a_note_tells_the_digest_of_the_file_it_is_about() -> None:
    note = note_of("md5:1", ENTRY, 5)
    assert json.loads(note) == {"digest": "md5:1", "size_bytes": 3, "etag": "tag", "mtime_ns": 5}
    assert with_note(ENTRY, {NOTE: note}) == ENTRY._replace(digest="md5:1")
    assert with_note(ENTRY._replace(etag=None), {NOTE: note}).digest is None
