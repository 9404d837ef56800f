"""A server that answers 503 while it has too much to do is given less."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from syncfs import Syncer
from syncfs.engine import execute
from syncfs.engine.pace import Pace
from syncfs.testing import read_tree, write_tree
from tests.servers.faults import Fault, Reply
from tests.servers.proxy import Proxy
from tests.servers.server import Folder


def test_a_server_that_pushes_back_gets_fewer_requests_at_once_and_everything_arrives(
    apache_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[int] = []

    class Watched(Pace):
        def done(self, now_s: float, **what: Any) -> None:
            assert threading.current_thread() is threading.main_thread()
            super().done(now_s, **what)
            limits.append(self.limit)

    monkeypatch.setattr(execute, "Pace", Watched)
    write_tree(tmp_path / "src", {f"d{number % 4}/f{number}": f"{number}" for number in range(120)})
    busy = Reply(503, headers={"Retry-After": "0"})
    with Proxy(apache_folder.url) as proxy:
        for nth in range(20, 60, 5):
            proxy.add(Fault(busy, method="PUT", nth=nth))
        url = proxy.url.replace("http", "webdav", 1)
        report = Syncer(tmp_path / "src", url, state=tmp_path / "state.sqlite", jobs=16).push()
    assert (report.ok, report.copied) == (True, 120)
    assert read_tree(apache_folder.root) == read_tree(tmp_path / "src")
    assert min(limits) <= 4, limits
