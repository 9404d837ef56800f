"""Which server is it, and what may be relied on there."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["UNKNOWN", "Profile", "recognise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known of one kind of server (measured on the real ones; Nextcloud's source was read).

    Attributes:
        name: For the log.
        puts_atomically: An aborted PUT leaves the old file, or none, and a reader of the file sees the
            old content or the new.
        honours_conditions: `If-Match` and `If-None-Match` are obeyed by PUT and DELETE.
        obeys_if: `If` with an entity tag is obeyed by PUT, DELETE and MOVE, in MOVE for the source and
            for the target, whatever their names and even while the tag is called weak: mod_dav compares
            weakly there, which RFC 9110 forbids for `If-Match`.
        lists_dotfiles: A listing shows names that begin with a dot.
        keeps_etag_on_move: A file's entity tag survives a MOVE.
        appends_size_to_etag: A tag ends in the size in hex.
        unsafe_in_destination: Characters of a path that a MOVE's `Destination` loses here, or may lose:
            what comes after them is cut off, so that a file would land on another one's name. WsgiDAV
            decodes the header before it takes it apart as a URL.
        ends_destinations_in_slash: A file's `Destination` is given a slash too: it keeps WsgiDAV from
            cutting a name at its `;`.
    """

    name: str
    puts_atomically: bool = False
    honours_conditions: bool = False
    obeys_if: bool = False
    lists_dotfiles: bool = True
    keeps_etag_on_move: bool = False
    appends_size_to_etag: bool = False
    unsafe_in_destination: frozenset[str] = frozenset()
    ends_destinations_in_slash: bool = False


UNKNOWN = Profile(name="unknown", unsafe_in_destination=frozenset("?#;%\t\r\n"))
"""Trust nothing: stage, look, move."""

_APACHE = Profile(
    name="Apache", puts_atomically=True, honours_conditions=True, obeys_if=True, keeps_etag_on_move=True
)
_LIGHTTPD = Profile(name="lighttpd", puts_atomically=True, honours_conditions=True)
_NGINX = Profile(name="nginx", puts_atomically=True, lists_dotfiles=False)
_NEXTCLOUD = Profile(name="Nextcloud", puts_atomically=True, honours_conditions=True)
_WSGIDAV = Profile(
    name="WsgiDAV",
    honours_conditions=True,
    keeps_etag_on_move=True,
    unsafe_in_destination=frozenset("?\t\r\n"),
    ends_destinations_in_slash=True,
)
_RCLONE = Profile(name="rclone", keeps_etag_on_move=True, appends_size_to_etag=True)


def recognise(server: str, dav: str, head: bytes) -> Profile:
    """Name the server from the reply to a PROPFIND.

    `Server` alone proves little: Apache and nginx often stand before something else, whose PUT may
    truncate in place. So their own modules' way of writing XML is asked for too.

    Args:
        server: The `Server` header; empty when there is none.
        dav: The `DAV` header; empty when there is none.
        head: The first bytes of the body.
    """
    product = server.lower()
    features = {feature.strip() for feature in dav.lower().split(",")}
    if any(f.startswith(("nextcloud-", "nc-", "oc-")) for f in features):
        return _NEXTCLOUD
    if product.startswith("apache") and b'xmlns:lp1="DAV:"' in head:
        return _APACHE
    if product.startswith("lighttpd") and b"c2f41010-65b3-11d1-a29f-00aa00c14882" in head:
        return _LIGHTTPD
    if product.startswith("nginx") and b'?>\n<D:multistatus xmlns:D="DAV:">\n<D:response>\n' in head:
        return _NGINX
    if product.startswith(("wsgidav", "cheroot")):  # the second when it is embedded with its usual server
        return _WSGIDAV
    if product.startswith("rclone"):
        return _RCLONE
    return UNKNOWN
