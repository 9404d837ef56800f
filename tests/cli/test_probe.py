"""`syncfs probe`, on real servers."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Run
from tests.servers.server import Folder, Server


def dav(folder: Folder) -> str:
    return folder.url.replace("http://", "webdav://", 1)


def test_it_says_what_a_server_can_do_and_what_follows(syncfs: Run, apache_folder: Folder) -> None:
    apache_folder.write({"theirs": "x"})
    done = syncfs("probe", dav(apache_folder))
    assert done.code == 0
    assert done.lines[0].split() == ["capability", "found", "so", "syncfs"]
    rows = {line.split()[0]: line for line in done.lines[1:]}
    assert "Apache" in rows["name"]
    assert "yes" in rows["keeps_old_on_abort"] and "one conditional PUT" in rows["keeps_old_on_abort"]
    assert "DELETE MOVE PUT" in rows["heeds_if_match"]
    assert "scratch place" in done.err
    assert apache_folder.read() == {"theirs": "x"}
    assert any(request.method == "MKCOL" for request in apache_folder.requests()), "it did not try anything"


def test_where_runs_are_more_careful_than_what_was_found_that_is_said(
    syncfs: Run, server_named: Callable[[str], Server]
) -> None:
    done = syncfs("probe", dav(server_named("sabre").folder()))
    (row,) = (line for line in done.lines if line.startswith("keeps_old_on_abort"))
    assert "yes" in row and "relies on no: not every server of this kind does so" in row


def test_json_holds_what_was_found_in_the_form_in_which_it_can_be_said(
    syncfs: Run, rclone_folder: Folder, tmp_path: Path
) -> None:
    done = syncfs("probe", dav(rclone_folder), "--json", "-q")
    assert (done.code, done.err) == (0, "")
    probed = json.loads(done.out)
    assert set(probed) == {"url", "found", "relied_on", "consequences"}
    assert probed["found"] == probed["relied_on"]
    assert probed["found"]["sets_mtime"] == "X-OC-Mtime"
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "f").write_text("x")
    said = json.dumps({**probed["found"], "sets_mtime": "no"})
    pushed = syncfs("push", "src", dav(rclone_folder), "--dst-option", f"capabilities={said}")
    assert pushed.code == 0, pushed.err
    assert (rclone_folder.root / "f").stat().st_mtime > 1_790_000_000


def test_a_capability_that_does_not_exist_is_refused_in_one_line(syncfs: Run, apache_folder: Folder) -> None:
    done = syncfs("probe", dav(apache_folder), "--option", 'capabilities={"flies": true}')
    assert (done.code, done.out) == (2, "")
    assert "no capability is called 'flies'" in done.err and len(done.err.splitlines()) == 1


def test_a_place_that_is_missing_or_may_not_be_written_is_told(syncfs: Run, apache_folder: Folder) -> None:
    assert syncfs("probe", dav(apache_folder) + "missing").code == 6
    assert syncfs("probe", "webdav://127.0.0.1:1/dav").code == 6


def test_a_local_directory_can_be_asked_too(syncfs: Run, tmp_path: Path) -> None:
    done = syncfs("probe", tmp_path)
    assert done.code == 0
    assert any(line.split()[:2] == ["keeps_mtime", "yes"] for line in done.lines)
