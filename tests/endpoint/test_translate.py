"""Third-party exceptions become ours; what nobody knows stays a bug."""

from __future__ import annotations

import errno
import ftplib
import pickle
import socket

import httpx
import pytest
import webdav4.client

from syncfs.endpoint.redact import redact
from syncfs.endpoint.translate import status_error, translating
from syncfs.errors import (
    EndpointUnavailableError,
    PathError,
    StaleEntryError,
    UnsupportedNameError,
)

SECRET = "s3cret"


def raised(error: BaseException, path: str = "a/b") -> OSError:
    with pytest.raises(OSError) as caught, translating(path):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (httpx.ConnectError("refused"), ConnectionError),
        (httpx.ReadError(""), ConnectionError),
        (httpx.WriteError(""), ConnectionError),
        (httpx.RemoteProtocolError("cut"), ConnectionError),
        (httpx.ConnectTimeout("slow"), TimeoutError),
        (httpx.PoolTimeout("slow"), TimeoutError),
        (httpx.InvalidURL("bad"), UnsupportedNameError),
        (httpx.TooManyRedirects("round"), PathError),
        (webdav4.client.ResourceNotFound("x"), FileNotFoundError),
        (webdav4.client.ForbiddenOperation("no"), PermissionError),
        (webdav4.client.HTTPError(httpx.Response(503, request=httpx.Request("GET", "http://h"))), PathError),
        (
            webdav4.client.HTTPError(httpx.Response(401, request=httpx.Request("GET", "http://h"))),
            EndpointUnavailableError,
        ),
        (ftplib.error_perm("550 No such file"), PathError),
        (ftplib.error_perm("530 Login incorrect"), EndpointUnavailableError),
        (EOFError(), ConnectionError),
        (NotImplementedError(), PathError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else type(value).__name__,
)
def test_a_library_s_exception_becomes_the_builtin_or_ours(theirs: Exception, ours: type[OSError]) -> None:
    error = raised(theirs)
    assert isinstance(error, ours)
    assert type(pickle.loads(pickle.dumps(error))) is type(error)


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x"), ZeroDivisionError(), TypeError()])
def test_a_bug_passes_untouched(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, translating("a"):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), StaleEntryError("x", path="a")])
def test_what_is_ours_already_passes_untouched(error: OSError) -> None:
    assert raised(error) is error


def test_a_refused_connection_keeps_its_number_and_its_path() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(ConnectionError) as caught, translating("a/b"):
        httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
    assert caught.value.errno == errno.ECONNREFUSED
    assert caught.value.filename == "a/b"


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (302, PathError, False),
        (401, EndpointUnavailableError, False),
        (403, PermissionError, None),
        (404, FileNotFoundError, None),
        (409, PathError, False),
        (412, StaleEntryError, False),
        (423, PathError, True),
        (429, PathError, True),
        (500, PathError, True),
        (501, PathError, False),
        (507, OSError, None),
    ],
)
def test_a_status_says_whether_another_try_may_help(
    status: int, kind: type[OSError], retryable: bool | None
) -> None:
    error = status_error(status, path="a")
    assert isinstance(error, kind)
    assert getattr(error, "retryable", None) == retryable
    assert str(status) in str(error)


def test_a_full_server_is_the_system_s_own_error() -> None:
    assert status_error(507, path="a").errno == errno.ENOSPC


def test_no_message_and_no_printed_cause_holds_a_password() -> None:
    error = raised(httpx.TooManyRedirects(f"at https://ann:{SECRET}@host/x?token={SECRET}"))
    assert SECRET not in str(error)
    assert SECRET not in repr(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    "text",
    [
        f"https://ann:{SECRET}@host/x",
        f"https://{SECRET}@host/x",
        f"webdav+https://ann:{SECRET}@host",
        f"http://h/x?a=1&sig={SECRET}&b=2",
        f"http://h/x?X-Amz-Signature={SECRET}",
        f"Authorization: Basic {SECRET}",
        f"{{'authorization': 'Bearer {SECRET}'}}",
    ],
)
def test_secrets_are_taken_out_of_text(text: str) -> None:
    assert SECRET not in redact(text)


@pytest.mark.parametrize("text", ["ann@host", "a/b@c.txt", "http://host/a@b", "keys: 3", "C:/x@y"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text
