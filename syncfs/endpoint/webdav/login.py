"""Who is logged in, as far as a user's client tells."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx
    from webdav4.fsspec import WebdavFileSystem

__all__ = ["login_of"]


def login_of(fs: WebdavFileSystem) -> tuple[str | None, httpx.Auth | None]:
    """Find the user's name, and the credentials that only the base URL holds.

    Returns:
        The name, or None when there is none or it cannot be known (a token); and the credentials to
        send when the client has none of its own: the URLs of our requests carry none.
    """
    import httpx

    auth = fs.client.http.auth
    if isinstance(auth, httpx.BasicAuth):
        request = next(auth.sync_auth_flow(httpx.Request("GET", "http://localhost/")))
        return _basic_user(request.headers.get("Authorization", "")), None
    if isinstance(auth, httpx.DigestAuth):
        name = getattr(auth, "_username", None)
        return (name.decode() if isinstance(name, bytes) else name), None
    if auth is not None:
        return None, None
    url = fs.client.base_url
    if not url.username and not url.password:
        return None, None
    return url.username or None, httpx.BasicAuth(url.username, url.password)


def _basic_user(header: str) -> str | None:
    try:
        name, colon, _ = b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        return None
    return name or None if colon else None
