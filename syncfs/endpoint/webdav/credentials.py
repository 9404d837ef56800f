"""Find the credentials for a host: the URL, the options, the keyring, netrc, in this order."""

from __future__ import annotations

import logging
import netrc
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncfs.errors import ConfigError

__all__ = ["Credentials", "find_credentials"]

_log = logging.getLogger("syncfs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What to send; kept out of every repr.

    Attributes:
        auth: A pair of user's name and password, or what httpx takes as `auth`; None without.
        headers: Headers that hold a token.
    """

    auth: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether nobody is logged in."""
        return self.auth is None and not self.headers


def find_credentials(
    host: str, user: str | None, password: str | None, options: Mapping[str, Any], *, side: str
) -> Credentials:
    """Find the credentials for a host.

    Args:
        host: Without port.
        user: From the URL, decoded; None when it names none.
        password: Likewise.
        options: May hold `username`, `password`, `auth`, `token`.
        side: `"src"` or `"dst"`, for messages.

    Raises:
        ConfigError: `auth` and `token`, or either and a password, are given together.
    """
    token, auth = options.get("token"), options.get("auth")
    user = user if user is not None else options.get("username")
    password = password if password is not None else options.get("password")
    if sum(given is not None for given in (token, auth, password)) > 1:
        raise ConfigError(f"{side}: give a password, or auth, or a token, not several of them")
    if token is not None:
        return Credentials(headers={"Authorization": f"Bearer {token}"})
    if auth is not None:
        return Credentials(auth=tuple(auth) if isinstance(auth, list) else auth)
    if password is None:
        found = _from_keyring(host, user) or _from_netrc(host, user)
        if found is not None:
            user, password = found
    if user is None and password is None:
        return Credentials()
    return Credentials(auth=(user or "", password or ""))


def _from_keyring(host: str, user: str | None) -> tuple[str, str] | None:
    """Ask the keyring if there is one; a locked or broken one must not stop a run."""
    try:
        import keyring
    except ImportError:
        return None
    service = f"syncfs/{host}"
    try:
        if user is not None:
            password = keyring.get_password(service, user)
            return None if password is None else (user, password)
        found = keyring.get_credential(service, None)
        return None if found is None else (found.username, found.password)
    except Exception as error:  # backends raise what they like
        _log.debug("the keyring cannot be asked: %s", type(error).__name__)
        return None


def _from_netrc(host: str, user: str | None) -> tuple[str, str] | None:
    path = os.environ.get("NETRC") or os.path.expanduser("~/.netrc")
    try:
        found = netrc.netrc(path).authenticators(host)
    except FileNotFoundError:
        return None
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError) as error:
        # A parse error's text quotes the file.
        _log.warning("%s cannot be read (%s); no credentials are taken from it", path, type(error).__name__)
        return None
    if found is None or not found[2] or (user is not None and found[0] not in ("", user)):
        return None
    return (found[0] if user is None else user, found[2])
