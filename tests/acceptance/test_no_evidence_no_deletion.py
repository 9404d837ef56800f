"""With --delete, and without evidence: nothing is deleted, and the exit code and the message say why."""

from pathlib import Path

import pytest

from syncfs import Syncer
from syncfs.testing import Tree, write_tree
from tests.acceptance.support import Program, Ran, dav, on, visible
from tests.acceptance.unprivileged import run_as_nobody
from tests.servers.faults import Action
from tests.servers.proxy import CutReply, Fault, Proxy, ReplaceBody, Reply
from tests.servers.server import Folder

TREE: Tree = {
    "gone.txt": "removed at the sender by its user",
    "docs/1.txt": "one",
    "docs/2.txt": "two",
    "docs/deep/3.txt": "three",
    "pictures/4.txt": "four",
}
KEPT = {name: node for name, node in TREE.items() if name != "gone.txt"}
LOGIN = b"<!DOCTYPE html><html><body><form>Please log in</form></body></html>"

DELETES = pytest.mark.parametrize("delete", ["--delete", "--delete=extra"])


@pytest.fixture(autouse=True)
def same_state(syncfs: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set up in this process is the state of the commands."""
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(syncfs.state))


def pushed(src: Path, url: str) -> None:
    """Fill `src` and bring it to the server: what comes later is no first run."""
    write_tree(src, TREE)
    assert Syncer(src, dav(url)).push().ok


def said(ran: Ran) -> str:
    return ran.out + ran.err


@DELETES
def test_an_emptied_source_is_refused(webdav_server: Folder, syncfs: Program, src: Path, delete: str) -> None:
    pushed(src, webdav_server.url)
    for path in sorted(src.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    ran = syncfs("push", delete, src, dav(webdav_server.url))
    assert ran.code == 4
    assert len(ran.complaints) == 1 and "src is empty" in ran.complaints[0]
    assert on(webdav_server) == TREE


@DELETES
def test_an_emptied_server_is_refused(webdav_server: Folder, syncfs: Program, src: Path, delete: str) -> None:
    pushed(src, webdav_server.url)
    for path in sorted(webdav_server.root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    ran = syncfs("pull", delete, src, dav(webdav_server.url))
    assert ran.code == 4
    assert len(ran.complaints) == 1 and "dst is empty" in ran.complaints[0]
    assert visible(src) == TREE


@DELETES
@pytest.mark.parametrize("seen_before", [True, False])
def test_a_missing_source_is_not_an_empty_one(
    wsgidav_folder: Folder, syncfs: Program, src: Path, delete: str, seen_before: bool
) -> None:
    url = dav(wsgidav_folder.url)
    if seen_before:
        pushed(src, url)
    else:
        wsgidav_folder.write(TREE)
    src.rename(src.with_name("elsewhere"))
    ran = syncfs("push", delete, src, url)
    assert ran.code == 6
    assert len(ran.complaints) == 1 and str(src) in ran.complaints[0]
    assert on(wsgidav_folder) == TREE
    assert not src.exists()


@DELETES
def test_a_missing_server_directory_is_not_an_empty_one(
    webdav_server: Folder, syncfs: Program, src: Path, delete: str
) -> None:
    pushed(src, webdav_server.url)
    webdav_server.root.rename(webdav_server.root.with_name(f"{webdav_server.root.name}-elsewhere"))
    ran = syncfs("pull", delete, src, dav(webdav_server.url))
    assert ran.code == 6
    assert len(ran.complaints) == 1 and "does not exist" in ran.complaints[0]
    assert visible(src) == TREE


@DELETES
def test_an_unreadable_subdirectory_keeps_its_copy_and_the_rest_goes_on(
    webdav_server: Folder, open_home: Path, delete: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncfs, src, url = Program(open_home), open_home / "src", dav(webdav_server.url)
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(syncfs.state))
    pushed(src, url)
    (src / "gone.txt").unlink()
    write_tree(src, {"new.txt": "new"})
    (src / "docs").chmod(0)
    try:
        ran = run_as_nobody(syncfs, "push", delete, src, url)
    finally:
        (src / "docs").chmod(0o755)
    assert ran.code == 1
    assert "docs" in said(ran) and "permission denied" in said(ran).lower()
    # What was seen to be gone is evidence; what could not be looked at is none.
    assert on(webdav_server) == KEPT | {"new.txt": "new"}


def test_an_unreadable_source_is_no_empty_one(
    wsgidav_folder: Folder, open_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncfs, src, url = Program(open_home), open_home / "src", dav(wsgidav_folder.url)
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(syncfs.state))
    pushed(src, url)
    src.chmod(0)
    try:
        ran = run_as_nobody(syncfs, "push", "--delete=extra", src, url)
    finally:
        src.chmod(0o755)
    assert ran.code == 6
    assert "may not be listed by this user" in said(ran)
    assert on(wsgidav_folder) == TREE


FAULTS: dict[str, Action] = {
    "answers 500": Reply(500, b"out of order"),
    "is busy": Reply(503, b"busy", {"Retry-After": "0"}),
    "is cut short": CutReply(300),
    "is cut short without anyone saying so": ReplaceBody(lambda body: body[: len(body) // 2]),
    "is empty": ReplaceBody(b""),
    "is a login page with status 200": Reply(200, LOGIN, {"Content-Type": "text/html"}),
    "is a login page with status 207": ReplaceBody(LOGIN, content_type="text/html"),
    "lists another directory": ReplaceBody(lambda body: body.replace(b"/docs", b"/pictures")),
}


EACH_FAULT = pytest.mark.parametrize("fault", FAULTS, ids=lambda name: name.replace(" ", "-"))


@EACH_FAULT
def test_while_one_listing_fails_nothing_is_deleted_on_the_other_side(
    apache_folder: Folder, syncfs: Program, src: Path, fault: str
) -> None:
    delete = ("--delete", "--delete=extra")[list(FAULTS).index(fault) % 2]
    with Proxy(apache_folder.url) as proxy:
        url = dav(proxy.url)
        pushed(src, url)
        (apache_folder.root / "gone.txt").unlink()
        apache_folder.write({"new.txt": "new"})
        broken = proxy.add(Fault(FAULTS[fault], method="PROPFIND", path_regex=r"/docs/$", every=True))
        ran = syncfs("pull", delete, src, url)
        assert broken.fired
        assert ran.code == 1, said(ran)
        assert "docs" in said(ran)
        assert "gone.txt" in said(ran), "a deferred removal is told"
        assert visible(src) == TREE | {"new.txt": "new"}, "nothing is removed, the rest goes on"

        proxy.clear_faults()
        assert Syncer(src, url, delete=delete.partition("=")[2] or "synced").pull().ok
        assert visible(src) == KEPT | {"new.txt": "new"}


@EACH_FAULT
def test_while_the_receiver_s_listing_fails_nothing_is_deleted_or_overwritten_there(
    apache_folder: Folder, src: Path, fault: str
) -> None:
    with Proxy(apache_folder.url) as proxy:
        url = dav(proxy.url)
        pushed(src, url)
        write_tree(src, {"docs/1.txt": "edited"})
        (src / "docs/2.txt").unlink()
        proxy.add(Fault(FAULTS[fault], method="PROPFIND", path_regex=r"/docs/$", every=True))
        report = Syncer(src, url, delete="extra").push()
        assert "docs" in {problem.path for problem in report.problems}
        assert on(apache_folder) == TREE


@pytest.mark.parametrize("fault", ["answers 500", "is cut short", "is a login page with status 200"])
def test_a_root_that_cannot_be_listed_ends_the_run(
    apache_folder: Folder, syncfs: Program, src: Path, fault: str
) -> None:
    with Proxy(apache_folder.url) as proxy:
        url = dav(proxy.url)
        pushed(src, url)
        root = rf"{apache_folder.path}$"
        proxy.add(Fault(FAULTS[fault], method="PROPFIND", path_regex=root, every=True))
        ran = syncfs("pull", "--delete=extra", src, url)
        assert ran.code == 6, said(ran)
        assert len(ran.complaints) == 1, "one clear line"
        assert visible(src) == TREE
