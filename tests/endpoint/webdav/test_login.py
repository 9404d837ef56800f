"""Proving who we are: what is sent to whom, how often it is asked for, and what a refusal says."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from webdav4.fsspec import WebdavFileSystem

from syncfs.endpoint.webdav import WebdavEndpoint, open_url
from syncfs.endpoint.webdav.authenticated import AuthenticatedWire
from syncfs.endpoint.webdav.login import Basic, Password
from syncfs.errors import EndpointUnavailableError, PathError
from tests.endpoint.webdav.raw_server import RawServer, Talk, header
from tests.endpoint.webdav.support import Owned, methods, read, write
from tests.servers.apache import Apache
from tests.servers.server import Folder, Request

pytestmark = pytest.mark.usefixtures("wire")

BIG = bytes(range(256)) * (5 << 12)
LIFETIME = "<Location /dav>\nAuthDigestNonceLifetime 1\n</Location>"


@pytest.fixture(autouse=True)
def no_stored_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the machine's keyring nor its netrc take part."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest.fixture(scope="module")
def digest_server() -> Iterator[Apache]:
    with Apache(auth="digest", user="ann", password="p@ss:w/rd") as server:
        yield server


@pytest.fixture(scope="module")
def basic_server() -> Iterator[Apache]:
    with Apache(auth="basic", user="ann", password="p@ss:w/rd") as server:
        yield server


def opened(folder: Folder, password: str = "p%40ss%3Aw%2Frd", **options: Any) -> WebdavEndpoint:
    url = folder.url.replace("http://", f"webdav://ann:{password}@")
    return open_url(url, options, side="dst")


def refusals(requests: list[Request]) -> int:
    return sum(request.status == 401 for request in requests)


def test_digest_costs_one_round_trip_for_a_whole_run(digest_server: Apache) -> None:
    folder = digest_server.folder()
    side = opened(folder)
    side.check_root()
    side.list("")
    for number in range(5):
        write(side, f"f{number}", b"x")
    write(side, "big", BIG)
    assert read(side, "big") == BIG
    assert refusals(folder.requests()) == 1
    assert "p@ss" not in repr(side)
    assert side.url.startswith("webdav://ann@")


def test_basic_is_sent_once_it_was_asked_for(basic_server: Apache) -> None:
    folder = basic_server.folder()
    side = opened(folder)
    side.check_root()
    side.list("")
    write(side, "big", BIG)
    assert refusals(folder.requests()) == 1


def test_many_threads_share_one_nonce(digest_server: Apache) -> None:
    folder = digest_server.folder()
    side = opened(folder)
    side.check_root()
    side.list("")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write(side, f"f{number}", b"x"), range(40)))
    assert refusals(folder.requests()) == 1
    assert len(folder.read()) == 40


def test_the_first_request_may_be_an_upload_that_cannot_be_repeated(
    digest_server: Apache, basic_server: Apache
) -> None:
    for server in (digest_server, basic_server):
        folder = server.folder()
        write(opened(folder), "big", BIG)
        assert folder.read() == {"big": BIG}
        seen = [(request.method, request.status) for request in folder.requests()]
        assert seen[:3] == [("PROPFIND", 401), ("PROPFIND", 207), ("PUT", 201)]


def test_a_nonce_that_expires_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    with Apache(auth="digest", user="ann", password="s3cret", extra=LIFETIME) as server:
        folder = server.folder()
        side = opened(folder, "s3cret")
        side.check_root()
        threading.Event().wait(2.5)  # the server's clock, which nobody can turn
        write(side, "f", b"x")
        assert read(side, "f") == b"x"
        threading.Event().wait(2.5)
        with pytest.raises(PathError, match="asked for the credentials again") as caught:
            write(side, "big", BIG)
        assert caught.value.retryable
        write(side, "big", BIG)
        assert folder.read() == {"f": "x", "big": BIG}


def test_wrong_credentials_are_tried_once_and_end_the_run(
    digest_server: Apache, basic_server: Apache
) -> None:
    for server in (digest_server, basic_server):
        folder = server.folder()
        with pytest.raises(EndpointUnavailableError, match="refused the credentials"):
            opened(folder, "wr0ng").check_root()
        assert methods(folder) == ["PROPFIND1"] * 2


def test_a_users_digest_client_works_as_it_was_made(digest_server: Apache) -> None:
    folder = digest_server.folder()
    auth = httpx.DigestAuth("ann", "p@ss:w/rd")
    side = Owned(WebdavFileSystem(folder.url, auth=auth, skip_instance_cache=True))
    side.check_root()
    write(side, "big", BIG)
    assert side.url.startswith("webdav://ann@")


def challenge(*challenges: str) -> str:
    return "".join(f"WWW-Authenticate: {text}\n" for text in challenges)


class Guarded:
    """A server that answers 401 with what it is given until it likes the proof."""

    def __init__(self, accepts: Callable[[str], bool], *challenges: str) -> None:
        self.proofs: list[str | None] = []
        self._accepts = accepts
        self._challenges = challenge(*challenges)

    def __call__(self, talk: Talk) -> None:
        while True:
            head, _ = talk.whole()
            proof = header(head, "Authorization")
            self.proofs.append(proof)
            if proof is not None and self._accepts(proof):
                talk.answer(201)
            else:
                talk.answer(401, self._challenges, b"<html>who are you?</html>")


def put(server: RawServer, kind: str, basic: Basic = Basic.WHEN_ASKED) -> int:
    wire = AuthenticatedWire(server.wire(kind), Password("ann", "s3cret", basic), "/")
    with closing(wire.send("PUT", "/x", {}, b"x")) as reply:
        return reply.status


def test_the_password_is_never_sent_in_the_clear_to_a_server_that_knows_digest(wire: str) -> None:
    for digest in ('Digest realm="r", nonce="n", qop="auth"', 'Digest realm="r", nonce="n", algorithm=TIGER'):
        guarded = Guarded(lambda proof: proof.startswith("Digest"), 'Basic realm="r"', digest)
        with RawServer(guarded) as server:
            put(server, wire)
        assert guarded.proofs[0] is None
        assert not any((proof or "").startswith("Basic") for proof in guarded.proofs)


def test_basic_is_sent_at_once_where_nobody_listens(wire: str) -> None:
    guarded = Guarded(lambda proof: proof.startswith("Basic"), 'Basic realm="r"')
    with RawServer(guarded) as server:
        assert put(server, wire, Basic.AT_ONCE) == 201
    assert guarded.proofs == ["Basic YW5uOnMzY3JldA=="]


def test_digest_is_learnt_although_basic_was_sent(wire: str) -> None:
    guarded = Guarded(lambda proof: proof.startswith("Digest"), 'Digest realm="r", nonce="n", qop="auth"')
    with RawServer(guarded) as server:
        assert put(server, wire, Basic.AT_ONCE) == 201


@pytest.mark.parametrize("stale", ["", ", stale=true"])
def test_a_server_that_always_wants_another_proof_is_not_asked_for_ever(wire: str, stale: str) -> None:
    guarded = Guarded(lambda proof: False, f'Digest realm="r", nonce="n", qop="auth"{stale}')
    with RawServer(guarded) as server:
        assert put(server, wire) == 401
    assert len(guarded.proofs) == (3 if stale else 2)


def test_the_count_goes_up_with_each_request_and_is_never_used_twice(wire: str) -> None:
    guarded = Guarded(lambda proof: True, 'Digest realm="r", nonce="n", qop="auth"')
    with RawServer(guarded) as server:
        sender = AuthenticatedWire(server.wire(wire), Password("ann", "s3cret", Basic.WHEN_ASKED), "/")
        for _ in range(4):
            sender.send("PUT", "/x", {}, b"x").close()
    counts = [proof.partition("nc=")[2][:8] for proof in guarded.proofs if proof]
    assert counts == ["00000001", "00000002", "00000003", "00000004"]


def token_endpoint(server: RawServer, **options: Any) -> WebdavEndpoint:
    return open_url(server.url.replace("http", "webdav", 1), options, side="src")


def bearer(*tokens: str) -> Guarded:
    return Guarded(lambda proof: proof in [f"Bearer {token}" for token in tokens], "Bearer")


def listed(side: WebdavEndpoint) -> str:
    with pytest.raises(EndpointUnavailableError) as caught:
        side.check_root()
    return str(caught.value)


def test_a_token_is_sent_at_once_and_never_twice_once_it_is_refused() -> None:
    guarded = bearer("t0ken")
    with RawServer(guarded) as server:
        assert "status 201" in listed(token_endpoint(server, token="t0ken"))
        assert "refused the credentials" in listed(token_endpoint(server, token="0ther"))
    # The second look asks whether it is a file.
    assert guarded.proofs == ["Bearer t0ken", "Bearer t0ken", "Bearer 0ther"]


def counting(tmp_path: Path) -> list[str]:
    """A command that prints another token each time."""
    counter = tmp_path / "counter"
    program = (
        f"import pathlib; p = pathlib.Path({str(counter)!r})\n"
        "n = len(p.read_text()) if p.exists() else 0; p.write_text('x' * (n + 1)); print(f' t0ken-{n} ')"
    )
    return [sys.executable, "-c", program]


def test_a_command_is_asked_for_a_token_once_and_again_when_it_is_refused(tmp_path: Path) -> None:
    guarded = bearer("t0ken-1")
    with RawServer(guarded) as server:
        side = token_endpoint(server, token_command=counting(tmp_path))
        assert not (tmp_path / "counter").exists()
        assert "status 201" in listed(side)
        assert "status 201" in listed(side)
    assert guarded.proofs[:2] == ["Bearer t0ken-0", "Bearer t0ken-1"]
    assert set(guarded.proofs[2:]) == {"Bearer t0ken-1"}


def test_a_command_that_goes_on_printing_a_refused_token_is_not_asked_for_ever(tmp_path: Path) -> None:
    guarded = bearer("never")
    with RawServer(guarded) as server:
        same = token_endpoint(server, token_command=f"{sys.executable} -c 'print(\"t0ken\")'")
        assert "refused the credentials" in listed(same)
        assert guarded.proofs == ["Bearer t0ken"]
        other = token_endpoint(server, token_command=counting(tmp_path))
        assert "refused the credentials" in listed(other)
    assert len(guarded.proofs) <= 4


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("print('s3cret'); raise SystemExit(3)", "ended with status 3"),
        ("print('s3cret two')", "printed no token"),
        ("print('s3cret\\nX: y')", "printed no token"),
        ("pass", "printed no token"),
        ("import sys; print('s3cret', file=sys.stderr); raise SystemExit(1)", "ended with status 1"),
    ],
)
def test_a_command_that_fails_is_one_line_that_tells_nothing(
    program: str, words: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), RawServer(bearer("x")) as server:
        said = listed(token_endpoint(server, token_command=[sys.executable, "-c", program]))
    assert words in said and "\n" not in said
    assert "s3cret" not in said + caplog.text + "".join(capfd.readouterr())


def test_a_command_that_does_not_exist_is_one_line() -> None:
    with RawServer(bearer("x")) as server:
        said = listed(token_endpoint(server, token_command="/no/such/program --key s3cret"))
    assert "program" in said and "s3cret" not in said and "\n" not in said
