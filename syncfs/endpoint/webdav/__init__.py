"""WebDAV: a directory on a server.

A `WebdavEndpoint` is thin; below it, each knowing only those before: `location` (URLs and quoting),
`clock`, `etag`, `multistatus` (the parser), `wire` (the seam through which every request goes), `session`
(retries, redirects, the log), `profile` (what can it do; with `servers` and `knowledge`), `remote` (looking),
`properties`, `publish` (with `dated`), `turn`, `download`, `probing` (with `questions`), and `explained` for
people.
Behind the seam are two wires: `socket_wire` (with `connection`, `reply` and `tls`), and `httpx_wire`; above
either, `authenticated` (with `login` and `digest`) proves who we are.
`connect` makes an endpoint of a URL, `client` of a user's own `webdav4` filesystem.

Decisions:
    Our own requests, not webdav4's: its calls list the parent and make it again before each upload (4
    requests for 1, and quadratic time in a large directory), decode names twice and fail on stock Debian
    Apache.

    Sockets of our own, each connection kept for the next request. 2,000 PUTs of 4 KiB to Apache by 16
    threads cost the client 1.03 ms each of CPU through httpx, 0.23 through `http.client`, 0.15 so; above
    some 700 requests a second httpx is the limit, not the network. `http.client` was left for more than
    its cost (and its 16 ms of imports): it follows interim replies and trailers without end, takes 103 for
    the reply, a body cut short for a whole one, and cannot look for a reply while it sends. So a reply's
    head is read by 40 lines of ours within strict limits.

    httpx where only httpx can do it: an `auth` object made for it, a proxy, event hooks, cookies, HTTP/2,
    another transport. What a user's `WebdavFileSystem` was made with (credentials, headers, TLS settings,
    timeouts) is taken over; where httpx does not tell, httpx is used. A URL needs neither httpx nor webdav4.
    The hostile server of the tests is met by both wires; one thing httpx does not survive: it reads a head,
    and interim replies (1xx), for as long as they come, and lets nobody count them.

    A password goes out unasked only over TLS. Over plain http the first request goes without, and the
    server's challenge decides: Digest wherever it is offered, else Basic; the price is one request a run.
    All of that sits above the wires, so both prove who we are alike. An upload that cannot be sent again
    is preceded by a small request unless the nonce is younger than a minute. The alternative,
    `Expect: 100-continue`, httpx cannot do.

    The certificates that the system trusts, as for curl and rclone, and certifi's (httpx's only choice)
    where it has none: a private authority that an administrator has installed is trusted.

    A request that no byte answered is sent again, once, if it went over a kept connection and if doing it
    twice is harmless: not DELETE nor MOVE, which could hit what a stranger has put there in between. Nor
    a PUT: these go over a new connection, or one that was used a second ago. One that goes in place is sent
    once more all the same, since a server that is trusted with it keeps the old file until it has all of the
    new. What is staged is not: WsgiDAV goes on writing what was cut off, and did so after the second PUT of
    that name was verified, and cut it short. The engine's next try takes another temporary name.

    What a server can do is a set of facts (`profile`), never its name: from the table of servers that
    were measured (`servers`), where `Server` *and* the way of writing XML are theirs (Apache or nginx
    may stand before something else, whose PUT truncates in place); else from a probe (`probing`); over
    both, what the user says. A product that serves from many kinds of storage (sabre/dav, rclone,
    npm's, ASGIWebDAV) has in the table the worse of what depends on the storage. A test probes every
    server of the table and holds the two against each other.

    The probe asks in a scratch collection, `.syncfs-probe-...` (`syncfs-tmp-probe-...` where dotfiles
    are not listed), before a run's first write to a server that is not in the table, and never
    otherwise: 56 to 132 requests on the servers measured (most where names are lost one by one), and
    0.7 s, in which a server may do to a file what it does when an upload breaks off. It hangs up in the
    middle of two uploads and looks. The facts stay with the pair's state for 30 days, while the
    server's headers and XML look the same. Whatever cannot be settled is as little as an unknown server
    is trusted with; a probe that fails leaves nothing but that. When facts change what plans rest on,
    the plan is made anew before anything is written.

    Two things are known and not probed: whether readers see whole files, and no gap, while one is
    replaced. A probe could only fail to see the moment in which they do not.

    Whether a disk folds names no fingerprint tells (Apache runs on macOS too). A name that is refused
    as existing and that no listing shows betrays it, and is remembered.

    Two ways to put a file in place. One PUT, with a condition, where an aborted PUT leaves the old file
    *and* conditions are heeded: Apache, lighttpd, Nextcloud. Everywhere else a PUT under a temporary
    name and a MOVE. nginx would allow a plain PUT, but ignores the conditions: look and PUT cost as
    much as PUT and `MOVE` with `Overwrite: F`, and only the latter leaves no gap.

    More than one chunk goes the second way everywhere. A condition is checked when its PUT begins, so
    an edit that lands while a large body is on its way would be overwritten unseen; two or three more
    requests are nothing beside the body. The price is a moment in which Apache has no such file: its
    MOVE removes the target, then renames.

    On Apache the condition is an `If` header that names the target and its tag. `If-Match` fails there
    for about two seconds after each write, while the tag is called weak; mod_dav's `If` compares weakly
    (43 difficult names tried, for PUT and for both ends of a MOVE: all obeyed). Elsewhere, where tags
    are weak, a file younger than 3 s by the server's clock is looked at instead of named in `If-Match`.
    A 412 whose file proves by a look to be unchanged was for the tag's weakness: the request is
    repeated, guarded by that look.

    An mtime is set where one can be, by `X-OC-Mtime` (rclone from 1.75, Nextcloud) or by PROPPATCH.
    That it is kept is looked at with a run's first file: the storage behind may not be able to. rclone
    names in the PUT's reply the tag from before it set the mtime, so that tag counts for nothing there.

    Each directory that was written to is listed once, also where a PUT's reply names the tag for good
    (lighttpd): the tag says which file the listing must show, but is no evidence that the name is listed
    at all. To leave that to the next run saves a request a directory once; then a run that finds nothing
    to do would write its state.

    What was staged is verified by the PUT's own reply where its tag spells the size (WsgiDAV, rclone),
    else by one look. Creating a file so costs 1 request on Apache, 2 on WsgiDAV and rclone, 3 on a
    server nobody knows.

    A download that breaks off goes on with `Range` and `If-Range`, by a strong tag that can hide no
    change. npm's server and ASGIWebDAV ignore `If-Range`: the reply must be a 206 of exactly the rest
    under the same tag, and a look at the end must find the file unchanged. Anything else fails the
    copy, which then starts again.

    Names that a MOVE's `Destination` loses are refused (`?`, tab and line break on WsgiDAV, which decodes
    the header before taking it apart: `MOVE` to `q%3Fx` lands on `q`; some more on unknown servers). The
    alternative, a plain PUT, could leave half a file under a final name, and the MOVE could replace
    another file.

    A MOVE that may not overwrite is looked at beforehand where the suite found it to do more than it should:
    lighttpd's puts a file *into* a directory of the target's name and replaces a file by a directory, both in
    spite of `Overwrite: F`; nginx's makes missing directories. A directory's MOVE always is: it is rare.

    No request is sent to sabre/dav, Nextcloud or an unknown server whose path below the root holds a line
    break. sabre/dav (1.8.12; later ones were not tried) takes what is below a directory with one in its name
    for the server's root: one DELETE removed all that was on it, one MOVE copied the root into itself. It is
    checked where every request passes.

    Conditions are no lock: servers check them some time before they act. Of eight clients that replaced one
    version at once on Apache several won in one round of ten, on sabre/dav, npm's server, rclone and
    ASGIWebDAV in most; only lighttpd, with its one event loop, always let one win. LOCK is none
    either: on Apache two clients were given one exclusive lock in 3 rounds of 20, seven or eight where the
    name was new; on sabre/dav five. What is exclusive is mkdir: of eight MKCOLs one succeeded, in 60 of 60
    rounds on Apache, nginx, lighttpd, WsgiDAV, npm's server and ASGIWebDAV, in 59 on sabre/dav; rclone
    says yes to all. So a run that writes a few small files (at most 16, 1 MiB in all) holds the collection
    `.syncfs-turn` in the root meanwhile, `turn`: two requests a run, whatever it writes. The conditions,
    checked under the turn, tell the others. A larger run would keep the others waiting, and a turn for
    each file would cost two requests a file: it goes by the conditions alone, and a read-back that proves
    another's version to stand in place of ours is a problem. Whoever dies with a turn holds up the next
    run for 10 s at most. Nextcloud gets none: what is removed there goes to its trash.

    Contents of up to one chunk are taken in hand before they are sent: a torn source is noticed before the
    server is.

    A GET's headers must agree with the listing; where they do not, one look decides, since a proxy may
    give a file another tag than its property. After a GET of more than 8 KiB from a server that writes
    into the very file it sends, another look makes sure that nothing was mixed in.

    A write's reply is believed by the server's clock, whose difference from ours is bounded by the `Date`
    of every reply. `Date` alone is not enough: Apache stamps the arrival of a request, which for a long
    upload is long before the file's mtime.

    What a server can make us hold is bounded: 64 MiB of entries in one directory, which is about 150,000
    of them, and one large listing at a time; 64 KiB for a tag or a comment, 4,096 names of properties (expat
    keeps each for ever), 128 levels of directories. A directory beyond that is a problem, not a listing.
    The alternative, to stream a directory of any size, would need a reconciler that sees no whole directory.

    How long it can make us wait is bounded too: 30 s for an operation, and for the next 1 KiB of a reply
    that has begun. What passes by itself is tried again for 8 s where it asks, and for 20 s where it
    writes, unless the server asks for more time; the next run goes on.

    A directory is removed only when a listing shows it empty, because DELETE takes everything below with
    it; on nginx, which hides dotfiles, never.
"""

from syncfs.endpoint.webdav.connect import SCHEMES, open_url
from syncfs.endpoint.webdav.endpoint import WebdavEndpoint

__all__ = ["SCHEMES", "WebdavEndpoint", "open_url"]
