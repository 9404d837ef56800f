"""The `webdavclient` interface, on real servers."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

import syncfs.compat.webdavclient as wc
from syncfs.store.lock import PairLock
from syncfs.testing import read_tree, write_tree
from tests.servers.apache import Apache
from tests.servers.proxy import Fault, Proxy, Reply
from tests.servers.server import Folder, free_port

TREE = {"a.txt": "one", "deep/er/b.txt": "two", "empty/": None, "h#sh %41.txt": "three"}
PAST = (1_600_000_000, 1_600_000_000)


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def client(webdav_server: Folder) -> wc.Client:
    """An account on each server in turn."""
    return wc.Client({"webdav_hostname": webdav_server.url, "webdav_timeout": 30})


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A filled local directory."""
    write_tree(tmp_path / "local", TREE)
    return tmp_path / "local"


def test_push_uploads_what_is_missing_and_makes_the_last_directory(
    client: wc.Client, webdav_server: Folder, local: Path
) -> None:
    assert client.push("/do#cs %41/", str(local)) is None  # type: ignore[func-returns-value]
    assert read_tree(webdav_server.root / "do#cs %41") == TREE
    webdav_server.clear_requests()
    client.push("do#cs %41", str(local))
    assert not [request for request in webdav_server.requests() if request.method in ("PUT", "MKCOL", "MOVE")]


def test_pull_downloads_what_is_missing_and_makes_the_last_directory(
    client: wc.Client, webdav_server: Folder, tmp_path: Path
) -> None:
    webdav_server.write({f"docs/{name}": node for name, node in TREE.items()})
    client.pull("docs", str(tmp_path / "here"))
    assert read_tree(tmp_path / "here") == TREE
    webdav_server.clear_requests()
    client.pull("docs", str(tmp_path / "here"))
    assert not [request for request in webdav_server.requests() if request.method == "GET"]


def test_push_uploads_what_is_newer_or_of_another_size_and_leaves_what_is_older(
    wsgidav_folder: Folder, local: Path
) -> None:
    client = wc.Client({"webdav_hostname": wsgidav_folder.url})
    wsgidav_folder.write({"a.txt": "ONE", "deep/er/b.txt": "TWO!"})
    os.utime(local / "a.txt", PAST)
    client.push("", str(local))
    on_server = wsgidav_folder.read()
    assert on_server["a.txt"] == "ONE"
    assert on_server["deep/er/b.txt"] == "two"
    kept = [node for name, node in on_server.items() if name.startswith("deep/er/b.conflict-")]
    assert kept == ["TWO!"]


def test_sync_carries_both_ways_and_brings_back_what_one_side_deleted(
    client: wc.Client, webdav_server: Folder, local: Path
) -> None:
    webdav_server.write({"there.txt": "x"})
    assert client.sync("", str(local)) is None  # type: ignore[func-returns-value]
    assert read_tree(local) == webdav_server.read() == {**TREE, "there.txt": "x"}
    (local / "there.txt").unlink()
    (webdav_server.root / "a.txt").unlink()
    client.sync("", str(local))
    assert read_tree(local) == webdav_server.read() == {**TREE, "there.txt": "x"}


def test_in_sync_the_newest_wins_the_loser_is_kept_and_a_second_sync_moves_nothing(
    client: wc.Client, webdav_server: Folder, local: Path
) -> None:
    client.sync("", str(local))
    write_tree(local, {"a.txt": "mine", "deep/er/b.txt": "mine, much longer"})
    webdav_server.write({"a.txt": "theirs", "deep/er/b.txt": "theirs, longer"})
    os.utime(webdav_server.root / "a.txt", PAST)
    os.utime(local / "deep" / "er" / "b.txt", PAST)
    client.sync("", str(local))
    tree = webdav_server.read()
    assert read_tree(local) == tree
    assert (tree["a.txt"], tree["deep/er/b.txt"]) == ("mine", "theirs, longer")
    kept = sorted(str(node) for name, node in tree.items() if ".conflict-" in name)
    assert kept == ["mine, much longer", "theirs"]
    webdav_server.clear_requests()
    client.sync("", str(local))
    assert {request.method for request in webdav_server.requests()} <= {"PROPFIND", "OPTIONS"}
    assert read_tree(local) == webdav_server.read() == tree


def test_nothing_is_ever_deleted(wsgidav_folder: Folder, local: Path) -> None:
    client = wc.Client({"webdav_hostname": wsgidav_folder.url})
    client.push("", str(local))
    (local / "a.txt").unlink()
    wsgidav_folder.write({"extra": "x"})
    client.push("", str(local))
    assert set(wsgidav_folder.read()) == {*TREE, "extra"}
    client.pull("", str(local))
    assert read_tree(local) == {**TREE, "extra": "x"}


def test_a_remote_directory_that_vanished_is_made_and_filled_again(
    wsgidav_folder: Folder, local: Path
) -> None:
    client = wc.Client({"webdav_hostname": wsgidav_folder.url})
    client.push("docs", str(local))
    (wsgidav_folder.root / "docs").rename(wsgidav_folder.root / "elsewhere")
    client.push("docs", str(local))
    assert read_tree(wsgidav_folder.root / "docs") == TREE


def test_check_and_mkdir_know_files_directories_and_what_is_missing(
    client: wc.Client, webdav_server: Folder
) -> None:
    webdav_server.write({"a b/f.txt": "x"})
    assert [client.check(path) for path in ("/", "a b", "/a b/", "a b/f.txt", "nope", "no/pe")] == [
        *([True] * 4),
        *([False] * 2),
    ]
    assert client.mkdir("/new dir/") is True
    assert client.mkdir("new dir") is True
    assert (webdav_server.root / "new dir").is_dir()
    with pytest.raises(wc.RemoteParentNotFound):
        client.mkdir("no/pe")
    with pytest.raises(wc.WebDavException):
        client.mkdir("a b/f.txt")


def test_what_is_missing_has_the_name_that_the_originals_give_it(client: wc.Client, local: Path) -> None:
    with pytest.raises(wc.LocalResourceNotFound):
        client.push("docs", str(local / "nope"))
    with pytest.raises(wc.LocalResourceNotFound):
        client.push("docs", str(local / "a.txt"))
    with pytest.raises(wc.RemoteParentNotFound):
        client.push("no/pe", str(local))
    with pytest.raises(wc.RemoteResourceNotFound):
        client.pull("nope", str(local))
    with pytest.raises(wc.RemoteResourceNotFound):
        client.sync("nope", str(local))
    with pytest.raises(wc.LocalResourceNotFound):
        client.sync("", str(local / "nope"))
    with pytest.raises(wc.LocalResourceNotFound):
        client.pull("", str(local / "no" / "pe"))
    with pytest.raises(wc.WebDavException, match=r"\.\."):
        client.push("../x", str(local))


def test_a_server_that_is_down_is_no_connection(local: Path) -> None:
    client = wc.Client({"hostname": f"http://127.0.0.1:{free_port()}/dav"})
    for call in (
        lambda: client.check("x"),
        lambda: client.mkdir("x"),
        lambda: client.push("x", str(local)),
        lambda: client.pull("x", str(local)),
    ):
        with pytest.raises(wc.NotConnection):
            call()


def test_a_full_server_is_not_enough_space(wsgidav_folder: Folder, local: Path) -> None:
    with Proxy(wsgidav_folder.url, Fault(Reply(507), method="PUT", every=True)) as proxy:
        client = wc.Client({"hostname": proxy.url})
        for move in (client.push, client.sync):
            with pytest.raises(wc.NotEnoughSpace):
                move("", str(local))


def test_a_lock_raises_and_names_who_holds_it(wsgidav_folder: Folder, local: Path) -> None:
    client = wc.Client({"hostname": wsgidav_folder.url})
    client.push("", str(local))
    [lock] = (local.parent / "state").glob("*.lock")
    with PairLock(str(lock), mode="push"):
        for move in (client.push, client.pull, client.sync):
            with pytest.raises(wc.WebDavException, match=f"{os.getpid()}"):
                move("", str(local))
    client.sync("", str(local))


def test_what_a_guard_refuses_raises_and_writes_nothing(wsgidav_folder: Folder, local: Path) -> None:
    client = wc.Client({"hostname": wsgidav_folder.url})
    client.push("", str(local))
    local.rename(local.parent / "elsewhere")
    write_tree(local, {"a.txt": "of another disk"})
    with pytest.raises(wc.WebDavException, match="another one stands in its place"):
        client.push("", str(local))
    assert wsgidav_folder.read() == TREE


def test_what_was_left_undone_raises_after_the_rest_was_done(wsgidav_folder: Folder, local: Path) -> None:
    fault = Fault(Reply(403), method="PUT", path_regex="a\\.txt|syncfs-tmp", nth=1)
    with Proxy(wsgidav_folder.url, fault) as proxy:
        client = wc.Client({"hostname": proxy.url})
        with pytest.raises(wc.WebDavException, match="1 problem"):
            client.push("", str(local))
        client.push("", str(local))
    assert wsgidav_folder.read() == TREE


@pytest.fixture(scope="module")
def guarded() -> Iterator[Apache]:
    """A server that wants a password."""
    with Apache(auth="basic", user="ann", password="s3cret:@/") as server:
        yield server


def test_login_and_password_are_used_and_never_shown(guarded: Apache, apache: Apache, local: Path) -> None:
    folder = guarded.folder()
    options = {"webdav_hostname": guarded.url, "webdav_root": f"/{folder.root.name}/", "webdav_login": "ann"}
    client = wc.Client({**options, "webdav_password": "s3cret:@/"})
    assert "s3cret" not in repr(client)
    client.push("/", str(local))
    assert folder.read() == TREE
    with pytest.raises(wc.WebDavException) as caught:
        wc.Client({**options, "webdav_password": "s3cret?"}).push("/", str(local))
    assert "credentials" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("hostname", [None, "", "nas", "ftp://nas/", "http://", "https://ann:s3cret@[nas"])
def test_a_hostname_that_is_no_url_is_not_valid(hostname: str | None) -> None:
    with pytest.raises(wc.OptionNotValid) as caught:
        wc.Client({"webdav_hostname": hostname})
    assert "s3cret" not in str(caught.value)


def test_the_exceptions_pickle_and_keep_their_attributes() -> None:
    for error in (
        wc.RemoteParentNotFound("a/b"),
        wc.OptionNotValid("hostname", "x", "webdav_"),
        wc.ResponseErrorCode("http://nas/", 418, "teapot"),
        wc.NotConnection("http://nas"),
        wc.NotEnoughSpace(),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
