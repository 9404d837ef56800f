"""What two sides are found to hold alike while it is too young to be trusted."""

import os
import time
from pathlib import Path

from syncfs import Syncer


def test_an_edit_after_a_racy_agreement_is_an_edit_and_no_conflict(tmp_path: Path) -> None:
    """A killed pull leaves files that are whole, young and unrecorded; the next one finds them alike."""
    src, dst = tmp_path / "src", tmp_path / "dst"
    now_s = int(time.time())
    for side in (src, dst):
        side.mkdir()
        (side / "f").write_text("first")
        os.utime(side / "f", (now_s, now_s))
    syncer = Syncer(src, dst, state=tmp_path / "state.sqlite")
    assert syncer.push().copied == 0
    (src / "f").write_text("again")
    report = syncer.push()
    assert report.conflicts == ()
    assert {path.name for path in dst.iterdir()} - {".syncfs"} == {"f"}
    assert (dst / "f").read_text() == "again"
