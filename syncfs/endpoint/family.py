"""What is known of each kind of fsspec filesystem beyond what its methods tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["FAMILIES", "Family", "family_of", "protocols_of"]

SECOND_NS = 1_000_000_000
MTIME_KEYS = (
    "mtime",  # sftp, smb, gcs, arrow, libarchive
    "LastModified",  # s3
    "last_modified",  # azure
    "Last-Modified",  # http
    "modified",  # webdav4, dropbox and others
    "modify",  # ftp
    "updated",  # gcs before 2023
    "modificationTime",  # webhdfs
    "date_time",  # zip
)
"""Under which keys filesystems tell a file's mtime, the most exact first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One kind of filesystem, and what may be relied on.

    Attributes:
        name: Its canonical protocol; the same for all spellings (`gs` for `gcs`).
        mtime_keys: Where its `info` tells the mtime, in order of preference.
        grain_ns: The finest difference between two mtimes that it shows.
        etag_is_md5: An entity tag of 32 hexadecimal digits is the content's md5: S3, where the object was
            put in one piece and is not encrypted with a key of one's own.
        puts_whole: Its own write shows the old content or the new, whole, to whoever looks; so no
            temporary file is needed.
        implies_directories: A directory is there only while a file is below it. An empty one is kept by a
            reserved, empty file in it.
        is_writable: Files can be written.
        folds_case: `Readme` and `README` are one name there.
        is_serial: One connection serves one call at a time.
        removes_directories: Its `rmdir` removes empty directories only.
        is_named: `identity` can be told from host, user, port and path, or from what stands for them.
        port: The port that is meant where none is given.
        cannot_hold: Characters that no name can have there.
        cannot_end: Characters that no name can end with.
        keeps_mtime: A file is given the time of its source.
        tells_by_tag: Where it tells entity tags, an edit changes them, also one of the same size and second.
        is_archive: One file that holds others.
        quotes: A path is part of a URL, so names in it are quoted.
        needs_path: Its root is no user's directory: the bare local disk, all buckets of an account.
    """

    name: str
    mtime_keys: tuple[str, ...] = MTIME_KEYS
    grain_ns: int = SECOND_NS
    etag_is_md5: bool = False
    puts_whole: bool = False
    implies_directories: bool = False
    is_writable: bool = True
    folds_case: bool = False
    is_serial: bool = False
    removes_directories: bool = True
    is_named: bool = True
    port: int | None = None
    cannot_hold: frozenset[str] = frozenset()
    cannot_end: tuple[str, ...] = ()
    keeps_mtime: bool = False
    tells_by_tag: bool = True
    is_archive: bool = False
    quotes: bool = False
    needs_path: bool = False


_CONTROLS = frozenset(map(chr, (*range(32), 127)))
"""Control characters. OpenSSH, vsftpd and S3 itself hold most; rclone's servers list them as something else
than what was written, adlfs drops a line break, so that `line\\nx` lands on `linex`; and XML, in which object
stores list, has no words for most."""


def _bucket(name: str, cannot_hold: frozenset[str] = _CONTROLS, **known: Any) -> Family:
    return Family(
        name=name,
        puts_whole=True,
        implies_directories=True,
        needs_path=True,
        cannot_hold=cannot_hold,
        **known,
    )


def _read_only(name: str, **known: Any) -> Family:
    return Family(name=name, is_writable=False, **known)


_S3 = _bucket("s3", etag_is_md5=True)
_GCS = _bucket("gs", grain_ns=1_000_000)
# Azure takes a backslash for a slash, and drops a dot at the end of a name.
_AZURE = _bucket("abfs", _CONTROLS | {"\\"}, cannot_end=(".",))
_SFTP = Family(name="sftp", port=22, is_serial=True, keeps_mtime=True, cannot_hold=_CONTROLS)
# nginx makes its tags of size and seconds.
_HTTP = _read_only("http", tells_by_tag=False, quotes=True)

FAMILIES: dict[str, Family] = {
    # A memory file is published when it is opened; the endpoint puts it whole, see generic.py.
    "memory": Family(name="memory", mtime_keys=("created",), grain_ns=1_000, puts_whole=True, is_named=False),
    "s3": _S3,
    "s3a": _S3,
    "gs": _GCS,
    "gcs": _GCS,
    "abfs": _AZURE,
    "abfss": _AZURE,
    "az": _AZURE,
    "adl": _AZURE,
    "oss": _bucket("oss", etag_is_md5=True),
    "sftp": _SFTP,
    "ssh": _SFTP,
    "ftp": Family(name="ftp", port=21, is_serial=True, cannot_hold=_CONTROLS),
    "smb": Family(name="smb", port=445, grain_ns=1_000, folds_case=True),
    "webhdfs": Family(name="webhdfs", grain_ns=1_000_000, removes_directories=False),
    # pyarrow's delete_dir takes everything below with it.
    "hdfs": Family(name="hdfs", grain_ns=1_000_000, removes_directories=False),
    "http": _HTTP,
    "https": _HTTP,
    "github": _read_only("github"),
    "git": _read_only("git", is_named=False),
    "zip": _read_only("zip", is_archive=True, grain_ns=2 * SECOND_NS, is_serial=True),
    "tar": _read_only("tar", is_archive=True, is_serial=True),
    "libarchive": _read_only("libarchive", is_archive=True, is_serial=True),
    "reference": _read_only("reference", is_named=False),
    "data": _read_only("data", is_named=False),
}
"""By protocol, for every spelling of it."""


def protocols_of(fs: Any) -> tuple[str, ...]:
    """The protocols that a filesystem answers to, its own name for itself first."""
    protocol = fs.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def family_of(fs: Any) -> Family:
    """What is known of a filesystem; of an unknown one only the safe assumptions."""
    protocols = protocols_of(fs)
    for protocol in protocols:
        if protocol in FAMILIES:
            return FAMILIES[protocol]
    return Family(name=protocols[0] if protocols else "unknown")
