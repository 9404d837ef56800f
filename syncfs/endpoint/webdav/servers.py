"""Known servers: how each is recognised, and what was measured of it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from syncfs.endpoint.webdav.profile import Etags, Profile, SetMtime

__all__ = ["Fingerprint", "recognise"]

_SHAPE = re.compile(rb"<[^<>?!]*multistatus.*?href", re.DOTALL)

_ALL = frozenset({"PUT", "DELETE", "MOVE"})
_CONTROL = frozenset(map(chr, [*range(1, 32), 127]))

_APACHE = Profile(
    name="Apache",
    gives_turns=True,
    unsafe_in_paths=frozenset(),
    etags=Etags.WEAK,
    heeds_if_match=_ALL,
    heeds_if_none_match=True,
    heeds_if=_ALL,
    keeps_old_on_abort=True,
    hides_new_on_abort=True,
    reads_whole=True,
    moves_without_gap=False,
    keeps_etag_on_move=True,
    keeps_dead_properties=True,
    dead_properties_survive=frozenset({"PUT", "MOVE"}),
    stores_fragments=True,
)
_LIGHTTPD = Profile(
    name="lighttpd",
    unsafe_in_paths=frozenset(),
    lists_infinitely=True,
    etags=Etags.STRONG,
    heeds_if_match=_ALL,
    heeds_if_none_match=True,
    # Between files it does. But a file goes *into* a directory of the target's name, and a directory
    # replaces a file.
    heeds_overwrite=False,
    keeps_old_on_abort=True,
    hides_new_on_abort=True,
    reads_whole=True,
    moves_without_gap=True,
    replies_with_etag=True,
    keeps_etag_on_move=True,
    keeps_dead_properties=True,
    dead_properties_survive=frozenset({"PUT", "MOVE"}),
    serialises=True,  # one worker and one event loop, unless it is told otherwise
    unsafe_in_names=_CONTROL,
)
_NGINX = Profile(
    name="nginx",
    gives_turns=True,
    unsafe_in_paths=frozenset(),
    lists_dotfiles=False,
    etags=Etags.NONE,
    moves_make_parents=True,
    keeps_old_on_abort=True,
    hides_new_on_abort=True,
    reads_whole=True,
    moves_without_gap=True,
    needs_collection_slash=True,
)
_NEXTCLOUD = Profile(  # read in its source, not measured
    name="Nextcloud",
    lists_infinitely=True,
    etags=Etags.STRONG,
    heeds_if_match=frozenset({"PUT", "DELETE"}),
    heeds_if_none_match=True,
    keeps_old_on_abort=True,
    hides_new_on_abort=True,
    reads_whole=True,
    sets_mtime=SetMtime.HEADER,
    keeps_dead_properties=True,
    tells_quota=True,
)
_WSGIDAV = Profile(
    name="WsgiDAV",
    gives_turns=True,
    unsafe_in_paths=frozenset(),
    lists_infinitely=True,
    etags=Etags.COARSE,
    # Not DELETE: a directory has no tag here, and goes in spite of the condition.
    heeds_if_match=frozenset({"PUT", "MOVE"}),
    heeds_if_none_match=True,
    moves_without_gap=False,
    replies_with_etag=True,
    keeps_etag_on_move=True,
    tells_quota=True,
    unsafe_in_destination=frozenset("?\t\r\n"),
    ends_destinations_in_slash=True,
)
_OLD_RCLONE = Profile(
    name="rclone",
    unsafe_in_paths=frozenset(),
    lists_infinitely=True,
    etags=Etags.STRONG,
    moves_without_gap=False,
    keeps_etag_on_move=True,
    ends_etag_in_size=True,
    stores_fragments=True,
    mkcol_on_existing=201,
    folds_unicode=True,
    unsafe_in_names=_CONTROL,
)
_RCLONE = replace(_OLD_RCLONE, sets_mtime=SetMtime.HEADER)
_RCLONE_WITH_MTIME = (1, 75)
"""The first version that was seen to take an mtime; 1.60 was seen not to."""
_SABRE = Profile(
    name="sabre/dav",
    gives_turns=True,  # in 59 of 60 rounds: it ignores what its mkdir says
    etags=Etags.NONE,
    heeds_if_match=frozenset({"PUT", "DELETE"}),
    heeds_if_none_match=True,
    moves_without_gap=False,
    tells_quota=True,
    lost_names=frozenset({"0"}),
)
_NPM = Profile(
    name="webdav-server (npm)",
    gives_turns=True,
    unsafe_in_paths=frozenset(),
    etags=Etags.STRONG,
    moves_without_gap=False,
    keeps_etag_on_move=True,
    keeps_dead_properties=True,
    dead_properties_survive=frozenset({"PUT"}),
    stores_fragments=True,
    unsafe_in_names=frozenset("\\"),
    dies_of_if=True,
)
_ASGI = Profile(
    name="ASGIWebDAV",
    gives_turns=True,
    unsafe_in_paths=frozenset(),
    lists_infinitely=True,
    etags=Etags.WEAK,
    moves_without_gap=False,
    keeps_etag_on_move=True,
    stores_fragments=True,
    longest_name_bytes=248,  # a longer one is stored, but neither replaced nor removed
    unsafe_in_names=frozenset("%"),
)


class Fingerprint(NamedTuple):
    """What the replies of one server look like.

    Attributes:
        server: The `Server` header; empty when there is none.
        dav: The `DAV` header; empty when there is none.
        head: The first bytes of a listing.
    """

    server: str
    dav: str
    head: bytes

    @property
    def text(self) -> str:
        """What stays the same while the server does: its name and version, and how it writes XML."""
        found = _SHAPE.search(self.head)
        shape = found[0].decode("ascii", "replace") if found else ""
        return " | ".join((self.server, self.dav, shape))


def recognise(seen: Fingerprint) -> Profile | None:
    """Name the server; None when it is none of those that were measured.

    `Server` alone proves little: Apache and nginx often stand before something else, whose PUT may
    truncate in place. So a server's own way of writing XML is asked for too. Where a product serves from
    many kinds of storage (sabre/dav, rclone, npm's, ASGIWebDAV), what depends on the storage is taken for
    the worse.
    """
    product, head = seen.server.lower(), seen.head
    features = {feature.strip() for feature in seen.dav.lower().split(",")}
    if any(f.startswith(("nextcloud-", "nc-", "oc-")) for f in features):
        return _NEXTCLOUD
    if b'xmlns:s="http://sabredav.org/ns"' in head:
        return _SABRE
    if product.startswith("apache") and b'xmlns:lp1="DAV:"' in head:
        return _APACHE
    if product.startswith("lighttpd") and b"c2f41010-65b3-11d1-a29f-00aa00c14882" in head:
        return _LIGHTTPD
    if product.startswith("nginx") and b'?>\n<D:multistatus xmlns:D="DAV:">\n<D:response>\n' in head:
        return _NGINX
    # The second when it is embedded with its usual server; it writes its XML with lxml where that is there.
    if product.startswith(("wsgidav", "cheroot")) and (
        b'<ns0:multistatus xmlns:ns0="DAV:">' in head or b'<D:multistatus xmlns:D="DAV:">' in head
    ):
        return _WSGIDAV
    if product.startswith("rclone") and b'<D:multistatus xmlns:D="DAV:"><D:response>' in head:
        version = re.match(r"rclone/v(\d+)\.(\d+)", product)
        is_new = version is not None and (int(version[1]), int(version[2])) >= _RCLONE_WITH_MTIME
        return _RCLONE if is_new else _OLD_RCLONE
    if product.startswith("webdav-server/") and b"<D:href>http" in head:
        return _NPM
    if b"</D:prop><D:lockdiscovery/><D:status>" in head:
        return _ASGI
    return None
