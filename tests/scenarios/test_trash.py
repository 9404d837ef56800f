"""What a run removed can be restored for thirty days; then it goes, by the next run that does something."""

import os
import sqlite3
import time
from pathlib import Path

import pytest

from syncfs import Syncer
from syncfs.engine.trash import KEPT_NS, TRASH
from syncfs.testing import write_tree
from tests.servers.server import Folder


@pytest.fixture(params=["local", "apache", "wsgidav", "rclone"])
def dst(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[object, Path]:
    """What a Syncer is given for a fresh directory, and where that is on disk."""
    if request.param == "local":
        (tmp_path / "dst").mkdir()
        return tmp_path / "dst", tmp_path / "dst"
    folder: Folder = request.getfixturevalue(f"{request.param}_folder")
    return folder.url.replace("http://", "webdav://", 1), folder.root


def test_the_trash_is_emptied_after_thirty_days(tmp_path: Path, dst: tuple[object, Path]) -> None:
    src, state = tmp_path / "src", tmp_path / "state.sqlite"
    syncer = Syncer(src, dst[0], state=state)
    long_ago_ns = time.time_ns() - 10**12  # a file of just now would be looked at again by the next run

    def write(name: str, text: str) -> None:
        write_tree(src, {name: text})
        os.utime(src / name, ns=(long_ago_ns, long_ago_ns))

    write("f", "base")
    write("g", "g")
    syncer.sync()
    (src / "f").unlink()
    assert syncer.sync().removed == 1
    write("h", "something to do")
    assert syncer.sync().ok
    assert [each.name for each in dst[1].glob(f"{TRASH}/*/*")] == ["1"], "it is kept"

    with sqlite3.connect(state) as runs:
        runs.execute("UPDATE runs SET started_ns = started_ns - ?", (KEPT_NS,))
    runs.close()
    assert syncer.sync().ok
    assert [each.name for each in dst[1].glob(f"{TRASH}/*/*")] == ["1"], (
        "a run with nothing to do costs nothing"
    )

    (src / "i").write_text("something to do")
    assert syncer.sync().ok
    assert list(dst[1].glob(f"{TRASH}/*")) == []
