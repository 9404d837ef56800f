"""Two machines that share a remote exclude each other by a lease that lies beside the data."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from syncfs import LockedError, Syncer
from syncfs.core.entry import Side
from syncfs.endpoint.endpoint import Endpoint
from syncfs.endpoint.local import LocalEndpoint
from syncfs.endpoint.resolve import resolve
from syncfs.engine.lease import PATH, leased
from tests.servers.server import Folder


def _sides(tmp_path: Path, folder: Folder) -> list[tuple[Side, Endpoint]]:
    sides: list[tuple[Side, Endpoint]] = [
        (Side.LEFT, LocalEndpoint(str(tmp_path))),
        (Side.RIGHT, resolve(folder.url.replace("http", "webdav", 1))),
    ]
    for _, endpoint in sides:
        endpoint.check_root()
    return sides


def test_the_second_is_told_who_holds_the_lease_and_gets_it_afterwards(
    tmp_path: Path, webdav_server: Folder
) -> None:
    mine, theirs = _sides(tmp_path, webdav_server), _sides(tmp_path, webdav_server)
    cancel = threading.Event()
    with leased(mine, 30, "mine", cancel):
        held = r"dst is leased by run mine on .* \(process \d+\)"
        with (
            pytest.raises(LockedError, match=held),
            leased(theirs, 30, "theirs", cancel),
        ):
            pass
        assert mine[1][1].stat(PATH) is not None
    assert mine[1][1].stat(PATH) is None
    with leased(theirs, 30, "theirs", cancel):
        pass
    assert not cancel.is_set()


def test_a_dead_holder_s_lease_expires_by_the_server_s_clock(tmp_path: Path, apache_folder: Folder) -> None:
    sides = _sides(tmp_path, apache_folder)
    apache_folder.write({".syncfs/lease": '{"run": "dead", "lease_s": 1}'})
    deadline_s = time.monotonic() + 20
    while True:
        try:
            with leased(sides, 30, "next", threading.Event()):
                break
        except LockedError:
            assert time.monotonic() < deadline_s
            time.sleep(0.2)
    assert sides[1][1].stat(PATH) is None


def test_a_run_renews_its_lease_and_stops_when_it_is_lost(tmp_path: Path, apache_folder: Folder) -> None:
    sides = _sides(tmp_path, apache_folder)
    cancel = threading.Event()
    with leased(sides, 3, "mine", cancel):
        first = (apache_folder.root / PATH).read_text()
        deadline_s = time.monotonic() + 20
        while (apache_folder.root / PATH).read_text() == first:
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        others = '{"run": "another", "lease_s": 60, "much": "longer than ours"}'
        apache_folder.write({".syncfs/lease": others})
        assert cancel.wait(20)
    assert "another" in (apache_folder.root / PATH).read_text()


def test_a_disk_of_this_machine_needs_no_lease(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "f").write_text("1")
    assert Syncer(tmp_path / "a", tmp_path / "b", state=None, lease_s=30).push().copied == 1
    assert not (tmp_path / "b" / ".syncfs").exists()


def test_a_pair_is_pushed_under_a_lease_that_is_gone_afterwards(
    tmp_path: Path, apache_folder: Folder
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "f").write_text("1")
    url = apache_folder.url.replace("http", "webdav", 1)
    state = tmp_path / "state.sqlite"
    assert Syncer(tmp_path / "a", url, state=state, lease_s=30).push().copied == 1
    assert apache_folder.read() == {"f": "1", ".syncfs/": None}
