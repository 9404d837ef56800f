"""Who we are to a server, and how it is proved: a password, by Basic or Digest, or a Bearer token."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from syncfs.endpoint.webdav.digest import (
    DigestChallenge,
    digest_answer,
    parse_challenges,
    strongest_digest,
)

__all__ = ["Basic", "Login", "Password", "Token"]

_YOUNG_NONCE_S = 60.0
"""A nonce younger than this will not expire during the next request (Apache's live for 300 s)."""


class Login(Protocol):
    """Proves to a server who we are; used by many threads at once."""

    def proof(self, method: str, target: str) -> str | None:
        """The `Authorization` for the next request; None for none."""
        ...

    def accepted(self, proof: str | None) -> None:
        """The server took a proof."""
        ...

    def refused(self, proof: str | None, challenges: str) -> bool:
        """The server answered 401 to a proof; say whether the next one may fare better.

        Args:
            proof: What was sent.
            challenges: `WWW-Authenticate`.
        """
        ...

    @property
    def is_sure(self) -> bool:
        """Whether a 401 to the next request would be a surprise."""
        ...


class Basic(Enum):
    """When a password may be sent as it is."""

    AT_ONCE = "at once"
    WHEN_ASKED = "when asked"
    NEVER = "never"


class Password:
    """A name and a password: by Digest where the server offers it, else by Basic."""

    def __init__(self, user: str, password: str, basic: Basic) -> None:
        """Know nothing of the server yet.

        Args:
            user: The name.
            password: The password.
            basic: `AT_ONCE` only where nobody listens: over TLS. Elsewhere the first request goes
                without, so that a server which knows Digest never gets the password.
        """
        self._user = user
        self._password = password
        self._basic = basic
        self._sends_basic = basic is Basic.AT_ONCE
        self._lock = threading.Lock()
        self._challenge: DigestChallenge | None = None
        self._cnonce = ""
        self._count = 0
        self._since_s = 0.0
        self._is_good = False

    def __repr__(self) -> str:
        return "Password()"

    def proof(self, method: str, target: str) -> str | None:
        """Answer the last challenge: see `Login`."""
        with self._lock:
            challenge, cnonce = self._challenge, self._cnonce
            self._count = count = self._count + 1
        if challenge is not None:
            return digest_answer(
                challenge,
                self._user,
                self._password,
                method=method,
                target=target,
                count=count,
                cnonce=cnonce,
            )
        if self._sends_basic:
            return "Basic " + b64encode(f"{self._user}:{self._password}".encode()).decode()
        return None

    def accepted(self, proof: str | None) -> None:
        """The password is right: see `Login`."""
        if proof is not None:
            self._is_good = True

    def refused(self, proof: str | None, challenges: str) -> bool:
        """Choose the way that the server offers: see `Login`."""
        offered = parse_challenges(challenges)
        digest = strongest_digest(offered)
        with self._lock:
            if digest is not None:
                return self._renew(proof, digest)
            schemes = {challenge.scheme for challenge in offered}
            # A server that knows Digest, if one we cannot do, is not told the password in the clear.
            if "digest" in schemes and self._basic is not Basic.AT_ONCE:
                return False
            if proof is None and "basic" in schemes and self._basic is not Basic.NEVER:
                self._sends_basic = True
                return True
        return False

    @property
    def is_sure(self) -> bool:
        """Whether the password is right and the nonce young: see `Login`."""
        if self._challenge is None:
            return self._is_good
        return self._is_good and time.monotonic() - self._since_s < _YOUNG_NONCE_S

    def _renew(self, proof: str | None, digest: DigestChallenge) -> bool:
        """Take the new nonce; say whether only the old one was to blame."""
        import secrets

        known = self._challenge
        if proof is not None and proof.startswith("Digest ") and known is not None:
            if f'nonce="{known.nonce}"' not in proof:
                return True  # another thread has a newer one already
            if not (digest.is_stale or self._is_good):
                return False
        self._challenge, self._cnonce, self._count = digest, secrets.token_hex(16), 0
        self._since_s = time.monotonic()
        return True


class Token:
    """A Bearer token (RFC 6750), asked for anew once it is refused."""

    def __init__(self, ask: Callable[[], str]) -> None:
        """Ask for nothing yet.

        Args:
            ask: Returns the token.
        """
        self._ask = ask
        self._lock = threading.Lock()
        self._token: str | None = None
        self._is_good = False

    def __repr__(self) -> str:
        return "Token()"

    def proof(self, method: str, target: str) -> str:
        """The token: see `Login`."""
        with self._lock:
            if self._token is None:
                self._token = self._ask()
            return f"Bearer {self._token}"

    def accepted(self, proof: str | None) -> None:
        """It is still good: see `Login`."""
        self._is_good = True

    def refused(self, proof: str | None, challenges: str) -> bool:
        """Ask for another one: see `Login`."""
        with self._lock:
            self._is_good = False
            if proof == f"Bearer {self._token}":
                self._token = self._ask()
            return proof != f"Bearer {self._token}"

    @property
    def is_sure(self) -> bool:
        """Whether it was taken last time: see `Login`."""
        return self._is_good
