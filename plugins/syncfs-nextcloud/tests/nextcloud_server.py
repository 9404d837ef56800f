"""A stand-in for Nextcloud: real HTTP on loopback, files in memory, and what the server says and heeds.

Written after Nextcloud's own sources (apps/dav: File, Directory, FilesPlugin, ChunkingPlugin,
ChunkingV2Plugin; files: Propagator) and sabre/dav's CorePlugin. What a client can see is the same: a write
changes the tags of all directories above it; a MOVE keeps id, tag, time and checksum; a chunked upload keeps
the id of what it replaces; conditions are checked before all else; a body that breaks off leaves nothing.
"""

from __future__ import annotations

import base64
import email.utils
import hashlib
import itertools
import re
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

USER, PASSWORD = "me", "secret"
FILES, UPLOADS = f"/remote.php/dav/files/{USER}", f"/remote.php/dav/uploads/{USER}"
INSTANCE = "oc1x2y3z"
LEAST_CHUNK_BYTES = 5 << 20
_FEATURES = "1, 3, extended-mkcol, nextcloud-checksum-update, nc-calendar-search"
_OWNCLOUD = "{http://owncloud.org/ns}"


@dataclass
class Node:
    """A file or a directory."""

    children: dict[str, Node] | None = None
    content: bytes = b""
    mtime_s: int = 0
    checksum: str = ""
    number: int = 0
    mounted: bool = False
    etag: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def id(self) -> str:
        return f"{self.number:08}{INSTANCE}"


class Request(NamedTuple):
    """One request: its method, its path below a user's files or uploads, and the reply's status."""

    method: str
    path: str
    status: int


class Refused(Exception):
    """The status of a refusal."""


class NextcloudServer:
    """A running server with one user.

    Attributes:
        keeps_mtime: Whether `X-OC-Mtime` is heeded; a storage may not be able to.
        corrupts: Whether what is written is not what was sent.
        thinks_s: How long it thinks before it answers.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.numbers = itertools.count(1)
        self.files = self.new(directory=True)
        self.uploads = self.new(directory=True)
        self.requests: list[Request] = []
        self.keeps_mtime = True
        self.corrupts = False
        self.thinks_s = 0.0
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        self.address = f"127.0.0.1:{self.http.server_address[1]}"

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join(10)
        self.http.server_close()

    def url(self, path: str = "") -> str:
        return f"nextcloud://{USER}:{PASSWORD}@{self.address}/{path}"

    def methods(self) -> list[str]:
        """The methods of all requests since the last time, and forget them."""
        with self.lock:
            found, self.requests[:] = [each.method for each in self.requests], []
        return found

    # -- as another user of the same files would -------------------------------------------------

    def new(self, *, directory: bool = False, content: bytes = b"") -> Node:
        return Node(
            children={} if directory else None,
            content=content,
            mtime_s=int(time.time()),
            number=next(self.numbers),
        )

    def node(self, path: str) -> Node | None:
        """What is at a path below the user's files; None when nothing is."""
        return find(self.files, path)

    def put(self, path: str, content: bytes, mtime_s: int | None = None) -> None:
        """Write a file as another client does, without a checksum."""
        with self.lock:
            parent, name = self.parent(self.files, path, make=True)
            old = parent[name] if name in parent else self.new()
            parent[name] = Node(content=content, mtime_s=mtime_s or int(time.time()), number=old.number)
            self.propagate(self.files, path)

    def delete(self, path: str) -> None:
        with self.lock:
            parent, name = self.parent(self.files, path)
            del parent[name]
            self.propagate(self.files, path)

    def move(self, path: str, to: str) -> None:
        with self.lock:
            parent, name = self.parent(self.files, path)
            node = parent.pop(name)
            target, new = self.parent(self.files, to, make=True)
            target[new] = node
            self.propagate(self.files, path)
            self.propagate(self.files, to)

    def parent(self, root: Node, path: str, *, make: bool = False) -> tuple[dict[str, Node], str]:
        *directories, name = path.strip("/").split("/")
        node = root
        for each in directories:
            children = node.children
            if children is None:
                raise Refused(409)
            if each not in children:
                if not make:
                    raise Refused(409)
                children[each] = self.new(directory=True)
            node = children[each]
        if node.children is None:
            raise Refused(409)
        return node.children, name

    def propagate(self, root: Node, path: str) -> None:
        """Give every directory above a path a new tag (Propagator::propagateChange)."""
        node = root
        for name in ["", *path.strip("/").split("/")[:-1]]:
            following = node if not name else (node.children or {}).get(name)
            if following is None:
                return
            node = following
            node.etag, node.mtime_s = secrets.token_hex(16), int(time.time())

    def _handler(self) -> type[Handler]:
        return type("BoundHandler", (Handler,), {"nextcloud": self})


def find(root: Node, path: str) -> Node | None:
    node: Node | None = root
    for name in filter(None, path.split("/")):
        node = None if node is None or node.children is None else node.children.get(name)
    return node


class Handler(BaseHTTPRequestHandler):
    """Answers requests as Nextcloud does."""

    nextcloud: NextcloudServer
    protocol_version = "HTTP/1.1"
    server_version = "Apache"
    sys_version = ""
    # A reply's head and body in one packet: Nagle's algorithm would wait in between.
    wbufsize = 1 << 16

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self) -> None:
        server = self.nextcloud
        path = unquote(urlsplit(self.path).path)
        body = self.body()
        if body is None:
            self.close_connection = True
            self.note(path, 0)
            return
        status, headers, reply = 404, {}, b""
        try:
            expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if self.headers.get("Authorization") != f"Basic {expected}":
                raise Refused(401)
            with server.lock:
                method = getattr(self, f"on_{self.command.lower()}", None)
                if method is None:
                    raise Refused(501)
                root, below = self.place(path)
                self.conditions(root, below)
                status, headers, reply = method(root, below, body)
        except Refused as refused:
            status = int(refused.args[0])
            headers = {"WWW-Authenticate": 'Basic realm="Nextcloud"'} if status == 401 else {}
            reply = b"<?xml version='1.0'?><d:error xmlns:d='DAV:'/>"
        self.note(path, status)
        time.sleep(server.thinks_s)
        self.send_response(status)
        for name, value in {"DAV": _FEATURES, **headers}.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(reply)

    def note(self, path: str, status: int) -> None:
        with self.nextcloud.lock:
            below = path.removeprefix(FILES) if path.startswith(FILES) else path
            self.nextcloud.requests.append(Request(self.command, below, status))

    def body(self) -> bytes | None:
        """The whole body; None when it broke off: the part file is removed, and nothing happened."""
        length = int(self.headers.get("Content-Length") or 0)
        pieces = []
        while length:
            piece = self.rfile.read(min(length, 1 << 20))
            if not piece:
                return None
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)

    def place(self, path: str) -> tuple[Node, str]:
        server = self.nextcloud
        for prefix, root in ((FILES, server.files), (UPLOADS, server.uploads)):
            if path.rstrip("/") == prefix or path.startswith(f"{prefix}/"):
                return root, path[len(prefix) :].strip("/")
        raise Refused(404)

    def conditions(self, root: Node, path: str) -> None:
        """Sabre's checkPreconditions: before the method, for every method."""
        node = find(root, path)
        if (text := self.headers.get("If-Match")) is not None:
            tags = [each.strip().strip('"') for each in text.split(",")]
            if node is None or ("*" not in tags and node.etag not in tags):
                raise Refused(412)
        if self.headers.get("If-None-Match") == "*" and node is not None:
            raise Refused(412)
        if (text := self.headers.get("If")) is not None:
            found = re.fullmatch(r'(?:<([^>]*)>\s*)?\(\["([^"]*)"\]\)', text)
            if found is None:
                raise Refused(400)
            target = node
            if found[1]:
                target = find(*self.place(unquote(urlsplit(found[1]).path)))
            if target is None or target.etag != found[2]:
                raise Refused(412)

    # -- methods ---------------------------------------------------------------------------------

    def on_propfind(self, root: Node, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        node = find(root, path)
        if node is None:
            raise Refused(404)
        wanted = [each.tag for prop in ElementTree.fromstring(body) for each in prop]
        prefix = FILES if root is self.nextcloud.files else UPLOADS
        listed = [(path, node)]
        if self.headers.get("Depth") == "1":
            listed += [(f"{path}/{name}".strip("/"), child) for name, child in (node.children or {}).items()]
        texts = [described(prefix, below, each, wanted) for below, each in listed]
        text = (
            '<?xml version="1.0"?>\n<d:multistatus xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"'
            f' xmlns:oc="http://owncloud.org/ns">{"".join(texts)}</d:multistatus>'
        )
        return (
            207,
            {"Content-Type": "application/xml; charset=utf-8"},
            text.encode("utf-8", "surrogateescape"),
        )

    def on_get(self, root: Node, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        node = find(root, path)
        if node is None:
            raise Refused(404)
        if node.children is not None:
            raise Refused(501)
        headers = {
            "ETag": f'"{node.etag}"',
            "OC-ETag": f'"{node.etag}"',
            "Last-Modified": email.utils.formatdate(node.mtime_s, usegmt=True),
            "Content-Type": "application/octet-stream",
        }
        if node.checksum:
            headers["OC-Checksum"] = node.checksum
        return 200, headers, node.content

    def on_put(self, root: Node, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        server = self.nextcloud
        if root is server.uploads:
            return self.put_chunk(path, body)
        parent, name = server.parent(root, path)
        demand_name(name)
        old = parent.get(name)
        if old is not None and old.children is not None:
            raise Refused(409)
        headers = self.store(parent, name, old, body)
        headers["OC-FileId"] = parent[name].id
        headers["ETag"] = headers["OC-ETag"] = f'"{parent[name].etag}"'
        server.propagate(root, path)
        return (201 if old is None else 204), headers, b""

    def store(self, parent: dict[str, Node], name: str, old: Node | None, body: bytes) -> dict[str, str]:
        """What File::put does with the headers."""
        server, headers = self.nextcloud, {}
        if self.headers.get("X-Hash") in ("sha256", "all"):
            sent = body + b"?" if server.corrupts else body
            headers["X-Hash-SHA256"] = hashlib.sha256(sent).hexdigest()
        node = Node(
            content=body,
            mtime_s=int(time.time()),
            checksum=(self.headers.get("OC-Checksum") or "").strip(),
            number=next(server.numbers) if old is None else old.number,
        )
        if (text := self.headers.get("X-OC-Mtime")) is not None and server.keeps_mtime:
            node.mtime_s = int(text)
            headers["X-OC-MTime"] = "accepted"
        parent[name] = node
        return headers

    def put_chunk(self, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        parent, name = self.nextcloud.parent(self.nextcloud.uploads, path)
        is_numbered = name.isdigit() and 1 <= int(name) <= 10_000
        if not self.headers.get("Destination") or not is_numbered:
            raise Refused(400)
        parent[name] = self.nextcloud.new(content=body)
        return 201, {}, b""

    def on_mkcol(self, root: Node, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        parent, name = self.nextcloud.parent(root, path)
        if name in parent:
            raise Refused(405)
        demand_name(name)
        parent[name] = self.nextcloud.new(directory=True)
        self.nextcloud.propagate(root, path)
        return 201, {"OC-FileId": parent[name].id}, b""

    def on_delete(self, root: Node, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        parent, name = self.nextcloud.parent(root, path)
        if name not in parent:
            raise Refused(404)
        del parent[name]
        self.nextcloud.propagate(root, path)
        return 204, {}, b""

    def on_move(self, root: Node, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        server = self.nextcloud
        target_root, target = self.place(unquote(urlsplit(self.headers["Destination"]).path))
        is_upload = root is server.uploads and path.endswith("/.file")
        source, name = server.parent(root, path)
        if name not in source and not is_upload:
            raise Refused(404)
        parent, new = server.parent(target_root, target)
        demand_name(new)
        old = parent.get(new)
        if old is not None and self.headers.get("Overwrite", "T").upper() == "F":
            raise Refused(412)
        headers: dict[str, str] = {}
        if is_upload:
            headers = self.store(parent, new, old, assembled(source, self.headers.get("OC-Total-Length")))
            del server.uploads.children[path.split("/")[0]]  # type: ignore[union-attr]
        else:
            parent[new] = source.pop(name)
            server.propagate(root, path)
        headers["OC-FileId"] = parent[new].id
        server.propagate(target_root, target)
        return (201 if old is None else 204), headers, b""


def demand_name(name: str) -> None:
    """What Nextcloud takes as a name (verifyPath)."""
    if len(name.encode("utf-8", "surrogateescape")) > 250 or name.endswith((".part", ".filepart")):
        raise Refused(400)


def assembled(chunks: dict[str, Node], total: str | None) -> bytes:
    """The chunks in the order of their names."""
    ordered = [chunks[name].content for name in sorted(chunks, key=int)]
    content = b"".join(ordered)
    if (total is not None and int(total) != len(content)) or any(
        len(each) < LEAST_CHUNK_BYTES for each in ordered[:-1]
    ):
        raise Refused(400)
    return content


def described(prefix: str, path: str, node: Node, wanted: list[str]) -> str:
    """One response of a multistatus: what the node has of what is wanted, and what it has not."""
    has = dict(properties(node))
    shown = {True: "", False: ""}
    for tag in dict.fromkeys(wanted):
        namespace, _, name = tag[1:].partition("}")
        short = {"DAV:": "d", "http://owncloud.org/ns": "oc"}.get(namespace)
        spelled = f"{short}:{name}" if short else f'x:{name} xmlns:x="{escape(namespace)}"'
        value = has.get(tag)
        shown[value is not None] += f"<{spelled}/>" if not value else f"<{spelled}>{value}</{spelled}>"
    slash = "/" if node.children is not None and path else ""
    href = quote(f"{prefix}/{path}", safe="/", errors="surrogateescape") + slash
    parts = "".join(
        f"<d:propstat><d:prop>{shown[found]}</d:prop><d:status>HTTP/1.1 {status}</d:status></d:propstat>"
        for found, status in ((True, "200 OK"), (False, "404 Not Found"))
        if shown[found]
    )
    return f"<d:response><d:href>{escape(href)}</d:href>{parts}</d:response>"


def properties(node: Node) -> Iterator[tuple[str, str]]:
    is_directory = node.children is not None
    yield "{DAV:}resourcetype", "<d:collection/>" if is_directory else ""
    yield "{DAV:}getlastmodified", email.utils.formatdate(node.mtime_s, usegmt=True)
    yield "{DAV:}getetag", f"&quot;{node.etag}&quot;"
    yield f"{_OWNCLOUD}id", node.id
    yield f"{_OWNCLOUD}fileid", str(node.number)
    yield f"{_OWNCLOUD}permissions", ("M" if node.mounted else "") + ("RGDNVCK" if is_directory else "RGDNVW")
    if not is_directory:
        yield "{DAV:}getcontentlength", str(len(node.content))
        if node.checksum:
            yield f"{_OWNCLOUD}checksums", f"<oc:checksum>{escape(node.checksum)}</oc:checksum>"
