"""Challenges, and Digest's answer to one: RFC 9110 section 11, RFC 7616; nothing is sent here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote

__all__ = ["Challenge", "DigestChallenge", "digest_answer", "parse_challenges", "strongest_digest"]

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_ITEM = re.compile(
    rf"""[\s,]*(?:
        (?P<name>{_TOKEN})\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>{_TOKEN}))(?=\s*(?:,|$))
        |(?P<scheme>{_TOKEN})(?:\s+(?P<token68>[0-9A-Za-z._~+/-]+=*)(?=\s*(?:,|$)))?(?=\s|,|$)
    )""",
    re.VERBOSE,
)
_HASHES: dict[str, Callable[[bytes], str]] = {
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}
"""The strongest first."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in that a server offers.

    Attributes:
        scheme: In lower case.
        parameters: By lower-case name, unquoted.
    """

    scheme: str
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestChallenge:
    """A Digest challenge that can be answered.

    Attributes:
        realm: What the password is for.
        nonce: The server's.
        algorithm: As it was written; empty when it was left out.
        has_qop: Whether requests are counted (RFC 7616), or it is the old way (RFC 2069).
        opaque: To be given back; None without.
        hashes_user: Whether the user's name is sent as a digest too.
        is_stale: Whether only the nonce of the last answer was refused.
    """

    realm: str
    nonce: str
    algorithm: str
    has_qop: bool
    opaque: str | None
    hashes_user: bool
    is_stale: bool


def parse_challenges(header: str) -> list[Challenge]:
    """Read `WWW-Authenticate`, several of which are joined by commas; what makes no sense ends it.

    >>> [c.scheme for c in parse_challenges('Basic realm="a, b", Negotiate, Digest realm=x, nonce="y"')]
    ['basic', 'negotiate', 'digest']
    """
    found: list[Challenge] = []
    position = 0
    while (match := _ITEM.match(header, position)) is not None:
        position = match.end()
        if match["scheme"]:
            found.append(Challenge(match["scheme"].lower(), {}))
        elif found:
            quoted = match["quoted"]
            value = match["bare"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            found[-1].parameters.setdefault(match["name"].lower(), value)
    return found


def strongest_digest(challenges: Iterable[Challenge]) -> DigestChallenge | None:
    """The best of the Digest challenges that can be answered; None when there is none."""
    order = list(_HASHES)
    usable = [made for challenge in challenges if (made := _digest(challenge)) is not None]
    return min(usable, key=lambda made: order.index(_hash_name(made.algorithm)), default=None)


def _digest(challenge: Challenge) -> DigestChallenge | None:
    given = challenge.parameters
    if challenge.scheme != "digest" or "nonce" not in given or "realm" not in given:
        return None
    if _hash_name(given.get("algorithm", "")) not in _HASHES:
        return None
    qops = {qop.strip().lower() for qop in given.get("qop", "").split(",")} - {""}
    if qops and "auth" not in qops:
        return None  # only auth-int, which wants a digest of each body before it is sent
    return DigestChallenge(
        realm=given["realm"],
        nonce=given["nonce"],
        algorithm=given.get("algorithm", ""),
        has_qop=bool(qops),
        opaque=given.get("opaque"),
        hashes_user=given.get("userhash", "").lower() == "true",
        is_stale=given.get("stale", "").lower() == "true",
    )


def _hash_name(algorithm: str) -> str:
    return algorithm.upper().removesuffix("-SESS") or "MD5"


def digest_answer(
    challenge: DigestChallenge,
    user: str,
    password: str,
    *,
    method: str,
    target: str,
    count: int,
    cnonce: str,
) -> str:
    """The `Authorization` that answers a challenge.

    Args:
        challenge: The server's.
        user: The user's name.
        password: The user's password.
        method: Of the request.
        target: The request's target, as it is sent.
        count: How many requests have used this nonce, this one included.
        cnonce: Ours, the same for every request with this nonce.
    """

    def digest(*parts: str) -> str:
        return _HASHES[_hash_name(challenge.algorithm)](":".join(parts).encode())

    secret = digest(user, challenge.realm, password)
    if challenge.algorithm.upper().endswith("-SESS"):
        secret = digest(secret, challenge.nonce, cnonce)
    request = digest(method, target)
    fields = {"realm": _quoted(challenge.realm), "nonce": _quoted(challenge.nonce), "uri": _quoted(target)}
    if challenge.has_qop:
        number = f"{count:08x}"
        response = digest(secret, challenge.nonce, number, cnonce, "auth", request)
        fields |= {"qop": "auth", "nc": number, "cnonce": _quoted(cnonce)}
    else:
        response = digest(secret, challenge.nonce, request)
    fields["response"] = _quoted(response)
    if challenge.algorithm:
        fields["algorithm"] = challenge.algorithm
    if challenge.opaque is not None:
        fields["opaque"] = _quoted(challenge.opaque)
    if challenge.hashes_user:
        name = f"username={_quoted(digest(user, challenge.realm))}"
        fields["userhash"] = "true"
    elif user.isascii():
        name = f"username={_quoted(user)}"
    else:
        name = f"username*=UTF-8''{quote(user, safe='')}"
    return "Digest " + ", ".join([name, *(f"{key}={value}" for key, value in fields.items())])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
