"""Find the credentials for a host: the URL, the options, the keyring, netrc, in this order."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from syncfs.errors import ConfigError, EndpointUnavailableError

__all__ = ["Credentials", "find_credentials"]

_COMMAND_S = 60.0
_TOKEN = re.compile(r"[!-~]+")

_log = logging.getLogger("syncfs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What to prove who we are with; kept out of every repr.

    Attributes:
        auth: A pair of user's name and password, or what httpx takes as `auth`; None without.
        token: Returns a Bearer token; None without.
    """

    auth: Any = field(default=None, repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether nobody is logged in."""
        return self.auth is None and self.token is None


def find_credentials(
    host: str, user: str | None, password: str | None, options: Mapping[str, Any], *, side: str
) -> Credentials:
    """Find the credentials for a host.

    Args:
        host: Without port.
        user: From the URL, decoded; None when it names none.
        password: Likewise.
        options: May hold `username`, `password`, `auth`, `token`, `token_command`.
        side: `"src"` or `"dst"`, for messages.

    Raises:
        ConfigError: Several of `auth`, `token`, `token_command` and a password are given together, or
            one of them makes no sense.
    """
    token, command, auth = options.get("token"), options.get("token_command"), options.get("auth")
    user = user if user is not None else options.get("username")
    password = password if password is not None else options.get("password")
    if sum(given is not None for given in (token, command, auth, password)) > 1:
        raise ConfigError(
            f"{side}: give a password, or auth, or a token, or a token_command, not several of them"
        )
    if token is not None:
        if not _TOKEN.fullmatch(text := str(token)):
            raise ConfigError(f"{side}: the token is empty or holds spaces or other characters of no token")
        return Credentials(token=lambda: text)
    if command is not None:
        return Credentials(token=_token_command(command, side))
    if auth is not None:
        return Credentials(auth=tuple(auth) if isinstance(auth, list) else auth)
    if password is None:
        found = _from_keyring(host, user) or _from_netrc(host, user)
        if found is not None:
            user, password = found
    if user is None and password is None:
        return Credentials()
    return Credentials(auth=(user or "", password or ""))


def _token_command(command: Any, side: str) -> Callable[[], str]:
    """What runs a command that prints a token; neither it nor what it prints is ever shown."""
    import shlex

    try:
        words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    except (TypeError, ValueError):
        words = []
    if not words:
        raise ConfigError(f"{side}: token_command must be a command and its arguments")

    def ask() -> str:
        import subprocess

        name = os.path.basename(words[0])
        try:
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_COMMAND_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise EndpointUnavailableError(
                f"token_command ({name}) printed no token within {_COMMAND_S:.0f} s",
                side=side,
                retryable=True,
            ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it cannot be run"
            raise EndpointUnavailableError(f"token_command ({name}): {reason}", side=side) from None
        token = done.stdout.decode("ascii", "replace").strip()
        if done.returncode != 0:
            raise EndpointUnavailableError(
                f"token_command ({name}) ended with status {done.returncode}", side=side
            )
        if not _TOKEN.fullmatch(token):
            raise EndpointUnavailableError(f"token_command ({name}) printed no token", side=side)
        return token

    return ask


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
        os.stat(path)
    except FileNotFoundError:
        return None
    except OSError:
        pass  # said below
    import netrc

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
