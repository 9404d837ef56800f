"""Each server does what the other tests take for granted, and tells exactly which requests it had."""

import base64
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import run_server
from tests.servers.apache import Apache
from tests.servers.client import Client
from tests.servers.proxy import Proxy
from tests.servers.rclone_server import Rclone
from tests.servers.server import Folder, Request, Server, ServerFailedError, ServerMissingError, get
from tests.servers.wsgidav_server import Wsgidav, WsgidavProcess


def round_trip(client: Client) -> list[Request]:
    """Write, list, read, move and remove a file; the requests it took, as the server should tell them."""
    had: list[Request] = []

    def do(method: str, name: str, body: bytes | None, *allowed: int, **headers: str) -> bytes:
        status, reply, _ = client.do(method, name, body, **headers)
        assert status in allowed, (method, name, status)
        had.append(Request(method, client.path + name, status, headers.get("Depth")))
        return reply

    do("PUT", "a%20b.txt", b"one", 201)
    assert b"a%20b.txt" in do("PROPFIND", "", None, 207, Depth="1", Content_Type="application/xml")
    assert do("GET", "a%20b.txt", None, 200) == b"one"
    # nginx answers 204 where nothing was replaced, npm's server 200 to what has no body.
    do("MOVE", "a%20b.txt", None, 201, 204, Destination=f"{client.base}c.txt", Overwrite="F")
    do("GET", "a%20b.txt", None, 404)
    do("MKCOL", "d/", None, 201)
    do("DELETE", "c.txt", None, 200, 204)
    return had


def test_a_file_goes_round(every_server: Folder) -> None:
    with Client(every_server.url) as client:
        had = round_trip(client)
    assert every_server.requests() == had
    assert every_server.read() == {"d/": None}


def test_a_file_goes_round_through_the_proxy(every_server: Folder) -> None:
    """MOVE above all: Destination names the proxy, and servers compare it with Host."""
    with Proxy(every_server.url) as proxy:
        with Client(proxy.url) as client:
            had = round_trip(client)
        assert proxy.requests() == had
    assert every_server.requests() == had


def test_what_changes_behind_its_back_shows_at_once(every_server: Folder) -> None:
    def ask(method: str, name: str, **headers: str) -> bytes:
        # A connection each: npm's server sends on whatever a file grows by after it told its length.
        with Client(every_server.url) as client:
            return client.do(method, name, None, **headers)[1]

    ask("PROPFIND", "", Depth="1")
    every_server.write({"new/x.txt": "first"})
    assert ask("GET", "new/x.txt") == b"first"
    every_server.write({"new/x.txt": "changed", "new/y.txt": ""})
    assert ask("GET", "new/x.txt") == b"changed"
    assert b"y.txt" in ask("PROPFIND", "new/", Depth="1")


def test_the_server_may_change_what_a_test_put_there(every_server: Folder) -> None:
    every_server.write({"d/x.txt": "theirs"})
    with Client(every_server.url) as client:
        assert client.do("PUT", "d/x.txt", b"ours")[0] in (200, 201, 204)
        assert client.do("PUT", "d/new.txt", b"ours")[0] == 201
    assert every_server.read() == {"d/new.txt": "ours", "d/x.txt": "ours"}


def test_every_test_has_an_empty_folder_and_no_requests(every_server: Folder) -> None:
    assert every_server.read() == {}
    assert every_server.requests() == []


def test_requests_of_many_connections_are_all_counted_as_soon_as_they_are_answered(
    webdav_server: Folder,
) -> None:
    def put(number: int) -> None:
        with Client(webdav_server.url) as client:
            for part in range(10):
                assert client.do("PUT", f"{number}-{part}", b"x")[0] == 201

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(8)))
    assert len(webdav_server.requests()) == 80
    webdav_server.clear_requests()
    assert webdav_server.requests() == []


def test_requests_to_other_folders_are_left_out(wsgidav: Wsgidav) -> None:
    first, second = wsgidav.folder(), wsgidav.folder()
    get(first.url)
    get(second.url)
    get(wsgidav.url)
    assert [request.path for request in first.requests()] == [first.path, "/dav/"]


def test_apache_answers_as_stock_debian_does(apache_folder: Folder) -> None:
    apache_folder.write({"d/": None})
    with Client(apache_folder.url) as client:
        assert client.do("PROPFIND", "", None, Depth="infinity")[0] == 403
        status, _, headers = client.do("PROPFIND", "d", None, Depth="1")
        assert (status, headers["location"]) == (301, f"{apache_folder.url}d/")


def test_apache_answers_at_any_depth_if_it_is_told_to(server_named: Callable[[str], Server]) -> None:
    folder = server_named("apache-infinity").folder()
    with Client(folder.url) as client:
        assert client.do("PROPFIND", "", None, Depth="infinity")[0] == 207
    assert folder.requests() == [Request("PROPFIND", folder.path, 207, "infinity")]


@pytest.mark.parametrize("kind", ["basic", "digest"])
def test_apache_asks_for_a_password_if_it_is_told_to(apache: Apache, kind: str) -> None:
    # A user's name with a colon or a space would only test Apache.
    assert kind in ("basic", "digest")
    with Apache(auth="basic" if kind == "basic" else "digest") as server, Client(server.url) as client:
        status, _, headers = client.do("PROPFIND", "", None, Depth="0")
        assert (status, headers["www-authenticate"].split()[0].lower()) == (401, kind)
        if kind == "basic":
            right = base64.b64encode(b"user:secret").decode()
            wrong = base64.b64encode(b"user:wrong").decode()
            assert client.do("PROPFIND", "", None, Depth="0", Authorization=f"Basic {wrong}")[0] == 401
            assert client.do("PROPFIND", "", None, Depth="0", Authorization=f"Basic {right}")[0] == 207


def test_wsgidav_runs_as_a_process_of_its_own() -> None:
    with WsgidavProcess() as server:
        folder = server.folder()
        with Client(folder.url) as client:
            had = round_trip(client)
        assert folder.requests() == had
        assert server.process is not None
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(10)


def test_rclone_can_be_reached_without_its_proxy(rclone: Rclone) -> None:
    folder = rclone.folder()
    direct = rclone.direct_url + folder.root.name + "/"
    with Client(direct) as client:
        assert client.do("PUT", "x", b"1")[0] == 201
    assert folder.read() == {"x": "1"}
    assert folder.requests() == []


def test_a_stopped_server_leaves_nothing_behind() -> None:
    servers: list[Server] = [Wsgidav(), WsgidavProcess()]
    for server in servers:
        threads = {*threading.enumerate()}
        with server:
            home, url = server.home, server.url
            assert get(url)[0] == 200
        assert not home.exists()
        assert not {*threading.enumerate()} - threads  # of other tests some may have ended meanwhile
        with pytest.raises(OSError, match="refused"):
            get(url)


def test_a_server_that_cannot_start_says_why(apache: Apache) -> None:
    with pytest.raises(ServerFailedError, match="NoSuchDirective"), Apache(extra="NoSuchDirective"):
        pass


def test_all_files_of_a_large_directory_are_listed(every_server: Folder) -> None:
    every_server.write({f"{number:04}": "" for number in range(300)})
    with Client(every_server.url) as client:
        listing = client.do("PROPFIND", "", None, Depth="1")[1]
    assert listing.count(b"href>") == 2 * 301


def test_the_servers_directory_can_be_read_from_here(every_server: Folder, tmp_path: Path) -> None:
    with Client(every_server.url) as client:
        client.do("PUT", "x.bin", b"\xff\x00")
    assert every_server.read() == {"x.bin": b"\xff\x00"}


@pytest.mark.parametrize(
    ("setting", "outcome"), [("1", pytest.fail.Exception), ("", pytest.skip.Exception)], ids=["ci", "user"]
)
def test_a_missing_server_skips_for_a_user_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch, setting: str, outcome: type[BaseException]
) -> None:
    def not_here() -> Server:
        raise ServerMissingError("no such server")

    monkeypatch.setenv("SYNCFS_CI", setting)
    with pytest.raises(outcome, match="no such server"):
        next(run_server(not_here))
