"""What each wire must survive: odd replies, odd bodies, and connections that end."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from syncfs.endpoint.webdav.wire import Body, Reply, Timeouts, Wire
from syncfs.errors import VerificationError
from tests.endpoint.webdav.raw_server import RawServer, Talk, header

BOTH = pytest.mark.parametrize("kind", ["sockets", "httpx"])
SOCKETS = pytest.mark.parametrize("kind", ["sockets"])
"""httpx cannot do it, and is used only where nothing else will do."""

PIECE = bytes(64 << 10)


def asked(wire: Wire, method: str = "GET", body: Body = None, **headers: str) -> tuple[int, bytes]:
    """Status and body of the reply to one request."""
    reply = wire.send(method, "/x", headers, body)
    with closing(reply):
        return reply.status, b"".join(reply.pieces())


def uploaded(wire: Wire, pieces: Iterator[bytes], size: int) -> int:
    """The status that an upload of pieces is answered with."""
    with closing(wire.send("PUT", "/x", {"Content-Length": str(size)}, pieces)) as reply:
        return reply.status


def each(say: Callable[[Talk], None]) -> Callable[[Talk], None]:
    """Serve requests, one after another."""

    def serve(talk: Talk) -> None:
        while True:
            talk.whole()
            say(talk)

    return serve


def saying(text: str) -> Callable[[Talk], None]:
    """Answer each request so."""
    return each(lambda talk: talk.say(text))


def hanging_up(text: str) -> Callable[[Talk], None]:
    """Answer one request so, and hang up."""

    def serve(talk: Talk) -> None:
        talk.whole()
        talk.say(text)

    return serve


@BOTH
@pytest.mark.parametrize(
    ("text", "status", "body"),
    [
        ("HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", 200, b"abc"),
        ("HTTP/1.1 200 OK\nContent-Length: 3\nContent-Length: 3\n\nabc", 200, b"abc"),
        ("HTTP/1.1 200\nContent-Length: 0\n\n", 200, b""),
        ("HTTP/1.1 204 No Content\n\n", 204, b""),
        ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nab\n1;x=y\nc\n0\nT: 1\n\n", 200, b"abc"),
        ("HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\n\n00\n\n", 200, b""),
        ("HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nContent-Length: 1\n\na", 200, b"a"),
        ("HTTP/1.1 103 Early Hints\nLink: x\n\n" * 3 + "HTTP/1.1 404 No\nContent-Length: 0\n\n", 404, b""),
    ],
)
def test_a_reply_is_read_by_its_framing_and_its_connection_used_again(
    kind: str, text: str, status: int, body: bytes
) -> None:
    with RawServer(saying(text)) as server:
        wire = server.wire(kind)
        for _ in range(3):
            assert asked(wire) == (status, body)
        assert len(server.talks) == 1


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        "HTTP/1.1 200 OK\n\nabc",
        "HTTP/1.0 200 OK\n\nabc",
        "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 3\n\nabc",
        "HTTP/1.0 200 OK\nContent-Length: 3\n\nabc",
    ],
)
def test_a_reply_that_ends_its_connection_is_whole_and_the_next_one_gets_another(
    kind: str, text: str
) -> None:
    with RawServer(hanging_up(text)) as server:
        wire = server.wire(kind)
        assert [asked(wire), asked(wire)] == [(200, b"abc")] * 2
        assert len(server.talks) == 2


@BOTH
def test_a_head_has_no_body_whatever_it_announces(kind: str) -> None:
    with RawServer(saying("HTTP/1.1 200 OK\nContent-Length: 5\n\n")) as server:
        wire = server.wire(kind)
        assert [asked(wire, "HEAD"), asked(wire, "HEAD")] == [(200, b"")] * 2


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        "",
        "HTTP/1.1 20",
        "HTTP/1.1 200 OK\nContent-Le",
        "HTTP/1.1 200 OK\nContent-Length: 4\n\nabc",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n4\nabc",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n0\n",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nx\nabc\n0\n\n",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n-3\nabc\n0\n\n",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabcd\n0\n\n",
        "HTTP/1.1 200 OK\nTransfer-Encoding: magic\n\nabc",
        "HTTP/1.1 200 OK\nContent-Length: -3\n\nabc",
        "HTTP/1.1 200 OK\nContent-Length: 3\nContent-Length: 4\n\nabcd",
        "HTTP/1.1 200 OK\nno header\n\n",
        "HTTP/1.1 200 OK\n: no name\n\n",
        "HTTP/1.1 abc OK\n\n",
        "SSH-2.0-OpenSSH_9.2\n",
        "<html>\n\n</html>",
    ],
)
def test_a_reply_that_is_cut_or_none_is_a_broken_connection(kind: str, text: str) -> None:
    with RawServer(hanging_up(text)) as server, pytest.raises(ConnectionError, match="connection failed"):
        asked(server.wire(kind))


@BOTH
def test_bytes_beyond_the_end_of_a_reply_are_not_taken_for_the_next(kind: str) -> None:
    surplus = "HTTP/1.1 200 OK\nContent-Length: 1\n\na" + "HTTP/1.1 200 OK\nContent-Length: 4\n\nevil"
    with RawServer(hanging_up(surplus)) as server:
        wire = server.wire(kind)
        assert [asked(wire), asked(wire)] == [(200, b"a")] * 2


def endless(text: str, repeated: str) -> Callable[[Talk], None]:
    """Answer with something that never ends."""

    def serve(talk: Talk) -> None:
        talk.whole()
        talk.say(text)
        while True:
            talk.say(repeated)

    return serve


@BOTH
@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ("HTTP/1.1 200 OK\nX: ", "x" * 1000),
        ("HTTP/1.1 200 OK\n", "X: y\n"),
        ("", "x"),
        ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n0", "0" * 1000),
        ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n0;", "x" * 1000),
    ],
)
def test_an_endless_head_ends_soon(kind: str, text: str, repeated: str) -> None:
    with RawServer(endless(text, repeated)) as server, pytest.raises(ConnectionError):
        asked(server.wire(kind))


@SOCKETS
@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ("", "HTTP/1.1 103 Early Hints\n\n"),
        ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n0\n", "X: y\n"),
    ],
)
def test_endless_interim_replies_and_trailers_end_soon(kind: str, text: str, repeated: str) -> None:
    with RawServer(endless(text, repeated)) as server, pytest.raises(ConnectionError):
        asked(server.wire(kind))


@SOCKETS
@pytest.mark.parametrize(
    "before",
    ["HTTP/1.1 200 OK\nX: ", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"],
    ids=["head", "body"],
)
def test_what_comes_byte_by_byte_ends_in_time(kind: str, before: str) -> None:
    stopped = threading.Event()

    def drip(talk: Talk) -> None:
        talk.whole()
        talk.say(before)
        while not stopped.wait(0.05):
            talk.say("x")

    with RawServer(drip) as server:
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            asked(server.wire(kind, Timeouts(5, 0.5)))
        stopped.set()
    assert time.monotonic() - started < 10


@SOCKETS
def test_a_server_may_think_before_its_first_byte_and_we_between_two_pieces(kind: str) -> None:
    def think(talk: Talk) -> None:
        talk.whole()
        time.sleep(0.4)
        talk.say("HTTP/1.1 200 OK\nContent-Length: 4\n\nab")
        time.sleep(0.4)
        talk.say("cd")

    with RawServer(think) as server:
        reply = server.wire(kind, Timeouts(5, 0.6)).send("GET", "/", {}, None)
        pieces = reply.pieces()
        assert next(pieces) == b"ab"
        time.sleep(0.6)
        assert b"".join(pieces) == b"cd"
        reply.close()


@BOTH
def test_no_answer_in_time_is_told_as_such(kind: str) -> None:
    stopped = threading.Event()

    def serve(talk: Talk) -> None:
        talk.whole()
        stopped.wait(20)

    with RawServer(serve) as server:
        with pytest.raises(TimeoutError) as caught:
            asked(server.wire(kind, Timeouts(5, 0.3)))
        stopped.set()
    assert caught.value.errno and "no answer in time" in str(caught.value)


@BOTH
def test_a_slow_but_steady_upload_may_take_longer_than_the_timeout(kind: str) -> None:
    received: list[int] = []

    def serve(talk: Talk) -> None:
        _, body = talk.whole()
        received.append(len(body))
        talk.answer(201)

    def slow() -> Iterator[bytes]:
        for _ in range(6):
            threading.Event().wait(0.5)
            yield PIECE

    with RawServer(serve) as server:
        assert uploaded(server.wire(kind, Timeouts(5, 2)), slow(), 6 * len(PIECE)) == 201
    assert received == [6 * len(PIECE)]


@BOTH
@pytest.mark.parametrize(("size", "pieces"), [(len(PIECE), 2), (3 * len(PIECE), 2), (0, 1)])
def test_a_source_that_grew_or_shrank_is_noticed_and_never_looks_whole(
    kind: str, size: int, pieces: int
) -> None:
    whole: list[bytes] = []

    def serve(talk: Talk) -> None:
        whole.append(talk.whole()[1])
        talk.answer(201)
        talk.request()  # nothing more comes over this connection

    with RawServer(serve) as server:
        with pytest.raises(VerificationError) as caught:
            uploaded(server.wire(kind), iter([PIECE] * pieces), size)
        assert caught.value.retryable
    assert len(whole) <= (1 if pieces * len(PIECE) > size else 0)


@BOTH
def test_what_the_source_raises_passes_as_it_is_and_the_server_sees_no_end(kind: str) -> None:
    was_cut = threading.Event()

    def serve(talk: Talk) -> None:
        try:
            talk.whole()
        except ConnectionError:
            was_cut.set()

    def failing() -> Iterator[bytes]:
        yield PIECE
        raise PermissionError(13, "no", "file")

    with RawServer(serve) as server:
        with pytest.raises(PermissionError):
            uploaded(server.wire(kind), failing(), 2 * len(PIECE))
        assert was_cut.wait(20)


@BOTH
@pytest.mark.parametrize("body", [b"", None])
def test_an_empty_upload_says_how_long_it_is(kind: str, body: bytes | None) -> None:
    with RawServer(each(lambda talk: talk.answer(201))) as server:
        assert asked(server.wire(kind), "PUT", body) == (201, b"")
        assert header(server.talks[0].heads[0], "Content-Length") == "0"


@BOTH
@pytest.mark.parametrize("size", [1, 70_000, 1 << 20])
def test_a_body_arrives_as_it_was(kind: str, size: int) -> None:
    received: list[tuple[str, bytes]] = []

    def serve(talk: Talk) -> None:
        received.append(talk.whole())
        talk.answer(201)

    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    with RawServer(serve) as server:
        assert asked(server.wire(kind), "PUT", data) == (201, b"")
    assert received[0][1] == data


def test_both_wires_send_the_same_headers() -> None:
    heads: dict[str, set[str]] = {}
    with RawServer(each(lambda talk: talk.answer(200))) as server:
        for kind in ("sockets", "httpx"):
            asked(server.wire(kind), "PUT", b"x", Depth="1")
            lines = server.talks[-1].heads[0].split("\r\n")
            assert lines[0] == "PUT /x HTTP/1.1"
            heads[kind] = {line.partition(":")[0].lower() + line.partition(":")[2] for line in lines[1:]}
    assert heads["httpx"] - heads["sockets"] == {"connection keep-alive"}
    assert heads["sockets"] <= heads["httpx"]
    assert any(line.startswith("user-agent syncfs/") for line in heads["sockets"])


@BOTH
@pytest.mark.parametrize("status", [401, 413, 507])
@pytest.mark.parametrize("hangs_up", [False, True], ids=["keeps reading", "hangs up"])
def test_an_answer_before_the_end_of_an_upload_counts(kind: str, status: int, hangs_up: bool) -> None:
    def serve(talk: Talk) -> None:
        talk.request()
        talk.body(1000)
        talk.answer(status, "Connection: close\n")
        if not hangs_up:
            talk.body(1 << 40)

    with RawServer(serve) as server:
        assert uploaded(server.wire(kind), iter([PIECE] * 100), 100 * len(PIECE)) == status


@SOCKETS
def test_an_answer_is_noticed_while_the_server_takes_nothing_more(kind: str) -> None:
    stopped = threading.Event()
    taken = 0

    def serve(talk: Talk) -> None:
        talk.request()
        talk.answer(413)
        stopped.wait(20)

    def counted() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(4096):
            taken += 1
            yield PIECE

    with RawServer(serve) as server:
        assert uploaded(server.wire(kind), counted(), 4096 * len(PIECE)) == 413
        stopped.set()
    assert taken < 1000


@BOTH
def test_an_interim_reply_in_an_upload_is_no_answer(kind: str) -> None:
    def serve(talk: Talk) -> None:
        talk.request()
        talk.say("HTTP/1.1 100 Continue\n\n")
        talk.body(20 * len(PIECE))
        talk.answer(201)

    with RawServer(serve) as server:
        assert uploaded(server.wire(kind), iter([PIECE] * 20), 20 * len(PIECE)) == 201


def once_then(end: Callable[[Talk], None]) -> Callable[[Talk], None]:
    """Answer one request on each connection, keep it, and end it with the second request's arrival."""

    def serve(talk: Talk) -> None:
        talk.whole()
        talk.answer(200)
        talk.whole()
        end(talk)

    return serve


@SOCKETS
@pytest.mark.parametrize("end", [lambda talk: None, Talk.reset], ids=["goodbye", "reset"])
@pytest.mark.parametrize("method", ["PROPFIND", "GET"])
def test_a_connection_that_went_stale_is_replaced_once(
    kind: str, method: str, end: Callable[[Talk], None]
) -> None:
    with RawServer(once_then(end)) as server:
        wire = server.wire(kind)
        for _ in range(3):
            assert asked(wire, method) == (200, b"")
        assert [len(talk.heads) for talk in server.talks] == [2, 2, 1]


@SOCKETS
@pytest.mark.parametrize("method", ["DELETE", "MOVE", "MKCOL", "COPY", "PUT"])
def test_what_could_do_harm_twice_is_not_sent_twice(kind: str, method: str) -> None:
    with RawServer(once_then(lambda talk: None)) as server:
        wire = server.wire(kind)
        asked(wire, "GET")
        with pytest.raises(ConnectionError):
            asked(wire, method, b"x" if method == "PUT" else None)
        assert sum(len(talk.heads) for talk in server.talks) == 2


@SOCKETS
def test_a_fresh_connection_that_ends_is_no_stale_one(kind: str) -> None:
    def serve(talk: Talk) -> None:
        talk.whole()

    with RawServer(serve) as server:
        with pytest.raises(ConnectionError):
            asked(server.wire(kind))
        assert len(server.talks) == 1


@SOCKETS
def test_nothing_is_sent_again_once_a_byte_of_the_reply_has_come(kind: str) -> None:
    with RawServer(once_then(lambda talk: talk.say("H"))) as server:
        wire = server.wire(kind)
        asked(wire)
        with pytest.raises(ConnectionError):
            asked(wire)
        assert len(server.talks) == 1


@BOTH
def test_a_connection_that_the_server_has_closed_is_not_used(kind: str) -> None:
    """Whatever is sent: also what is never sent twice."""
    closed = threading.Event()

    def serve(talk: Talk) -> None:
        talk.whole()
        talk.answer(200)
        talk.end()
        closed.set()

    with RawServer(serve) as server:
        wire = server.wire(kind)
        for method in ("GET", "DELETE", "MOVE"):
            closed.clear()
            assert asked(wire, method) == (200, b"")
            assert closed.wait(10)
        assert len(server.talks) == 3


@BOTH
def test_there_are_no_more_connections_than_requests_at_once(kind: str) -> None:
    with RawServer(each(lambda talk: talk.answer(200))) as server:
        wire = server.wire(kind)

        def many() -> None:
            for _ in range(20):
                asked(wire)

        threads = [threading.Thread(target=many) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sum(len(talk.heads) for talk in server.talks) == 80
        assert len(server.talks) <= 4


@BOTH
def test_a_reply_that_is_let_go_early_takes_its_connection_with_it(kind: str) -> None:
    text = "HTTP/1.1 200 OK\nContent-Length: 100000000\n\nabc"
    with RawServer(saying(text)) as server:
        wire = server.wire(kind)
        for _ in range(2):
            reply: Reply = wire.send("GET", "/x", {}, None)
            assert next(reply.pieces()) == b"abc"
            reply.close()
        assert len(server.talks) == 2


@SOCKETS
def test_a_header_that_would_be_two_is_refused(kind: str) -> None:
    with RawServer(each(lambda talk: talk.answer(200))) as server:
        with pytest.raises(OSError, match="line break"):
            asked(server.wire(kind), Depth="1\r\nX-Evil: 1")
        assert not server.talks


FORKING = """
import os, sys
from syncfs.endpoint.webdav.location import Location
from syncfs.endpoint.webdav.socket_wire import SocketWire

wire = SocketWire(Location.parse(sys.argv[1], "", None))

def ask(name):
    reply = wire.send("GET", f"/{name}", {}, None)
    body = b"".join(reply.pieces())
    assert body == name.encode(), body

ask("first")
child = os.fork()
for _ in range(20):
    ask("parent" if child else "child")
if not child:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""


def test_a_forked_child_never_uses_its_parents_connections(tmp_path: Path) -> None:
    def serve(talk: Talk) -> None:
        while True:
            name = talk.request().split(" ")[1].removeprefix("/")
            talk.answer(200, "", name.encode())

    with RawServer(serve) as server:
        subprocess.run(
            [sys.executable, "-W", "error", "-c", FORKING, server.url], check=True, timeout=60, cwd=tmp_path
        )
        names = [{head.split(" ")[1] for head in talk.heads} for talk in server.talks]
    assert sorted(map(sorted, names)) == [["/child"], ["/first", "/parent"]]


LETTING_GO = """
import gc, sys, warnings
from contextlib import closing
from syncfs.endpoint.webdav.location import Location
from syncfs.endpoint.webdav.socket_wire import SocketWire

warnings.simplefilter("error")
hooked = []
sys.unraisablehook = hooked.append
wire = SocketWire(Location.parse(sys.argv[1], "", None))
kept = wire.send("GET", "/x", {}, None)
with closing(wire.send("GET", "/x", {}, None)) as reply:
    list(reply.pieces())
del wire, reply
list(kept.pieces())
kept.close()
del kept
gc.collect()
assert not hooked, hooked
"""


def test_connections_are_closed_when_the_wire_goes() -> None:
    with RawServer(each(lambda talk: talk.answer(200, "", b"abc"))) as server:
        subprocess.run([sys.executable, "-c", LETTING_GO, server.url], check=True, timeout=60)
