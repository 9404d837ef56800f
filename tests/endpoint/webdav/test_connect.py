"""Opening WebDAV URLs, and where the credentials come from."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from syncfs.endpoint.webdav import open_url
from syncfs.endpoint.webdav.credentials import find_credentials
from syncfs.errors import ConfigError
from tests.servers.apache import Apache
from tests.servers.server import Folder


@pytest.fixture(autouse=True)
def no_stored_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the machine's keyring nor its netrc take part."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("webdav://Host/dav/", "webdav://host/dav"),
        ("dav://host:80/dav", "webdav://host/dav"),
        ("webdav+http://host:8080/", "webdav://host:8080/"),
        ("webdavs://host/a%20b", "webdavs://host/a%20b"),
        ("davs://host:443", "webdavs://host/"),
        ("webdav+https://ann:p%40ss@host/", "webdavs://ann@host/"),
        ("WEBDAVS://[::1]:8443/x", "webdavs://[::1]:8443/x"),
    ],
)
def test_every_scheme_opens_and_shows_no_password(url: str, shown: str) -> None:
    side = open_url(url, None, side="src")
    assert side.url == shown
    assert side.identity == shown
    assert "p@ss" not in repr(side)


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("webdav:///dav", None, "names no host"),
        ("webdav://host:port/", None, "makes no sense"),
        ("webdav://host/a?b", None, "%3F"),
        ("webdav://host/a#b", None, "%23"),
        ("http://host/", None, "no WebDAV URL"),
        ("webdav://host/", {"colour": "red"}, "no option colour"),
        ("webdav://host/", {"timeout": "soon"}, "timeout"),
        ("webdav://host/", {"trust_env": "perhaps"}, "trust_env"),
        ("webdav://host/", {"headers": "x"}, "headers"),
        ("webdavs://host/", {"verify": "/no/such/file"}, "certificate"),
        ("webdav://ann:s3cret@host/", {"token": "t0ken"}, "not several"),
        ("webdav://host/", {"token": "t0ken", "token_command": "print"}, "not several"),
        ("webdav://host/", {"token": "t0ken\nX: y"}, "no token"),
        ("webdav://host/", {"token_command": "'"}, "a command"),
    ],
)
def test_what_makes_no_sense_gets_one_line(url: str, options: dict[str, Any] | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        open_url(url, options, side="dst")
    text = str(caught.value)
    assert text.startswith("dst: ") and "\n" not in text
    assert "s3cret" not in text and "t0ken" not in text


def test_the_url_comes_before_the_options_and_these_before_netrc(tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine host login ann password from-netrc\n")
    netrc.chmod(0o600)

    def found(user: str | None, secret: str | None, **options: Any) -> object:
        return find_credentials("host", user, secret, options, side="src").auth

    assert found("ann", "url") == ("ann", "url")
    assert found("ann", None, password="option") == ("ann", "option")
    assert found(None, None, username="bob", password="option") == ("bob", "option")
    assert found(None, None, auth=["bob", "pair"]) == ("bob", "pair")
    assert found(None, None) == ("ann", "from-netrc")
    assert found("ann", None) == ("ann", "from-netrc")
    assert found("bob", None) == ("bob", "")
    assert find_credentials("other", None, None, {}, side="src").is_empty
    token = find_credentials("h", None, None, {"token": "t"}, side="src").token
    assert token is not None and token() == "t"
    assert "url" not in repr(find_credentials("h", "u", "url", {}, side="src"))


def test_a_damaged_netrc_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "netrc").write_text("machine host s3cret\n")
    assert find_credentials("host", None, None, {}, side="src").is_empty
    assert "cannot be read" in caplog.text and "s3cret" not in caplog.text


def test_credentials_in_the_clear_are_a_warning_beyond_this_machine(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        open_url("webdav://ann:x@127.0.0.1/", None, side="src")
        open_url("webdav://ann:x@localhost/", None, side="src")
        open_url("webdavs://ann:x@example.org/", None, side="src")
        open_url("webdav://example.org/", None, side="src")
        assert not caplog.records
        open_url("webdav://ann:s3cret@example.org/", None, side="src")
    assert "unencrypted" in caplog.text and "s3cret" not in caplog.text


def test_a_url_lists_a_servers_directory(webdav_server: Folder) -> None:
    webdav_server.write({"a b/f": "x"})
    side = open_url(webdav_server.url.replace("http", "webdav", 1) + "a%20b", {"timeout": "20"}, side="dst")
    side.check_root()
    assert set(side.list("").entries) == {"f"}


def test_credentials_from_options_are_sent() -> None:
    with Apache(auth="basic", user="ann", password="p@ss:w/rd") as server:
        url = server.folder().url.replace("http", "webdav", 1)
        open_url(url, {"username": "ann", "password": "p@ss:w/rd"}, side="dst").check_root()
        open_url(url.replace("://", "://ann:p%40ss%3Aw%2Frd@"), None, side="dst").check_root()


def test_importing_the_package_loads_no_http_library() -> None:
    program = (
        "import sys, syncfs.endpoint.webdav\n"
        "print(sorted({'httpx', 'webdav4', 'fsspec', 'keyring'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
