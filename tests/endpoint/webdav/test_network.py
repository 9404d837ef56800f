"""The way to the server: addresses, proxies from the environment, redirects."""

import socket
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from syncfs import Syncer
from syncfs.core.listing import ListingStatus
from syncfs.endpoint.webdav import open_url
from syncfs.endpoint.webdav.connect import _has_proxy
from syncfs.endpoint.webdav.location import Location
from syncfs.errors import EndpointUnavailableError
from syncfs.testing import Tree, read_tree, write_tree
from tests.endpoint.webdav.raw_server import RawServer, Talk, header
from tests.endpoint.webdav.secure import Secure
from tests.servers.tunnel import Tunnel

EMPTY = (
    '<?xml version="1.0"?><D:multistatus xmlns:D="DAV:"><D:response><D:href>{path}</D:href><D:propstat>'
    "<D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop><D:status>HTTP/1.1 200 OK</D:status>"
    "</D:propstat></D:response></D:multistatus>"
)


@pytest.fixture(autouse=True)
def no_stored_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the machine's keyring nor its netrc take part."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def empty_directory(talk: Talk) -> None:
    """Answer every PROPFIND with an empty directory; ask for a password first."""
    while True:
        head, _ = talk.whole()
        if header(head, "Authorization") is None:
            talk.answer(401, 'WWW-Authenticate: Basic realm="r"\n')
            continue
        path = urlsplit(unquote(head.split(" ")[1])).path
        talk.answer(207, "Content-Type: application/xml\n", EMPTY.format(path=path).encode())


@pytest.mark.usefixtures("wire")
def test_a_server_is_reached_by_its_ipv6_address() -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with RawServer(empty_directory, listener) as server:
        side = open_url(f"webdav://ann:pw@[::1]:{server.port}/base/dav", None, side="src")
        side.check_root()
        assert side.list("").status is ListingStatus.COMPLETE
        head = server.talks[0].heads[0]
    assert head.startswith("PROPFIND /base/dav/ HTTP/1.1")
    assert header(head, "Host") == f"[::1]:{server.port}"


def test_a_proxy_from_the_environment_carries_the_requests_and_our_proofs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with RawServer(empty_directory) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        side = open_url("webdav://ann:pw@nas.invalid/dav", None, side="src")
        side.check_root()
        heads = [head for talk in proxy.talks for head in talk.heads]
    assert heads[0].startswith("PROPFIND http://nas.invalid/dav/ HTTP/1.1")
    assert [header(head, "Authorization") for head in heads] == [None, "Basic YW5uOnB3"]


def test_an_encrypted_server_is_reached_through_a_tunnel_that_hears_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(talk: Talk) -> None:
        talk.request()
        talk.answer(403)

    with RawServer(refuse) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        side = open_url("webdavs://ann:s3cret@nas.invalid/dav", None, side="src")
        with pytest.raises(EndpointUnavailableError) as caught:
            side.check_root()
        heads = [head for talk in proxy.talks for head in talk.heads]
    assert all(head.startswith("CONNECT nas.invalid:443 ") for head in heads)
    assert "Authorization" not in "".join(heads) and "s3cret" not in str(caught.value)


def through(tunnel: Tunnel, monkeypatch: pytest.MonkeyPatch, userinfo: str = "") -> None:
    """Let the environment name the tunnel, and nothing that needs none."""
    monkeypatch.setenv("https_proxy", tunnel.url.replace("//", f"//{userinfo}"))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_whole_runs_go_through_a_tunnel_that_understands_nothing(
    secure: Secure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = secure.server.folder()
    tree: Tree = {"d/small": "x", "big": "x" * (3 << 20), "empty": ""}
    write_tree(tmp_path / "here", tree)
    there = f"webdavs://ann:s3cret@localhost:{secure.port}{folder.path}"
    with Tunnel("bob", "t0psecret") as tunnel:
        through(tunnel, monkeypatch, "bob:t0psecret@")
        options = {"verify": secure.trusted}
        pushed = Syncer(tmp_path / "here", there, dst_options=options, state=None).push()
        pulled = Syncer(there, tmp_path / "back", src_options=options, state=None).push()
    assert (pushed.copied, pushed.ok) == (pulled.copied, pulled.ok) == (3, True)
    assert folder.read() == read_tree(tmp_path / "back") == tree
    assert tunnel.passed_bytes > 2 * (3 << 20)
    assert 0 < len(tunnel.heads) < len(folder.requests()), "a tunnel is kept for the next request"
    for head in tunnel.heads:
        assert head.startswith(f"CONNECT localhost:{secure.port} HTTP/1.1\r\n")
        assert header(head, "Authorization") is None
    assert "s3cret" not in "".join(tunnel.heads) and "t0psecret" not in repr((pushed, pulled))


def test_a_tunnel_vouches_for_nobody(secure: Secure, monkeypatch: pytest.MonkeyPatch) -> None:
    path = secure.server.folder().path
    with Tunnel() as tunnel:
        through(tunnel, monkeypatch)
        for port, options in ((secure.port, {}), (secure.misnamed_port, {"verify": secure.trusted})):
            side = open_url(f"webdavs://ann:s3cret@localhost:{port}{path}", options, side="dst")
            with pytest.raises(EndpointUnavailableError, match="certificate is not trusted"):
                side.check_root()
    assert secure.server.requests() == []


@pytest.mark.parametrize("userinfo", ["", "bob:wr0ng@"])
def test_a_tunnel_that_wants_to_know_who_we_are_says_so(
    secure: Secure, monkeypatch: pytest.MonkeyPatch, userinfo: str
) -> None:
    with Tunnel("bob", "t0psecret") as tunnel:
        through(tunnel, monkeypatch, userinfo)
        side = open_url(f"webdavs://ann:s3cret@localhost:{secure.port}/dav/", None, side="dst")
        with pytest.raises(EndpointUnavailableError) as caught:
            side.check_root()
    said = str(caught.value)
    assert "407" in said and "wr0ng" not in said and "s3cret" not in said


def test_no_proxy_is_asked_for_a_host_that_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def has_proxy(url: str) -> bool:
        return _has_proxy(Location.parse(url, "", None))

    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    assert not has_proxy("http://nas.example/")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert has_proxy("https://nas.example/") and not has_proxy("http://nas.example/")
    monkeypatch.setenv("no_proxy", "nas.example,.inside.example")
    assert not has_proxy("https://nas.example/")
    assert not has_proxy("https://deep.inside.example:8443/")
    assert has_proxy("https://other.example/")


@pytest.mark.usefixtures("wire")
@pytest.mark.parametrize(
    "to",
    [
        "http://localhost:{port}/dav/",  # another name is another host
        "http://127.0.0.1:1/dav/",
        "https://127.0.0.1:{port}/dav/",
        "//evil.invalid/dav/",
        "file:///etc/passwd",
    ],
)
def test_credentials_never_follow_a_redirect_to_another_origin(to: str) -> None:
    def redirect(talk: Talk) -> None:
        while True:
            head, _ = talk.whole()
            if header(head, "Authorization") is None:
                talk.answer(401, 'WWW-Authenticate: Basic realm="r"\n')
            else:
                talk.answer(301, f"Location: {to.format(port=server.port)}\n")

    with RawServer(redirect) as server:
        side = open_url(server.url.replace("http://", "webdav://ann:s3cret@"), None, side="src")
        with pytest.raises(EndpointUnavailableError) as caught:
            side.check_root()
        paths = {head.split(" ")[1] for talk in server.talks for head in talk.heads}
    assert "sends us to" in str(caught.value) and "s3cret" not in str(caught.value)
    assert paths == {"/"}


@pytest.mark.usefixtures("wire")
def test_a_redirect_within_the_origin_is_followed_with_the_credentials() -> None:
    def redirect(talk: Talk) -> None:
        while True:
            head, _ = talk.whole()
            if header(head, "Authorization") is None:
                talk.answer(401, 'WWW-Authenticate: Basic realm="r"\n')
            elif head.split(" ")[1] == "/":
                talk.answer(302, "Location: /new place/\n")
            else:
                talk.answer(207, "", EMPTY.format(path="/new%20place/").encode())

    with RawServer(redirect) as server:
        side = open_url(server.url.replace("http://", "webdav://ann:pw@"), None, side="src")
        side.check_root()
        assert side.list("").status is ListingStatus.COMPLETE
