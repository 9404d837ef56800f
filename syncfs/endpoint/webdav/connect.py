"""Open a WebDAV URL: `webdavs://user@host/dav/docs`."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from syncfs.endpoint.webdav.credentials import Credentials, find_credentials
from syncfs.endpoint.webdav.location import Location, host_text
from syncfs.errors import ConfigError

if TYPE_CHECKING:
    from syncfs.endpoint.webdav.endpoint import WebdavEndpoint

__all__ = ["SCHEMES", "open_url"]

SCHEMES: Mapping[str, str] = {
    "webdav": "http",
    "dav": "http",
    "webdav+http": "http",
    "webdavs": "https",
    "davs": "https",
    "webdav+https": "https",
}
"""Every scheme that means WebDAV, and what it is spoken over."""

_OPTIONS = frozenset(
    {"username", "password", "auth", "token", "verify", "cert", "timeout", "headers", "proxy", "trust_env"}
)
_CONNECTIONS = 64
_FALSE, _TRUE = ("0", "false", "no", "off"), ("1", "true", "yes", "on")

_log = logging.getLogger("syncfs")


def open_url(url: str, options: Mapping[str, Any] | None, *, side: str) -> WebdavEndpoint:
    """Make an endpoint of a URL; nothing is sent.

    Args:
        url: `webdav://`, `dav://`, `webdav+http://` for http; with an `s` (`webdavs://`) for https. Its
            path is percent-encoded. A user's name and a password in it are percent-decoded.
        options: `username` and `password`, or `auth` (a pair, or what httpx takes), or `token` (sent as a
            Bearer token); `verify` (False, or the path of a file of trusted certificates), `cert` (a
            path, or a list of certificate, key and passphrase), `timeout` (seconds, for every
            operation), `headers` (a mapping), `proxy` (a URL), `trust_env` (False: no proxies from the
            environment). What is missing of the credentials is looked for in the keyring (service
            `syncfs/HOST`) and in netrc.
        side: `"src"` or `"dst"`, for messages.

    Raises:
        ConfigError: The URL or an option makes no sense. No message holds a credential.
    """
    given = dict(options or {})
    parts, scheme, host, port = _split(url, side)
    unknown = sorted(set(given) - _OPTIONS)
    if unknown:
        raise ConfigError(
            f"{side}: WebDAV has no option {', '.join(unknown)}; it has {', '.join(sorted(_OPTIONS))}"
        )
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password is not None else None
    credentials = find_credentials(host, user, password, given, side=side)
    authority = host_text(host) + (f":{port}" if port is not None else "")
    base = Location.parse(f"{scheme}://{authority}{parts.path}", "", None)
    if scheme == "http" and not credentials.is_empty and not _is_loopback(host):
        _log.warning(
            "%s: the credentials for %s travel unencrypted; use webdavs:// if the server can", side, host
        )

    from webdav4.fsspec import WebdavFileSystem

    from syncfs.endpoint.webdav.endpoint import WebdavEndpoint

    fs = WebdavFileSystem(
        base.origin + base.root,
        auth=credentials.auth,
        skip_instance_cache=True,
        **_client_options(given, credentials, side),
    )
    endpoint = WebdavEndpoint(fs)
    endpoint.own_client()
    return endpoint


def _split(url: str, side: str) -> tuple[SplitResult, str, str, int | None]:
    """Take the URL apart; no message repeats it, for it may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(f"{side}: the URL's host or port makes no sense") from None
    scheme = SCHEMES.get(parts.scheme.lower())
    if scheme is None:
        raise ConfigError(f"{side}: {parts.scheme}:// is no WebDAV URL; {', '.join(SCHEMES)} are")
    if not parts.hostname:
        raise ConfigError(f"{side}: the URL names no host; write {parts.scheme}://HOST/PATH")
    if parts.query or parts.fragment:
        raise ConfigError(
            f"{side}: the URL's path holds '?' or '#'; write %3F or %23 if they belong to a name"
        )
    return parts, scheme, parts.hostname, port


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _client_options(given: Mapping[str, Any], credentials: Credentials, side: str) -> dict[str, Any]:
    """What httpx's client is made with; values may be text, as a command line gives them."""
    import httpx

    headers = given.get("headers") or {}
    if not isinstance(headers, Mapping):
        raise ConfigError(f"{side}: headers must be a mapping of names to values")
    options: dict[str, Any] = {
        "headers": {**headers, **credentials.headers},
        "limits": httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
        "timeout": httpx.Timeout(60.0, connect=10.0),
    }
    if given.get("timeout") is not None:
        try:
            options["timeout"] = httpx.Timeout(float(given["timeout"]))
        except (TypeError, ValueError):
            raise ConfigError(f"{side}: timeout must be a number of seconds") from None
    if given.get("proxy") is not None:
        options["proxy"] = given["proxy"]
    if "trust_env" in given:
        options["trust_env"] = _truth(given["trust_env"], "trust_env", side)
    verify = given.get("verify", True)
    if isinstance(verify, str) and verify.lower() in _FALSE + _TRUE:
        verify = verify.lower() in _TRUE
    if isinstance(verify, ssl.SSLContext):
        options["verify"] = verify
    elif given.get("cert") is not None or isinstance(verify, str):
        options["verify"] = _tls_context(verify, given.get("cert"), side)
    else:
        options["verify"] = bool(verify)
    return options


def _truth(value: Any, name: str, side: str) -> bool:
    if isinstance(value, str):
        if value.lower() in _TRUE + _FALSE:
            return value.lower() in _TRUE
        raise ConfigError(f"{side}: {name} must be true or false")
    return bool(value)


def _tls_context(verify: Any, cert: Any, side: str) -> ssl.SSLContext:
    """Trust and show the given certificates; httpx has deprecated doing this itself."""
    try:
        context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
        if verify is False:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if cert is not None:
            context.load_cert_chain(*((cert,) if isinstance(cert, str) else tuple(cert)))
    except (OSError, TypeError, ValueError) as error:
        # OSError's text may hold a path, never the passphrase.
        raise ConfigError(
            f"{side}: the certificate given by verify or cert cannot be used: {error}"
        ) from None
    return context
