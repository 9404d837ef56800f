"""Open a WebDAV URL: `webdavs://user@host/dav/docs`."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from syncfs.endpoint.webdav.credentials import Credentials, find_credentials
from syncfs.endpoint.webdav.knowledge import told_capabilities
from syncfs.endpoint.webdav.location import Location, host_text
from syncfs.endpoint.webdav.socket_wire import SocketWire
from syncfs.endpoint.webdav.wire import Timeouts, Wire
from syncfs.errors import ConfigError

if TYPE_CHECKING:
    import ssl

    from syncfs.endpoint.webdav.endpoint import WebdavEndpoint
    from syncfs.endpoint.webdav.login import Login

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
    {
        *("username", "password", "auth", "token", "token_command"),
        *("verify", "cert", "timeout", "headers", "proxy", "trust_env", "capabilities"),
    }
)
_CONNECTIONS = 100
_FALSE, _TRUE = ("0", "false", "no", "off"), ("1", "true", "yes", "on")

_log = logging.getLogger("syncfs")


def open_url(url: str, options: Mapping[str, Any] | None, *, side: str) -> WebdavEndpoint:
    """Make an endpoint of a URL; nothing is sent.

    Args:
        url: `webdav://`, `dav://`, `webdav+http://` for http; with an `s` (`webdavs://`) for https. Its
            path is percent-encoded. A user's name and a password in it are percent-decoded.
        options: `username` and `password`, or `auth` (a pair, or what httpx takes), or `token` (sent as a
            Bearer token), or `token_command` (prints one; run without a shell when it is needed first, and
            again when the server refuses what it printed); `verify` (False, or the path of a file or a
            directory of trusted certificates, or an `SSLContext`), `cert` (a path, or a list of
            certificate, key and passphrase), `timeout` (seconds, for every operation), `headers` (a
            mapping), `proxy` (a URL), `trust_env` (False: no proxies from the environment), `capabilities`
            (what the server can do, where the user knows better: a mapping, or its JSON, of names and
            values as `syncfs probe --json` shows them). What is missing of the credentials is looked for in
            the keyring (service `syncfs/HOST`) and in netrc.
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

    settings = _settings(given, side)
    from syncfs.endpoint.webdav.endpoint import WebdavEndpoint

    login, user = _login(base, credentials)
    capabilities = told_capabilities(given.get("capabilities"), side)
    if _needs_httpx(base, given, credentials, settings):
        wire, user = _through_httpx(base, given, credentials, settings, user)
    else:
        tls = settings.tls if base.scheme == "https" else None
        wire = SocketWire(base, tls=tls, headers=settings.headers, timeouts=settings.timeouts)
    if login is not None:
        from syncfs.endpoint.webdav.authenticated import AuthenticatedWire

        wire = AuthenticatedWire(wire, login, base.root)
    return WebdavEndpoint.over(wire, replace(base, user=user), capabilities)


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
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class _Settings(NamedTuple):
    """The options, understood."""

    headers: Mapping[str, str]
    timeouts: Timeouts
    tls: Callable[[], ssl.SSLContext]
    trust_env: bool


def _settings(given: Mapping[str, Any], side: str) -> _Settings:
    """Understand the options; values may be text, as a command line gives them."""
    headers = given.get("headers") or {}
    if not isinstance(headers, Mapping):
        raise ConfigError(f"{side}: headers must be a mapping of names to values")
    timeouts = Timeouts()
    if given.get("timeout") is not None:
        try:
            timeouts = Timeouts(*[float(given["timeout"])] * 2)
        except (TypeError, ValueError):
            raise ConfigError(f"{side}: timeout must be a number of seconds") from None
    trust_env = _truth(given.get("trust_env", True), "trust_env", side)
    return _Settings(headers, timeouts, _tls(given, side), trust_env)


def _tls(given: Mapping[str, Any], side: str) -> Callable[[], ssl.SSLContext]:
    """Makes the TLS context; what was given is read now, the system's own not before it is needed."""
    verify, cert = given.get("verify", True), given.get("cert")
    if isinstance(verify, str) and verify.lower() in _FALSE + _TRUE:
        verify = verify.lower() in _TRUE
    if cert is None and isinstance(verify, bool | None):
        return lambda: _context(bool(verify), None, side)
    import ssl

    if isinstance(verify, ssl.SSLContext):
        return lambda: verify
    if cert is None and not isinstance(verify, str):
        return lambda: _context(bool(verify), None, side)
    context = _context(verify, cert, side)
    return lambda: context


def _context(verify: bool | str, cert: Any, side: str) -> ssl.SSLContext:
    from syncfs.endpoint.webdav.tls import tls_context

    return tls_context(verify, cert, side)


def _needs_httpx(
    base: Location, given: Mapping[str, Any], credentials: Credentials, settings: _Settings
) -> bool:
    """Whether it takes httpx to get there: by a proxy, or with an auth object made for it."""
    if not (credentials.auth is None or isinstance(credentials.auth, tuple)):
        return True
    return given.get("proxy") is not None or (settings.trust_env and _has_proxy(base))


def _has_proxy(base: Location) -> bool:
    """Whether the environment (or the system's settings) names a proxy for this host."""
    if sys.platform not in ("darwin", "win32") and not any(
        name.lower().endswith("_proxy") for name in os.environ
    ):
        return False
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    return bool(proxies.get(base.scheme) or proxies.get("all")) and not proxy_bypass(base.authority)


def _login(base: Location, credentials: Credentials) -> tuple[Login | None, str | None]:
    """How we prove who we are, where it is not httpx that does it; and the user's name, if there is one."""
    if credentials.token is None and not isinstance(credentials.auth, tuple):
        return None, None
    from syncfs.endpoint.webdav.login import Basic, Password, Token

    if credentials.token is not None:
        return Token(credentials.token), None
    assert isinstance(credentials.auth, tuple)
    user, password = credentials.auth
    basic = Basic.AT_ONCE if base.scheme == "https" else Basic.WHEN_ASKED
    return Password(user, password, basic), user or None


def _through_httpx(
    base: Location,
    given: Mapping[str, Any],
    credentials: Credentials,
    settings: _Settings,
    user: str | None,
) -> tuple[Wire, str | None]:
    """A wire through a webdav4 client of its own, and the user's name as far as that client knows it."""
    import httpx
    from webdav4.fsspec import WebdavFileSystem

    from syncfs.endpoint.webdav.client import wire_of

    is_ours = credentials.auth is None or isinstance(credentials.auth, tuple)
    timeouts = settings.timeouts
    proxy = {"proxy": given["proxy"]} if given.get("proxy") is not None else {}
    fs = WebdavFileSystem(
        base.origin + base.root,
        auth=None if is_ours else credentials.auth,
        skip_instance_cache=True,
        headers=settings.headers,
        limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
        timeout=httpx.Timeout(timeouts.operation_s, connect=timeouts.connect_s),
        trust_env=settings.trust_env,
        verify=settings.tls(),
        **proxy,
    )
    wire, location = wire_of(fs, "", owned=True)
    return wire, user if is_ours else location.user


def _truth(value: Any, name: str, side: str) -> bool:
    if isinstance(value, str):
        if value.lower() in _TRUE + _FALSE:
            return value.lower() in _TRUE
        raise ConfigError(f"{side}: {name} must be true or false")
    return bool(value)
