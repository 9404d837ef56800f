"""A server that wants to hurt: each try ends as one clear line, in bounded memory and time, and hurts nobody.

Every case is met by a real `push`, `pull` and `sync`. Beside the root lies what nobody may read or change.
"""

import gzip
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from syncfs.testing import Tree, read_tree, write_tree
from tests.acceptance.support import dav
from tests.faults.zygote import Ran, Zygote
from tests.servers.hostile import (
    CLOSING,
    OPENING,
    Answered,
    Asked,
    HostileServer,
    endless,
    file,
    folder,
    multistatus,
    reply,
)

MEMORY_KIB = 200 << 10
TIME_S = 60.0
ROOT = folder("/dav/")
CHUNKED = reply(207, Content_Length="", Transfer_Encoding="chunked", Content_Type="application/xml")
SECRET = "nobody's business"


@dataclass(frozen=True)
class Case:
    """One way to hurt.

    Attributes:
        listing: The whole reply to a PROPFIND of the root with Depth 1, made of the server's port.
        get: The whole reply to a GET; None: five bytes.
        says: One of these is in what the user is told, when pulling; empty: nothing need be said.
        codes: The exit codes that a pull may have.
        deeper: The reply to any other PROPFIND with Depth 1, made of the path; None: an empty directory.
        modes: What is run. A sync reads files as a pull does, and those that fail are read four times.
        timeout_s: How long to wait, where that is what ends it; None: as long as users wait.
    """

    listing: Callable[[int], Answered]
    get: Callable[[int], Answered] | None = None
    says: str = ""
    codes: tuple[int, ...] = (1, 6)
    deeper: Callable[[str], Answered] | None = None
    modes: tuple[str, ...] = ("pull", "push", "sync")
    timeout_s: float | None = None


def listed(*responses: str, **headers: str) -> Callable[[int], Answered]:
    """The root's listing with these responses in it."""
    return lambda _port: reply(207, multistatus(ROOT, *responses), Content_Type="application/xml", **headers)


def streamed(pieces: Callable[[], Iterable[bytes]]) -> Callable[[int], Answered]:
    """A listing that begins like any and goes on with `pieces`."""
    return lambda _port: endless(CHUNKED, itertools.chain([OPENING, ROOT.encode()], pieces()))


def blocks(make: Callable[[int], str]) -> Callable[[], Iterator[bytes]]:
    """Endlessly many different responses, five hundred at a time."""
    return lambda: (
        "".join(make(number) for number in range(start, start + 500)).encode()
        for start in itertools.count(0, 500)
    )


def slowly(data: bytes) -> Iterator[bytes]:
    """A byte a second, then nothing more."""
    for byte in data:
        yield bytes([byte])
        time.sleep(1)
    time.sleep(600)


def whole(data: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """`data`, then what follows it."""
    yield data
    yield from pieces


BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%b">' % (name, b"&%c;" % (name - 1) * 10) for name in b"bcdefghij"
)
FIVE = reply(200, b"12345", ETag='"5-64a"')

PLACES = {
    "a path outside the root": "/etc/passwd",
    "a path above the root": "/dav/../etc/passwd",
    "dots": "/dav/..",
    "encoded dots": "/dav/%2e%2e",
    "encoded dots and a slash": "/dav/%2e%2e%2fcanary%2fsecret",
    "an encoded absolute path": "/dav/%2fetc%2fpasswd",
    "a child's child": "/dav/a/b",
    "another host": "http://evil.example/dav/f",
    "another port": "http://127.0.0.1:1/dav/f",
    "another scheme": "https://127.0.0.1/dav/f",
    "a file's address": "file:///etc/passwd",
    "a host without a scheme": "//evil.example/dav/f",
    "a null byte": "/dav/a%00b",
    "userinfo": "http://ann:s3cret@127.0.0.1/dav/f",
}

CASES = {
    **{what: Case(listed(file(href)), says="the answer lists") for what, href in PLACES.items()},
    "an entity bomb": Case(
        lambda _port: reply(207, BOMB + b"]>" + multistatus(ROOT, file("/dav/&j;"))[39:]),
        says="document type",
    ),
    "an external entity": Case(
        lambda _port: reply(
            207,
            b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
            + multistatus(ROOT, file("/dav/&e;"))[39:],
        ),
        says="document type",
    ),
    "an endless listing": Case(streamed(blocks(lambda n: file(f"/dav/{n}"))), says="too many|larger than"),
    "an endless listing of one name": Case(
        streamed(blocks(lambda n: file("/dav/f"))), says="too many|larger than"
    ),
    "an endless listing of long names": Case(
        streamed(blocks(lambda n: file(f"/dav/{n:05}" + "x" * 5000))), says="too many|larger than"
    ),
    "an endless listing of unlike tags": Case(
        streamed(blocks(lambda n: file(f"/dav/{n:05}", etag=f"{n:05}" * 1000))), says="too many|larger than"
    ),
    "endless white space": Case(streamed(lambda: itertools.repeat(b" " * 65536)), says="larger than"),
    "an endless text": Case(
        streamed(lambda: whole(b"<D:response><D:href>", itertools.repeat(b"x" * 65536))), says="too long"
    ),
    "an endless attribute": Case(
        streamed(lambda: whole(b"<D:response a='", itertools.repeat(b"x" * 65536))), says="too long"
    ),
    "an endless comment": Case(
        streamed(lambda: whole(b"<!--", itertools.repeat(b"x" * 65536))), says="too long"
    ),
    "endless nesting": Case(streamed(lambda: itertools.repeat(b"<a>" * 1000)), says="too deeply"),
    "endlessly many names of elements": Case(
        streamed(blocks(lambda n: f"<e{n:010}/>")), says="too many|larger than"
    ),
    "endlessly many namespaces": Case(
        streamed(blocks(lambda n: f"<a xmlns:n{n:010}='x'/>")), says="too many|larger than"
    ),
    "endlessly many attributes": Case(
        streamed(lambda: whole(b"<a ", blocks(lambda n: f"b{n:08}='' ")())),
        says="too long",
    ),
    "a listing longer than announced": Case(
        listed(Content_Length="200"), says="cut short|hung up|broke|illegal status line"
    ),
    "a listing shorter than announced": Case(
        listed(file("/dav/f"), Content_Length="100000"),
        says="in time|no answer|timed out|hung up|stall|slow",
        codes=(1, 6),
        timeout_s=3.0,
    ),
    "a listing shorter than announced, at its end": Case(
        listed(file("/dav/f"), Content_Length="100000", Connection="close"),
        says="cut short|hung up|broke|ended|peer closed",
    ),
    "a length that is no number": Case(listed(Content_Length="many"), says=""),
    "a negative length": Case(listed(Content_Length="-1"), says=""),
    "a huge length": Case(listed(Content_Length="9" * 30, Connection="close"), says=""),
    "two lengths": Case(
        lambda _port: reply(207, multistatus(ROOT)).replace(b"\r\n", b"\r\nContent-Length: 5\r\n", 1), says=""
    ),
    "a gzip bomb for a listing": Case(
        lambda _port: reply(
            207, gzip.compress(OPENING + ROOT.encode() + b" " * (64 << 20) + CLOSING), Content_Encoding="gzip"
        ),
        says="compresses",
    ),
    "a gzip bomb for a file": Case(
        listed(file("/dav/f")),
        lambda _port: reply(200, gzip.compress(b" " * (64 << 20)), Content_Encoding="gzip"),
        says="compresses",
    ),
    "a gzip bomb for an error": Case(
        listed(file("/dav/f")),
        lambda _port: reply(403, gzip.compress(b" " * (64 << 20)), Content_Encoding="gzip"),
        says="403",
    ),
    "a redirect to a file": Case(lambda _port: reply(302, Location="file:///etc/passwd"), says="sends us to"),
    "a redirect to another port": Case(
        lambda _port: reply(302, Location="http://127.0.0.1:22/dav/"), says="sends us to"
    ),
    "a redirect to another host": Case(
        lambda _port: reply(307, Location="//169.254.169.254/latest/meta-data"), says="sends us to"
    ),
    "a redirect in a circle": Case(lambda _port: reply(301, Location="/dav/"), says="circle"),
    "a redirect of a file to a file": Case(
        listed(file("/dav/f")), lambda _port: reply(302, Location="file:///etc/passwd"), says="sends us to"
    ),
    "a redirect of a file to another port": Case(
        listed(file("/dav/f")), lambda _port: reply(302, Location="http://127.0.0.1:22/"), says="sends us to"
    ),
    "a name twice, unlike": Case(listed(file("/dav/f"), folder("/dav/f/")), says="f"),
    "itself twice, unlike": Case(listed(file("/dav/")), says="twice"),
    "a directory that contains itself": Case(
        listed(folder("/dav/again/")),
        says="levels",
        deeper=lambda path: reply(207, multistatus(folder(path), folder(f"{path}again/"))),
    ),
    "endless headers": Case(
        lambda _port: whole(
            b"HTTP/1.1 207 Multi-Status\r\n", (b"X-%d: y\r\n" % n * 20 for n in itertools.count())
        ),
        says="",
    ),
    "a header without an end": Case(
        lambda _port: whole(b"HTTP/1.1 207 Multi-Status\r\nX: ", itertools.repeat(b"y" * 65536)), says=""
    ),
    "endlessly wait": Case(lambda _port: itertools.repeat(b"HTTP/1.1 102 Processing\r\n\r\n" * 100), says=""),
    "endlessly go on": Case(lambda _port: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100), says=""),
    "a status that is none": Case(lambda _port: b"HTTP/1.1 0 \r\n\r\n", says=""),
    "no HTTP": Case(lambda _port: b"SSH-2.0-OpenSSH_9.2\r\n" * 10, says=""),
    "a head a byte a second": Case(
        lambda _port: slowly(reply(207, multistatus(ROOT))), says="", timeout_s=3.0
    ),
    "a listing a byte a second": Case(
        lambda _port: whole(reply(207, b"", Content_Length="500"), slowly(multistatus(ROOT))),
        says="",
        timeout_s=3.0,
    ),
    "a file a byte a second": Case(
        listed(file("/dav/f", size=5000)),
        lambda _port: whole(reply(200, b"", Content_Length="5000"), slowly(b"x" * 5000)),
        says="",
        timeout_s=3.0,
        modes=("pull", "push"),
    ),
    "a file longer than announced": Case(
        listed(file("/dav/f")), lambda _port: reply(200, b"12345" * 1000, Content_Length="5"), codes=(0, 1, 6)
    ),
    "a file shorter than announced": Case(
        listed(file("/dav/f")),
        lambda _port: reply(200, b"1234", Content_Length="5", Connection="close"),
        says="f",
        modes=("pull", "push"),
    ),
    "an endless file": Case(
        listed(file("/dav/f")),
        lambda _port: endless(
            reply(200, Content_Length="", Transfer_Encoding="chunked"), itertools.repeat(b"x" * 65536)
        ),
        says="more of|size",
        modes=("pull", "push"),
    ),
    "an endless file of no size": Case(
        listed(file("/dav/f", size="")),
        lambda _port: endless(
            reply(200, Content_Length="", Transfer_Encoding="chunked"), itertools.repeat(b"x" * 65536)
        ),
        says="size",
    ),
    "an endless file to be compared": Case(
        listed(file("/dav/mine.txt", size="")),
        lambda _port: endless(
            reply(200, Content_Length="", Transfer_Encoding="chunked"), itertools.repeat(b"x" * 65536)
        ),
        says="size",
    ),
    "a negative size": Case(listed(file("/dav/f", size=-1)), lambda _port: FIVE, codes=(0, 1)),
    "a huge size": Case(listed(file("/dav/f", size=10**30)), lambda _port: FIVE, codes=(0, 1)),
    "a size that no disk has": Case(
        listed(file("/dav/f", size=10**17)), lambda _port: FIVE, says="space", codes=(1, 4)
    ),
    "a date far away": Case(
        listed(file("/dav/f", modified="Fri, 31 Dec 9999 23:59:59 GMT")), lambda _port: FIVE, codes=(0, 1)
    ),
    "a date long ago": Case(
        listed(file("/dav/f", modified="Mon, 01 Jan 0001 00:00:00 GMT")), lambda _port: FIVE, codes=(0, 1)
    ),
    "a date that is none": Case(
        listed(file("/dav/f", modified="Sun, 99 Foo 99999999999 99:99:99 GMT"), Date="x" * 1000),
        lambda _port: FIVE,
        codes=(0, 1),
    ),
    "a clock far away": Case(
        listed(file("/dav/f"), Date="Fri, 31 Dec 9999 23:59:59 GMT"), lambda _port: FIVE, codes=(0, 1)
    ),
    "names that other systems reserve": Case(
        listed(
            *(
                file(f"/dav/{name}")
                for name in ("C:%5Cx", "con", "trail.", "space%20", "a%5C..%5Cb", "nul.txt")
            )
        ),
        lambda _port: FIVE,
        codes=(0, 1),
    ),
    "our own names": Case(
        listed(file("/dav/.syncfs"), file("/dav/.syncfs-tmp-x-1"), folder("/dav/.syncfs/")), codes=(0, 1)
    ),
    "a name that steers terminals": Case(
        listed(file("/dav/%1b%5b2J%0aok")), lambda _port: reply(403), says="f"
    ),
}

HTTPX_FOLLOWS = frozenset({"endlessly wait", "endlessly go on", "a head a byte a second"})
"""httpx reads a head, and interim replies, as long as they come, and lets nobody count them."""


def answering(case: Case, port: Callable[[], int]) -> Callable[[Asked], Answered]:
    """The server's part in a case; what it is not about is answered as a decent server would."""
    sizes: dict[str, int] = {}

    def answer(asked: Asked) -> Answered:
        match asked.method:
            case "PROPFIND" if asked.path == "/dav/" and asked.headers.get("depth") == "1":
                return case.listing(port())
            case "PROPFIND" if asked.headers.get("depth") == "1":
                made = case.deeper(asked.path) if case.deeper else reply(207, multistatus(folder(asked.path)))
                return made
            case "PROPFIND" if asked.path in ("/dav/", "/dav"):
                return reply(207, multistatus(ROOT))
            case "PROPFIND" if asked.path in sizes:
                return reply(207, multistatus(file(asked.path, sizes[asked.path])))
            case "PROPFIND":
                return reply(404)
            case "PUT":
                sizes[asked.path] = len(asked.body)
                return reply(201)
            case "MOVE" if asked.path in sizes:
                sizes[urlsplit(asked.headers["destination"]).path] = sizes.pop(asked.path)
                return reply(201)
            case "DELETE":
                return reply(204)
            case "GET":
                return case.get(port()) if case.get else FIVE
            case _:
                return reply(201)

    return answer


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with Zygote(tmp_path_factory.mktemp("zygote")) as running:
        yield running


@pytest.mark.parametrize("what", CASES)
def test_it_ends_as_a_clear_line_and_touches_nothing_else(what: str, zygote: Zygote, tmp_path: Path) -> None:
    survived(CASES[what], CASES[what].modes, zygote, tmp_path)


@pytest.mark.parametrize("what", [what for what in CASES if what not in HTTPX_FOLLOWS])
def test_httpx_too_ends_as_a_clear_line(what: str, zygote: Zygote, tmp_path: Path) -> None:
    """It is what speaks to a server behind a proxy."""
    survived(CASES[what], ("pull",), zygote, tmp_path, is_proxy=True)


def survived(
    case: Case, modes: tuple[str, ...], zygote: Zygote, tmp_path: Path, *, is_proxy: bool = False
) -> None:
    """Meet one case in each mode.

    Args:
        case: The case.
        modes: The modes.
        zygote: What runs syncfs.
        tmp_path: A fresh directory.
        is_proxy: The server is taken for the way to itself.
    """
    mine: Tree = {"mine.txt": "mine, and not five bytes", "d/inner.txt": "inside"}
    home, root = tmp_path / "home", tmp_path / "home/root"
    write_tree(root, mine)
    write_tree(home, {"canary/secret": SECRET, "f": SECRET, "mine.txt": SECRET})
    around = {path: node for path, node in read_tree(home).items() if not path.startswith("root/")}
    held = {f"root/{path}": node for path, node in mine.items()}
    waits = () if case.timeout_s is None else (f"--dst-option=timeout={case.timeout_s}",)
    for mode in modes:
        with HostileServer(answering(case, lambda: server.port)) as server:
            started_s = time.monotonic()
            ran = zygote.run(
                mode,
                root,
                dav(server.url),
                *waits,
                *((f"--dst-option=proxy={server.url.removesuffix('/dav/')}",) if is_proxy else ()),
                env={"SYNCFS_STATE_DIR": str(tmp_path / mode)},
                timeout_s=2 * TIME_S,
            )
            seconds = time.monotonic() - started_s
            asked = server.asked
        check(ran, case, mode)
        assert seconds < TIME_S, f"{mode} took {seconds:.0f} s"
        assert ran.memory_kib < MEMORY_KIB, f"{mode} took {ran.memory_kib >> 10} MiB"
        left = read_tree(home)
        assert {path: node for path, node in left.items() if not path.startswith("root/")} == around
        contents = {node for path, node in left.items() if path.startswith("root/")}
        assert set(mine.values()) <= contents
        assert all(SECRET.encode() not in request.body for request in asked)
        assert all(request.path.startswith("/dav") for request in asked)
        below = {path: node for path, node in left.items() if path.startswith("root/")}
        assert mode != "push" or below == held, "a push changed its sender"
        held = below


def check(ran: Ran, case: Case, mode: str) -> None:
    """What a run said: no traceback, short lines, an exit code that was announced."""
    said = ran.out + ran.err
    assert "Traceback" not in said and "bug" not in said, said
    assert all(len(line) < 2000 for line in said.splitlines()), said
    assert "\x1b" not in said
    if mode == "pull":
        assert ran.code in case.codes, (ran.code, said)
        assert any(words in said for words in case.says.split("|")), said
    else:
        assert ran.code in (0, 1, 3, 4, 6), (ran.code, said)
