"""What a server, a proxy or a network does wrong, and what it must not lead to."""

import errno
import logging
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from webdav4.fsspec import WebdavFileSystem

from syncfs.core.listing import Listing, ListingStatus
from syncfs.endpoint.webdav import WebdavEndpoint
from syncfs.errors import EndpointUnavailableError, PathError, StaleEntryError, VerificationError
from tests.endpoint.webdav.support import Owned, age, content, endpoint, read, seen, unchecked, write
from tests.servers.apache import Apache
from tests.servers.faults import Action
from tests.servers.proxy import (
    CutReply,
    CutRequest,
    DropAfter,
    DropBefore,
    Fault,
    Meanwhile,
    Proxy,
    ReplaceBody,
    Reply,
)
from tests.servers.server import Folder, free_port

pytestmark = pytest.mark.usefixtures("wire")

BIG = bytes(range(256)) * (3 << 12)
LOGIN_PAGE = b"<!DOCTYPE html><html><body><form>Please log in</form></body></html>"


@pytest.fixture
def proxied(apache_folder: Folder) -> Iterator[tuple[WebdavEndpoint, Proxy, Folder]]:
    """An endpoint on Apache that goes through a proxy which does nothing yet, over `d/f` and `g`."""
    apache_folder.write({"d/f": "inside", "g": "beside"})
    age(apache_folder.root / "g", 3600)
    with Proxy(apache_folder.url) as proxy:
        side = endpoint(proxy.url)
        proxy.clear_requests()
        yield side, proxy, apache_folder


Proxied = tuple[WebdavEndpoint, Proxy, Folder]


def listed(proxied: Proxied, action: Action, *, every: bool = True) -> Listing:
    side, proxy, _ = proxied
    proxy.add(Fault(action, method="PROPFIND", every=every))
    return side.list("d")


@pytest.mark.parametrize(
    "action", [Reply(500), Reply(503), CutReply(300), DropBefore()], ids=["500", "503", "cut", "dropped"]
)
def test_a_listing_that_fails_once_is_asked_for_again(proxied: Proxied, action: Action) -> None:
    listing = listed(proxied, action, every=False)
    assert set(listing.entries) == {"f"}
    assert len(proxied[1].requests()) == 2


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (Reply(500), "status 500"),
        (CutReply(300), "failed|cut short"),
        (ReplaceBody(lambda body: body[: len(body) // 2]), "cut short"),
        (ReplaceBody(b""), "cut short"),
        (ReplaceBody(LOGIN_PAGE, status=200, content_type="text/html"), "does not speak WebDAV"),
        (ReplaceBody(LOGIN_PAGE, content_type="text/html"), "document type"),
        (ReplaceBody(b"<html/>"), "no WebDAV listing"),
        (ReplaceBody(lambda body: body.replace(b"/d/</D:href>", b"/</D:href>")), "not in this directory"),
        (DropBefore(), "failed"),
        (Reply(302, headers={"Location": "http://localhost:1/login"}), "sends us to"),
        (Reply(405), "status 405"),
    ],
)
def test_a_listing_that_fails_is_never_empty(proxied: Proxied, action: Action, reason: str) -> None:
    started = time.monotonic()
    listing = listed(proxied, action)
    assert listing.status is ListingStatus.FAILED
    assert not listing.entries and not listing.is_evidence
    assert any(part in listing.reason for part in reason.split("|")), listing.reason
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("status", [403, 404])
def test_a_definite_answer_refuses_this_directory_only(proxied: Proxied, status: int) -> None:
    listing = listed(proxied, Reply(status))
    assert listing.status is ListingStatus.REFUSED
    assert len(proxied[1].requests()) == 1


def test_refused_credentials_end_the_run(proxied: Proxied) -> None:
    with pytest.raises(EndpointUnavailableError, match="refused the credentials"):
        listed(proxied, Reply(401))


def test_retry_after_is_heeded_and_passed_on(proxied: Proxied) -> None:
    side, proxy, _ = proxied
    proxy.add(Fault(Reply(503, headers={"Retry-After": "1"}), method="PROPFIND"))
    started = time.monotonic()
    assert side.list("d").status is ListingStatus.COMPLETE
    assert time.monotonic() - started >= 1
    proxy.add(Fault(Reply(429, headers={"Retry-After": "30"}), method="PUT"))
    with pytest.raises(PathError) as caught:
        write(side, "new", b"x")
    assert caught.value.retryable and caught.value.retry_after_s == 30


def raised_by_writing(proxied: Proxied, action: Action, data: bytes = b"x") -> BaseException:
    side, proxy, folder = proxied
    proxy.add(Fault(action, method="PUT", every=True))
    with pytest.raises(OSError) as caught:
        write(side, "new", data)
    assert not (folder.root / "new").exists() or isinstance(action, DropAfter)
    return caught.value


@pytest.mark.parametrize("data", [b"x", BIG], ids=["small", "big"])
def test_statuses_of_a_write_are_told_apart(proxied: Proxied, data: bytes) -> None:
    full = raised_by_writing(proxied, Reply(507), data)
    assert isinstance(full, OSError) and full.errno == errno.ENOSPC
    proxied[1].clear_faults()
    assert isinstance(raised_by_writing(proxied, Reply(403), data), PermissionError)
    proxied[1].clear_faults()
    locked = raised_by_writing(proxied, Reply(423), data)
    assert isinstance(locked, PathError) and locked.retryable
    proxied[1].clear_faults()
    broken = raised_by_writing(proxied, Reply(500), data)
    assert isinstance(broken, PathError) and broken.retryable
    proxied[1].clear_faults()
    assert isinstance(raised_by_writing(proxied, Reply(401), data), EndpointUnavailableError)


def test_a_connection_that_breaks_under_an_upload_is_told_as_such(proxied: Proxied) -> None:
    assert isinstance(raised_by_writing(proxied, DropBefore(), BIG), ConnectionError)


def test_a_server_that_hung_up_is_asked_again_for_a_small_file(proxied: Proxied) -> None:
    side, proxy, folder = proxied
    proxy.add(Fault(DropBefore(), method="PUT"))
    write(side, "new", b"x")
    assert (folder.root / "new").read_bytes() == b"x"


def test_a_directory_is_made_although_the_server_stumbles(proxied: Proxied) -> None:
    side, proxy, folder = proxied
    for action in (Reply(423), Reply(503), DropAfter()):
        proxy.add(Fault(action, method="MKCOL"))
        side.make_directory("new")
        assert (folder.root / "new").is_dir()
        (folder.root / "new").rmdir()


def test_a_download_that_is_cut_is_never_whole(proxied: Proxied) -> None:
    side, proxy, folder = proxied
    folder.write({"big": BIG})
    entry = seen(side, "big")
    proxy.add(Fault(CutReply(2 << 20), method="GET", every=True))
    received = 0
    with pytest.raises((ConnectionError, VerificationError)), side.read("big", entry) as source:
        for chunk in source.chunks():
            received += len(chunk)
    assert received < len(BIG)
    proxy.clear_faults()
    proxy.add(Fault(ReplaceBody(lambda body: body[:-1]), method="GET", every=True))
    with pytest.raises(StaleEntryError), side.read("big", entry):
        pytest.fail("it was opened")


def test_a_compressed_download_is_refused(proxied: Proxied) -> None:
    side, proxy, _ = proxied
    reply = Reply(200, b"\x1f\x8b" + bytes(100), {"Content-Encoding": "gzip"})
    proxy.add(Fault(reply, method="GET", every=True))
    with pytest.raises(PathError, match="compresses"):
        read(side, "g")


def test_a_page_instead_of_a_file_is_stale(proxied: Proxied) -> None:
    side, proxy, _ = proxied
    proxy.add(Fault(ReplaceBody(LOGIN_PAGE), method="GET", every=True))
    with pytest.raises(StaleEntryError):
        read(side, "g")


def meanwhile(proxied: Proxied, call: Callable[[], object], method: str) -> Fault:
    return proxied[1].add(Fault(Meanwhile(call), method=method))


def test_an_edit_under_our_update_is_not_overwritten_on_apache(proxied: Proxied) -> None:
    side, _, folder = proxied
    before = seen(side, "g")
    meanwhile(proxied, lambda: folder.write({"g": "theirs"}), "PUT")
    with pytest.raises(StaleEntryError):
        write(side, "g", b"ours", before)
    assert (folder.root / "g").read_text() == "theirs"


def test_a_file_that_appears_under_our_write_is_not_overwritten(webdav_server: Folder) -> None:
    with Proxy(webdav_server.url) as proxy:
        side = endpoint(proxy.url)
        proxy.add(Fault(Meanwhile(lambda: webdav_server.write({"f": "theirs"})), method="PUT"))
        with pytest.raises(StaleEntryError):
            write(side, "f", b"ours")
    assert webdav_server.read() == {"f": "theirs"}


@pytest.mark.parametrize("which", ["wsgidav_folder", "rclone_folder"])
def test_an_upload_that_the_server_kept_half_of_is_not_published(
    which: str, request: pytest.FixtureRequest
) -> None:
    folder: Folder = request.getfixturevalue(which)
    folder.write({"f": "old"})
    age(folder.root / "f", 3600)
    with Proxy(folder.url) as proxy:
        side = endpoint(proxy.url)
        before = seen(side, "f")
        proxy.add(Fault(CutRequest(1 << 20), method="PUT", every=True))
        with pytest.raises(OSError):
            write(side, "f", BIG, before)
        assert not any(r.method == "DELETE" and r.path.endswith("/f") for r in proxy.requests())
    assert (folder.root / "f").read_text() == "old"


def test_a_short_file_behind_a_yes_is_not_published(wsgidav_folder: Folder) -> None:
    with Proxy(wsgidav_folder.url) as proxy:
        side = endpoint(proxy.url)
        # A yes without a tag, from a server that never got the file.
        proxy.add(Fault(Reply(201), method="PUT", every=True))
        with pytest.raises(VerificationError, match="holds nothing"):
            write(side, "f", b"content")
    assert wsgidav_folder.read() == {}


def test_a_yes_before_the_end_of_the_upload_is_no_yes(proxied: Proxied) -> None:
    side, _, folder = proxied
    sent = content(BIG)
    with pytest.raises(StaleEntryError):
        # Something stands there: Apache may answer 412 while we still send; that answer counts.
        side.write("g", sent, expect=None, token="run-1")
    assert (folder.root / "g").read_text() == "beside"


def test_a_host_that_is_down_gets_one_clear_line() -> None:
    side = unchecked(f"http://127.0.0.1:{free_port()}/dav")
    with pytest.raises(EndpointUnavailableError, match=r"cannot reach webdav://127.*refused") as caught:
        side.check_root()
    assert caught.value.retryable and "\n" not in str(caught.value)


def test_a_login_page_is_named_as_no_webdav(proxied: Proxied) -> None:
    _, proxy, _ = proxied
    proxy.add(Fault(Reply(200, LOGIN_PAGE), method="PROPFIND", every=True))
    with pytest.raises(EndpointUnavailableError, match="does not speak WebDAV"):
        unchecked(proxy.url).check_root()


def test_a_redirect_to_https_says_which_url_to_use(proxied: Proxied) -> None:
    _, proxy, _ = proxied
    proxy.add(
        Fault(Reply(301, headers={"Location": "https://127.0.0.1/dav/"}), method="PROPFIND", every=True)
    )
    with pytest.raises(EndpointUnavailableError, match=r"use webdavs://127\.0\.0\.1"):
        unchecked(proxy.url).check_root()


def test_no_secret_shows_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    with Apache(auth="basic", user="ann", password="s3cr3t") as server, caplog.at_level(logging.DEBUG):
        folder = server.folder()
        folder.write({"f": "x"})
        address = folder.url.removeprefix("http://")
        right = Owned(WebdavFileSystem(f"http://ann:s3cr3t@{address}", skip_instance_cache=True))
        right.check_root()
        assert right.url == f"webdav://ann@{address}".rstrip("/")
        assert read(right, "f") == b"x"
        wrong = Owned(WebdavFileSystem(folder.url, auth=("ann", "wr0ng"), skip_instance_cache=True))
        with pytest.raises(EndpointUnavailableError, match="refused the credentials") as caught:
            wrong.check_root()
        assert wrong.identity == right.identity
    shown = "\n".join([caplog.text, str(caught.value), repr(caught.value), repr(right), repr(wrong)])
    assert "s3cr3t" not in shown and "wr0ng" not in shown
    assert "PROPFIND" in caplog.text


def test_digest_credentials_survive_uploads() -> None:
    with Apache(auth="digest", user="ann", password="s3cr3t") as server:
        folder = server.folder()
        auth = httpx.DigestAuth("ann", "s3cr3t")
        side = Owned(WebdavFileSystem(folder.url, auth=auth, skip_instance_cache=True))
        side.check_root()
        write(side, "small", b"x")
        write(side, "big", BIG)
        assert read(side, "big") == BIG
        assert side.url.startswith("webdav://ann@")
