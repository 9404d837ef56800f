"""Take credentials out of text that users or logs will see."""

from __future__ import annotations

import re

__all__ = ["redact"]

_USERINFO = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s?#'\"]*@")
_SECRET_KEYS = r"(?:pass(?:word|wd)?|pwd|secret|token|key|sig(?:nature)?|credentials?|auth(?:orization)?|sas)"
_QUERY = re.compile(rf"(?i)([?&;][^=&\s;]*{_SECRET_KEYS}[^=&\s;]*=)[^&\s'\";]+")
_HEADER = re.compile(
    r"(?i)\b((?:proxy-)?authorization['\"]?\s*[:=]\s*['\"]?)"
    r"(?:(?:basic|bearer|digest)\s+)?[^\s'\",}]+"
)


def redact(text: str) -> str:
    """Return `text` without the user information and secret query values of URLs in it.

    The user's name goes too: a token is often given in its place.

    >>> redact("cannot reach https://ann:s3cret@host/dav?x=1&access_token=abc")
    'cannot reach https://host/dav?x=1&access_token=***'
    """
    text = _USERINFO.sub(r"\g<scheme>", text)
    text = _QUERY.sub(r"\1***", text)
    return _HEADER.sub(r"\1***", text)
