"""The proxy changes nothing, except exactly what its faults say."""

import hashlib
import http.client
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.servers.apache import Apache
from tests.servers.client import Client
from tests.servers.proxy import (
    Corrupt,
    CutHead,
    CutReply,
    CutRequest,
    Delay,
    DropAfter,
    DropBefore,
    Fault,
    Meanwhile,
    Proxy,
    Repeat,
    ReplaceBody,
    Reply,
)
from tests.servers.server import Folder, Request, wait_until

SIZES = b'<propfind xmlns="DAV:"><prop><getcontentlength/></prop></propfind>'
LOGIN = b"<html><form>Please log in</form></html>"
# What a client sees when its connection ends before the reply.
BROKEN = (http.client.RemoteDisconnected, ConnectionError)


@pytest.fixture
def proxy(wsgidav_folder: Folder) -> Iterator[Proxy]:
    with Proxy(wsgidav_folder.url) as running:
        yield running


@pytest.fixture
def client(proxy: Proxy) -> Iterator[Client]:
    with Client(proxy.url) as connected:
        yield connected


def test_a_status_is_given_to_the_nth_request_and_the_server_never_hears_of_it(
    wsgidav_folder: Folder, proxy: Proxy, client: Client
) -> None:
    fault = proxy.add(Fault(Reply(503, b"busy", {"Retry-After": "7"}), method="PUT", nth=2))
    assert client.do("PUT", "a", b"1")[0] == 201
    status, body, headers = client.do("PUT", "b", b"2" * 100_000)
    assert (status, body, headers["retry-after"]) == (503, b"busy", "7")
    assert client.do("PUT", "c", b"3")[0] == 201
    assert wsgidav_folder.read() == {"a": "1", "c": "3"}
    assert [request.path[-1] for request in wsgidav_folder.requests()] == ["a", "c"]
    assert [(request.path[-1], request.status) for request in proxy.requests()] == [
        ("a", 201),
        ("b", 503),
        ("c", 201),
    ]
    assert (fault.seen, fault.fired) == (3, 1)


def test_a_fault_matches_by_method_and_by_a_pattern_found_in_the_path_as_sent(
    proxy: Proxy, client: Client
) -> None:
    proxy.add(Fault(Reply(507), method="PUT", path_regex=r"/b%20.\.txt$", every=True))
    sent = ["b%20c.txt", "b%20d.txt", "b%20c.txt.part", "x"]
    assert [client.do("PUT", name, b"")[0] for name in sent] == [507, 507, 201, 201]
    assert client.do("GET", "b%20c.txt")[0] == 404


def test_every_means_from_the_nth_on(proxy: Proxy, client: Client) -> None:
    proxy.add(Fault(Reply(500), nth=3, every=True))
    assert [client.do("GET", "x")[0] for _ in range(4)] == [404, 404, 500, 500]
    proxy.clear_faults()
    assert client.do("GET", "x")[0] == 404


def test_of_several_faults_for_one_request_the_first_happens(proxy: Proxy, client: Client) -> None:
    first, second = proxy.add(Fault(Reply(500))), proxy.add(Fault(Reply(507)))
    assert client.do("GET", "x")[0] == 500
    assert (first.fired, second.fired, second.seen) == (1, 0, 1)


def test_a_listing_becomes_a_login_page(wsgidav_folder: Folder, proxy: Proxy, client: Client) -> None:
    proxy.add(Fault(ReplaceBody(LOGIN, status=200, content_type="text/html"), method="PROPFIND"))
    status, body, headers = client.do("PROPFIND", "", None, Depth="1")
    assert (status, body, headers["content-type"]) == (200, LOGIN, "text/html")
    assert wsgidav_folder.requests() == [Request("PROPFIND", wsgidav_folder.path, 207, "1")]
    assert client.do("PROPFIND", "", None, Depth="1")[0] == 207, "the connection goes on"


def test_a_body_can_be_made_from_the_servers(wsgidav_folder: Folder, proxy: Proxy, client: Client) -> None:
    """A listing cut short whose length fits: only its XML tells."""
    wsgidav_folder.write({"a": "", "b": ""})
    proxy.add(Fault(ReplaceBody(lambda body: body[: len(body) // 2]), method="PROPFIND"))
    # Not all properties: the free space of the disk is one, and changes.
    short = client.do("PROPFIND", "", SIZES, Depth="1", Content_Type="application/xml")[1]
    whole = client.do("PROPFIND", "", SIZES, Depth="1", Content_Type="application/xml")[1]
    assert whole.startswith(short)
    assert len(short) == len(whole) // 2


def test_a_reply_is_cut_after_so_many_bytes(webdav_server: Folder) -> None:
    webdav_server.write({"x": "0123456789" * 1000})
    with Proxy(webdav_server.url, Fault(CutReply(1234))) as proxy:
        with Client(proxy.url) as client, pytest.raises(http.client.IncompleteRead) as caught:
            client.do("GET", "x")
        assert len(caught.value.partial) == 1234
        with Client(proxy.url) as client:
            assert len(client.do("GET", "x")[1]) == 10_000


def test_a_listing_is_cut_even_if_it_comes_in_chunks(webdav_server: Folder) -> None:
    webdav_server.write({f"{number:03}": "" for number in range(100)})
    with (
        Proxy(webdav_server.url, Fault(CutReply(5000), method="PROPFIND")) as proxy,
        Client(proxy.url) as client,
        pytest.raises(http.client.IncompleteRead),
    ):
        client.do("PROPFIND", "", None, Depth="1")


def test_a_replys_head_is_cut_and_the_server_has_acted(
    wsgidav_folder: Folder, proxy: Proxy, client: Client
) -> None:
    fault = proxy.add(Fault(CutHead(7), method="PUT"))
    with pytest.raises((http.client.BadStatusLine, *BROKEN)):
        client.do("PUT", "x", b"1")
    assert (wsgidav_folder.read(), fault.fired) == ({"x": "1"}, 1)


def test_one_bit_of_a_body_is_flipped_and_nothing_else(webdav_server: Folder) -> None:
    webdav_server.write({"x": "0123456789"})
    with Proxy(webdav_server.url, Fault(Corrupt(0.35, bit=0))) as proxy, Client(proxy.url) as client:
        status, body, headers = client.do("GET", "x")
        assert (status, body, headers["content-length"]) == (200, b"0122456789", "10")
        assert client.do("GET", "x")[1] == b"0123456789"


def test_a_request_reaches_the_server_twice_and_the_second_reply_is_given(webdav_server: Folder) -> None:
    with Proxy(webdav_server.url, Fault(Repeat(), method="DELETE")) as proxy, Client(proxy.url) as client:
        assert client.do("PUT", "x", b"1" * 100_000)[0] == 201
        assert client.do("DELETE", "x")[0] == 404
        assert client.do("GET", "x")[0] == 404
    assert [request.method for request in webdav_server.requests()].count("DELETE") == 2


def test_a_repeated_upload_arrives_whole(wsgidav_folder: Folder, proxy: Proxy, client: Client) -> None:
    proxy.add(Fault(Repeat(), method="PUT"))
    assert client.do("PUT", "x", b"z" * 1_000_000)[0] == 204
    assert wsgidav_folder.read() == {"x": "z" * 1_000_000}


def test_a_fault_that_sticks_meets_what_is_sent_again_and_nothing_else(proxy: Proxy, client: Client) -> None:
    fault = proxy.add(Fault(Reply(507), nth=2, sticks=True))
    sent = [("PUT", "a"), ("PUT", "b"), ("GET", "b"), ("PUT", "b"), ("PUT", "a")]
    assert [client.do(method, name, b"")[0] for method, name in sent] == [201, 507, 404, 507, 204]
    assert fault.hit is not None and fault.hit[0] == "PUT" and fault.hit[1].endswith("/b")


def test_an_upload_is_cut_after_so_many_bytes(wsgidav_folder: Folder, proxy: Proxy, client: Client) -> None:
    """WsgiDAV then has a partial file under the final name, as it would if the client had been killed."""
    fault = proxy.add(Fault(CutRequest(150_000), method="PUT"))
    with pytest.raises(BROKEN):
        client.do("PUT", "x", b"z" * 1_000_000)
    target = wsgidav_folder.root / "x"
    wait_until(lambda: target.exists() and target.stat().st_size == 150_000, "the partial file", 5)
    assert fault.fired == 1
    assert [request.status for request in proxy.requests()] == [0]


def test_apache_keeps_the_old_file_when_an_upload_is_cut(apache: Apache) -> None:
    folder = apache.folder()
    folder.write({"x": "old"})
    with Proxy(folder.url, Fault(CutRequest(150_000))) as proxy:
        with Client(proxy.url) as client, pytest.raises(BROKEN):
            client.do("PUT", "x", b"z" * 1_000_000)
        wait_until(lambda: len(folder.requests()) == 1, "Apache's log", 5)
    assert folder.read() == {"x": "old"}


def test_a_connection_is_dropped_before_the_server_acted(webdav_server: Folder) -> None:
    with Proxy(webdav_server.url, Fault(DropBefore())) as proxy, Client(proxy.url) as client:
        with pytest.raises(BROKEN):
            client.do("PUT", "x", b"1")
        assert proxy.requests() == [Request("PUT", f"{webdav_server.path}x", 0)]
    assert webdav_server.read() == {}
    assert webdav_server.requests() == []


def test_a_connection_is_dropped_after_the_server_acted(webdav_server: Folder) -> None:
    with Proxy(webdav_server.url, Fault(DropAfter())) as proxy, Client(proxy.url) as client:
        with pytest.raises(BROKEN):
            client.do("PUT", "x", b"1")
        assert webdav_server.read() == {"x": "1"}
        assert proxy.requests() == [Request("PUT", f"{webdav_server.path}x", 0)]
        assert [request.status for request in webdav_server.requests()] == [201]


def test_a_request_is_delayed(proxy: Proxy, client: Client) -> None:
    proxy.add(Fault(Delay(0.3)))
    began = time.monotonic()
    assert client.do("PUT", "x", b"1")[0] == 201
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(("after", "left"), [(False, "ours"), (True, "theirs")])
def test_a_stranger_writes_just_before_or_just_after_the_server_acts(
    wsgidav_folder: Folder, proxy: Proxy, client: Client, after: bool, left: str
) -> None:
    def edit() -> None:
        wsgidav_folder.write({"x": "theirs"})

    proxy.add(Fault(Meanwhile(edit, after=after), method="PUT"))
    assert client.do("PUT", "x", b"ours")[0] in (201, 204)
    assert wsgidav_folder.read() == {"x": left}


def test_large_bodies_stream_both_ways_unchanged(webdav_server: Folder) -> None:
    content = os.urandom(1 << 20) * 20
    with Proxy(webdav_server.url) as proxy, Client(proxy.url) as client:
        assert client.do("PUT", "x", content)[0] == 201
        back = client.do("GET", "x")[1]
    assert hashlib.sha256(back).digest() == hashlib.sha256(content).digest()


def test_an_upload_in_chunks_arrives_whole(webdav_server: Folder) -> None:
    with Proxy(webdav_server.url) as proxy, Client(proxy.url) as client:
        pieces: Any = iter([b"abc", b"d" * 70_000, b"e"])
        client.connection.request("PUT", f"{client.path}x", pieces, encode_chunked=True)
        reply = client.connection.getresponse()
        reply.read()
        assert reply.status == 201
    assert webdav_server.read() == {"x": "abc" + "d" * 70_000 + "e"}


def test_a_client_that_waits_for_continue_is_told_to(webdav_server: Folder) -> None:
    with Proxy(webdav_server.url) as proxy:
        parts = urlsplit(proxy.url)
        with socket.create_connection((parts.hostname, parts.port), 10) as raw:
            head = f"PUT {parts.path}x HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            raw.sendall(f"{head}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n".encode())
            assert b" 100 " in raw.recv(1000)
            raw.sendall(b"abc")
            assert b" 201 " in raw.recv(1000)
    assert webdav_server.read() == {"x": "abc"}


def test_a_connection_that_the_server_ends_ends_for_the_client_too(apache: Apache) -> None:
    """Otherwise a client would send its next request into a dead connection, as it would not without us."""
    with Apache(extra="KeepAliveTimeout 1") as server, Proxy(server.url) as proxy:
        parts = urlsplit(proxy.url)
        with socket.create_connection((parts.hostname, parts.port), 10) as raw:
            raw.sendall(f"GET {parts.path}none HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
            received = b""
            while more := raw.recv(65536):
                received += more
        assert received.startswith(b"HTTP/1.1 404")


def test_a_killed_client_is_seen_by_the_server(wsgidav_folder: Folder, proxy: Proxy) -> None:
    """WsgiDAV keeps the half of the upload that it got; the exchange is listed without a status."""
    parts = urlsplit(proxy.url)
    with socket.create_connection((parts.hostname, parts.port), 10) as raw:
        head = f"PUT {parts.path}x HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 100\r\n\r\n"
        raw.sendall(head.encode() + b"half")
    wait_until(lambda: len(proxy.requests()) == 1, "the proxy's list", 5)
    assert proxy.requests()[0].status == 0
    wait_until(lambda: wsgidav_folder.read() == {"x": "half"}, "the partial file", 5)


def test_connections_are_served_at_the_same_time(proxy: Proxy) -> None:
    """Two requests that each wait for the other to arrive both go through."""
    together = threading.Barrier(2, timeout=10)
    proxy.add(Fault(Meanwhile(together.wait), every=True))
    statuses: list[int] = []

    def put(name: str) -> None:
        with Client(proxy.url) as client:
            statuses.append(client.do("PUT", name, b"")[0])

    threads = [threading.Thread(target=put, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert statuses == [201, 201]


def test_a_failure_of_the_proxy_itself_is_not_taken_for_one_of_the_server(wsgidav_folder: Folder) -> None:
    def bug() -> None:
        raise ZeroDivisionError

    call: Callable[[], None] = bug
    proxy = Proxy(wsgidav_folder.url, Fault(Meanwhile(call)))
    proxy.start()
    with Client(proxy.url) as client, pytest.raises(BROKEN):
        client.do("GET")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        proxy.stop()
