"""List what a plain web server shows in its index pages, without fsspec's `ls`.

`HTTPFileSystem.ls` (fsspec 2026.9) takes every link of any page for a file, without sizes, and its `info`
answers every error with FileNotFoundError. A page that is no index would be an empty directory, and a server
that is busy a missing file: evidence of deletions.
"""

from __future__ import annotations

import asyncio
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urljoin

from fsspec.asyn import sync

__all__ = ["http_info", "http_items"]

_AT_ONCE = 16
"""So many files of one directory are looked at at once: an index tells no exact size and no tag."""
_INDEX = re.compile(r"(?i)\b(index of|directory listing|directory: )")
"""In the title or the first heading: Apache, nginx, lighttpd, Python, IIS and their like."""
_TOLD = ("ETag", "Last-Modified", "Content-MD5")


def http_info(fs: Any, full: str) -> dict[str, Any]:
    """Look at one address; a directory is what redirects to itself with a slash, or has one.

    Raises:
        FileNotFoundError: The server says that nothing is there.
        aiohttp.ClientError: It refused otherwise, or cannot be reached.
    """
    found: dict[str, Any] = sync(fs.loop, _looked, fs, full)
    return found


def http_items(fs: Any, full: str) -> list[dict[str, Any]]:
    """List a directory by its index page; names are as users know them, not quoted.

    Raises:
        FileNotFoundError: The server says that there is no such directory.
        NotADirectoryError: It is a file.
        OSError: The page is no index.
        aiohttp.ClientError: The server refused, or cannot be reached.
    """
    items: list[dict[str, Any]] = sync(fs.loop, _listed, fs, full)
    return items


async def _looked(fs: Any, full: str) -> dict[str, Any]:
    session = await fs.set_session()
    address = fs.encode_url(full)
    options = {**fs.kwargs, "allow_redirects": True}
    options["headers"] = {**options.get("headers", {}), "Accept-Encoding": "identity"}
    found: dict[str, Any] = {}
    for ask in (session.head, session.get):  # Apache tells the size of an empty file only to a GET
        async with ask(address, **options) as reply:
            _raise_for_status(reply, full)
            found = {"name": full, **_told(reply, str(address))}
        if found["size"] is not None:
            break
    return found


def _told(reply: Any, address: str) -> dict[str, Any]:
    if reply.url.path.endswith("/") and str(reply.url).rstrip("/") == address.rstrip("/"):
        return {"size": 0, "type": "directory"}
    size = reply.headers.get("Content-Length", "")
    is_plain = reply.headers.get("Content-Encoding", "identity") == "identity"
    told = {name: reply.headers[name] for name in _TOLD if name in reply.headers}
    return {"size": int(size) if size.isdecimal() and is_plain else None, "type": "file", **told}


async def _listed(fs: Any, full: str) -> list[dict[str, Any]]:
    session = await fs.set_session()
    base = full.rstrip("/") + "/"
    async with session.get(fs.encode_url(base), **fs.kwargs) as reply:
        _raise_for_status(reply, full)
        page = _Page()
        if reply.content_type == "text/html":
            page.feed(await reply.text(errors="replace"))
        if not _INDEX.search(page.heading):
            if (await _looked(fs, full))["type"] != "directory":
                raise NotADirectoryError(full)
            raise OSError(None, "the server shows a page there that is no index of its files")
        shown = str(reply.url)
    names = dict.fromkeys(filter(None, (_name(shown, link) for link in page.links)))
    turns = asyncio.Semaphore(_AT_ONCE)

    async def item(name: str) -> dict[str, Any]:
        if name.endswith("/"):
            return {"name": base + unquote(name[:-1]), "size": 0, "type": "directory"}
        async with turns:
            return {**await _looked(fs, base + name), "name": base + unquote(name)}

    return list(await asyncio.gather(*map(item, names)))


def _name(shown: str, link: str) -> str | None:
    """The name that a link of an index leads to, still quoted, a directory's with a slash; None for others.

    Links to sort the page, to the directory above and to icons are no entries.
    """
    target = urljoin(shown, link)
    if not target.startswith(shown):
        return None
    name = target.removeprefix(shown)
    is_entry = name and not re.search(r"[?#]|/.", name) and name != "/"
    return name if is_entry else None


def _raise_for_status(reply: Any, full: str) -> None:
    if reply.status in (404, 410):
        raise FileNotFoundError(full)
    reply.raise_for_status()


class _Page(HTMLParser):
    """The links of a page, and its title and headings."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.heading = ""
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]
        self._in_heading |= tag in ("title", "h1")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("title", "h1"):
            self._in_heading = False

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self.heading += f"{data}\n"
