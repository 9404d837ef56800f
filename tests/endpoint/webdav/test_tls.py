"""Encrypted connections: whom we trust, what we show, and what a refusal says."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from syncfs.endpoint.webdav import WebdavEndpoint, open_url
from syncfs.errors import ConfigError, EndpointUnavailableError
from tests.endpoint.webdav.secure import Secure
from tests.endpoint.webdav.support import read, write
from tests.servers.server import Folder

pytestmark = pytest.mark.usefixtures("wire")


def opened(folder: Folder, port: int, host: str = "127.0.0.1", **options: Any) -> WebdavEndpoint:
    return open_url(f"webdavs://ann:s3cret@{host}:{port}{folder.path}", options, side="dst")


def refused(folder: Folder, port: int, **options: Any) -> str:
    with pytest.raises(EndpointUnavailableError) as caught:
        opened(folder, port, **options).check_root()
    text = str(caught.value)
    assert "\n" not in text and "s3cret" not in text
    return text


def test_a_private_authority_is_trusted_when_it_is_named(secure: Secure) -> None:
    folder = secure.server.folder()
    side = opened(folder, secure.port, verify=secure.trusted)
    side.check_root()
    write(side, "small", b"x")
    write(side, "big", bytes(5 << 20))
    assert read(side, "big") == bytes(5 << 20)
    assert set(folder.read()) == {"small", "big"}


def test_the_password_goes_at_once_over_tls(secure: Secure) -> None:
    folder = secure.server.folder()
    opened(folder, secure.port, verify=secure.trusted).check_root()
    assert [request.status for request in folder.requests()] == [207]


def test_a_private_authority_is_not_trusted_unless_it_is_named(secure: Secure) -> None:
    assert "certificate is not trusted" in refused(secure.server.folder(), secure.port)


def test_the_environment_may_name_an_authority(secure: Secure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", secure.trusted)
    opened(secure.server.folder(), secure.port).check_root()


def test_a_certificate_for_another_host_is_refused(secure: Secure) -> None:
    said = refused(secure.server.folder(), secure.misnamed_port, verify=secure.trusted)
    assert "certificate is not trusted" in said and "127.0.0.1" in said


def test_verification_can_be_given_up_by_name(secure: Secure) -> None:
    folder = secure.server.folder()
    for verify in (False, "false", "no"):
        opened(folder, secure.misnamed_port, verify=verify).check_root()


def test_a_server_that_wants_a_certificate_gets_ours(secure: Secure) -> None:
    folder = secure.server.folder()
    side = opened(folder, secure.demanding_port, verify=secure.trusted, cert=secure.cert)
    side.check_root()
    write(side, "f", b"x")
    assert folder.read() == {"f": "x"}


def test_a_server_that_wants_a_certificate_refuses_us_without_one(secure: Secure) -> None:
    said = refused(secure.server.folder(), secure.demanding_port, verify=secure.trusted)
    assert "certificate" in said and "cert" in said


def test_a_server_refuses_a_certificate_of_a_stranger(secure: Secure) -> None:
    said = refused(secure.server.folder(), secure.demanding_port, verify=secure.trusted, cert=secure.stranger)
    assert "certificate" in said


def test_a_server_that_does_not_speak_tls_is_told_as_such(secure: Secure) -> None:
    port = int(secure.server.url.split(":")[2].split("/")[0])
    assert "use webdav://" in refused(secure.server.folder(), port, verify=secure.trusted)


@pytest.mark.parametrize("options", [{"verify": "/no/such"}, {"cert": "/no/such"}, {"cert": ["a", 3]}])
def test_a_file_that_cannot_be_used_is_named_before_anything_is_sent(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="dst: the certificate given by verify or cert cannot be used"):
        open_url("webdavs://localhost/", options, side="dst")


def test_an_encrypted_key_is_opened_with_its_passphrase_and_asks_nobody_without(
    secure: Secure, tmp_path: Path
) -> None:
    key = tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", secure.cert, "-aes256", "-passout", "pass:s3cret", "-out", str(key)],
        check=True,
        capture_output=True,
    )
    folder = secure.server.folder()
    cert = [secure.cert, str(key), "s3cret"]
    opened(folder, secure.demanding_port, verify=secure.trusted, cert=cert).check_root()
    for wrong in (cert[:2], [*cert[:2], "wr0ng"]):
        with pytest.raises(ConfigError) as caught:
            opened(folder, secure.demanding_port, verify=secure.trusted, cert=wrong)
        assert "s3cret" not in str(caught.value) and "wr0ng" not in str(caught.value)
