"""Whatever a user names becomes an endpoint, or one clear line."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.ftp import FTPFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractFileSystem
from webdav4.fsspec import WebdavFileSystem

from syncfs.endpoint.family import FAMILIES, Family
from syncfs.endpoint.generic import GenericEndpoint
from syncfs.endpoint.identity import identity_of, url_of
from syncfs.endpoint.local import LocalEndpoint
from syncfs.endpoint.resolve import overlap, resolve
from syncfs.endpoint.webdav import WebdavEndpoint
from syncfs.errors import ConfigError, EndpointUnavailableError
from tests.endpoint.bucket import BucketFileSystem

SECRET = "s3cret"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "sub").mkdir(parents=True)
    return tmp_path / "root"


def test_every_spelling_of_a_local_directory_is_one_place(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upath = pytest.importorskip("upath")
    monkeypatch.setenv("HOME", str(root.parent))
    monkeypatch.chdir(root.parent)
    (root.parent / "link").symlink_to(root)
    fs = LocalFileSystem()
    places: list[tuple[Any, str]] = [
        (str(root), ""),
        (f"{root}/", ""),
        ("root", ""),
        ("./root/.", ""),
        ("~/root", ""),
        (f"file://{root}", ""),
        (f"local://{root}", ""),
        (str(root.parent / "link"), ""),
        (root, ""),
        (root.parent, "root"),
        (str(root.parent), "/root/"),
        (upath.UPath(str(root)), ""),
        (upath.UPath(f"file://{root.parent}"), "root"),
        (fs, str(root)),
        (fs, "~/root"),
        (DirFileSystem(str(root), fs), ""),
        (DirFileSystem(str(root.parent), fs), "root"),
        (DirFileSystem("root", DirFileSystem(str(root.parent), fs)), ""),
        (AsyncFileSystemWrapper(fs, asynchronous=False), str(root)),
        (fsspec.filesystem("filecache", target_protocol="file", cache_storage=str(root / "sub")), str(root)),
    ]
    made = [resolve(place, path=path) for place, path in places]
    assert all(isinstance(endpoint, LocalEndpoint) for endpoint in made)
    assert {endpoint.identity for endpoint in made} == {f"file://{root.resolve()}"}


def test_a_path_leads_into_a_place_and_never_out_of_it(root: Path) -> None:
    assert resolve(root, path="sub").url == str(root / "sub")
    for path in ("..", "../x", "a/../../x"):
        with pytest.raises(ConfigError, match="leads out"):
            resolve(root, path=path)


def test_every_spelling_of_a_webdav_directory_is_one_place() -> None:
    fs = WebdavFileSystem("https://h/dav/", auth=("ann", SECRET))
    places: list[tuple[Any, str]] = [
        (f"webdavs://ann:{SECRET}@h/dav/a%20b/%23", ""),
        (f"davs://ann:{SECRET}@h/dav", "a b/#"),
        (f"webdav+https://ann:{SECRET}@h:443/dav/", "/a b/#/"),
        (fs, "a b/#"),
        (DirFileSystem("a b", fs), "#"),
    ]
    made = [resolve(place, path=path) for place, path in places]
    assert all(isinstance(endpoint, WebdavEndpoint) for endpoint in made)
    assert len({endpoint.identity for endpoint in made}) == 1
    assert SECRET not in str(made[0].identity)


def test_options_and_variables_reach_webdav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNCFS_TEST_USER", "ann")
    monkeypatch.setenv("SYNCFS_TEST_PASSWORD", SECRET)
    options = {"username": "env:SYNCFS_TEST_USER", "password": "env:SYNCFS_TEST_PASSWORD"}
    assert "ann@" in resolve("webdavs://h/dav", options=options).url
    monkeypatch.delenv("SYNCFS_TEST_PASSWORD")
    with pytest.raises(ConfigError, match="SYNCFS_TEST_PASSWORD"):
        resolve("webdavs://h/dav", options=options)


def test_variables_are_found_deep_inside_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYNCFS_TEST_GONE", raising=False)
    with pytest.raises(ConfigError, match=r"dst: .*SYNCFS_TEST_GONE"):
        resolve("memory://a", options={"x": {"y": ["env:SYNCFS_TEST_GONE"]}}, side="dst")


def test_any_other_url_goes_to_fsspec(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("d/f", "text")
    memory = resolve("memory://a/b", path="c")
    assert isinstance(memory, GenericEndpoint)
    assert (memory.url, memory.identity) == ("memory://a/b/c", None)
    zipped = resolve(f"zip://d::{tmp_path}/a.zip")
    assert set(zipped.list("").entries) == {"f"}
    assert zipped.identity == resolve(f"zip://::{tmp_path}/../{tmp_path.name}/a.zip", path="d").identity


@pytest.mark.parametrize(
    ("place", "path", "options", "words"),
    [
        ("nosuch://h/x", "", {}, ["nosuch://", "webdavs", "sftp"]),
        ("", "", {}, ["names no directory"]),
        (LocalFileSystem(), "", {}, ["local disk"]),
        (BucketFileSystem(), "", {}, ["bucket"]),
        (BucketFileSystem(), "/", {}, ["bucket"]),
        (3, "", {}, ["int"]),
        (None, "", {}, ["NoneType"]),
        (b"/tmp", "", {}, ["bytes"]),
        (MemoryFileSystem(), "x", {"a": 1}, ["options are for URLs"]),
        ("/tmp", "", {"auto_mkdir": True}, ["takes no options", "auto_mkdir"]),
        ("webdavs://h/x", "", {"nonsense": 1}, ["nonsense"]),
        ("webdav://", "", {}, ["host"]),
        (AsyncFileSystemWrapper(MemoryFileSystem(), asynchronous=True), "x", {}, ["asyncio.to_thread"]),
        (
            DirFileSystem(
                "/x", AsyncFileSystemWrapper(MemoryFileSystem(), asynchronous=True), asynchronous=True
            ),
            "",
            {},
            ["asyncio.to_thread"],
        ),
    ],
    # Not `repr` of everything: an object's address is another one in every worker of a parallel run.
    ids=lambda value: repr(value) if isinstance(value, str | list | dict) else type(value).__name__,
)
def test_what_cannot_be_meant_is_refused_in_one_line(
    place: Any, path: str, options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(place, path=path, options=options, side="dst")
    message = str(caught.value)
    assert message.startswith("dst: ")
    assert "\n" not in message
    for word in words:
        assert word in message


def test_a_filesystem_that_a_user_registered_is_known_and_its_options_are_checked() -> None:
    class Needy(AbstractFileSystem):
        protocol = "syncfs-needy"

        def __init__(self, *, drive: str, **options: Any) -> None:
            super().__init__(**options)

    fsspec.register_implementation("syncfs-needy", Needy, clobber=True)
    assert resolve("syncfs-needy://x", options={"drive": "a"}).url == "syncfs-needy://x"
    with pytest.raises(ConfigError, match=r"src: syncfs-needy://x cannot be opened so: .*drive") as caught:
        resolve("syncfs-needy://x")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["http", "https", "s3", "sftp"])
def test_a_missing_package_is_named_without_the_password(scheme: str) -> None:
    try:
        fsspec.get_filesystem_class(scheme)
    except ImportError:
        pass
    else:
        pytest.skip("it is installed here")
    with pytest.raises(ConfigError) as caught:
        resolve(f"{scheme}://ann:{SECRET}@h/x")
    assert "nstall" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert ("webdavs://" in str(caught.value)) == (scheme == "https")
    assert ("webdav://" in str(caught.value)) == (scheme == "http")


def test_a_filesystem_that_connects_when_it_is_made_says_that_it_cannot() -> None:
    with pytest.raises(EndpointUnavailableError) as caught:
        resolve(f"ftp://ann:{SECRET}@127.0.0.1:1/x", side="dst")
    assert caught.value.side == "dst"
    assert SECRET not in str(caught.value)
    assert isinstance(caught.value.__cause__, ConnectionError)
    with pytest.raises(EndpointUnavailableError) as missing:
        resolve("zip://d::/no/such/archive.zip")
    assert isinstance(missing.value.__cause__, FileNotFoundError)


# Identities


class Remote(AbstractFileSystem):
    """A filesystem that keeps its options and does nothing."""

    cachable = False


def named(protocol: str, root: str, **options: Any) -> str | None:
    return identity_of(Remote(**options), root, FAMILIES.get(protocol, Family(name=protocol)))


@pytest.mark.parametrize(
    ("protocol", "root", "options", "expected"),
    [
        (
            "sftp",
            "/home/ann",
            {"host": "NAS", "username": "ann", "password": SECRET},
            "sftp://ann@nas/home/ann",
        ),
        ("ssh", "/home/ann", {"host": "nas", "username": "ann", "port": 22}, "sftp://ann@nas/home/ann"),
        ("sftp", "/x", {"host": "nas", "port": "2222"}, "sftp://nas:2222/x"),
        ("smb", "/share/x", {"host": "h", "username": "a b"}, "smb://a%20b@h/share/x"),
        ("s3", "bucket/x", {"key": SECRET, "secret": SECRET, "token": SECRET}, "s3:///bucket/x"),
        ("s3a", "bucket/x", {"endpoint_url": f"https://k:{SECRET}@Minio:9000/"}, "s3://minio:9000/bucket/x"),
        ("s3", "b", {"client_kwargs": {"endpoint_url": "http://minio:9000"}}, "s3://minio:9000/b"),
        ("gcs", "bucket", {"project": "p", "token": SECRET}, "gs://p/bucket"),
        ("abfs", "c/x", {"account_name": "acc", "account_key": SECRET}, "abfs://acc/c/x"),
        ("memory", "/x", {}, None),
        ("https", f"https://ann:{SECRET}@h/x", {}, "https://h/x"),
        ("reference", "x", {}, None),
    ],
)
def test_a_place_is_named_by_what_tells_it_from_others_and_by_no_secret(
    protocol: str, root: str, options: dict[str, Any], expected: str | None
) -> None:
    assert named(protocol, root, **options) == expected
    assert SECRET not in url_of(Remote(**options), root, FAMILIES[protocol])


def test_of_an_unknown_filesystem_every_telling_option_tells() -> None:
    one = named("newfs", "x", drive="a", password=SECRET)
    assert one is not None
    assert one == named("newfs", "x", drive="a", password="other")
    assert one != named("newfs", "x", drive="b", password=SECRET)
    assert SECRET not in one


def test_archives_elsewhere_than_on_the_local_disk_cannot_be_named() -> None:
    assert named("zip", "d", fo="https://h/a.zip", target_protocol="https") is None
    assert named("zip", "d", fo=object()) is None


# Overlap


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("a", "a", "same directory"),
        ("a", "a/", "same directory"),
        ("a/b", "a", "src lies inside dst"),
        ("a", "a/b/c", "dst lies inside src"),
        ("a", "ab", None),
        ("a/b", "a/c", None),
        ("/", "a", "dst lies inside src"),
    ],
)
def test_roots_inside_each_other_are_found(root: Path, one: str, other: str, words: str | None) -> None:
    first, second = (resolve(os.path.join(root, path)) for path in (one, other))
    found = overlap(first, second)
    assert (found is None) == (words is None)
    assert words is None or (found is not None and words in found)


def test_a_symlink_does_not_hide_an_overlap(root: Path) -> None:
    (root.parent / "link").symlink_to(root)
    assert overlap(resolve(root), resolve(root.parent / "link" / "sub")) is not None


def test_places_that_cannot_be_named_or_are_elsewhere_do_not_overlap(root: Path) -> None:
    memory = resolve("memory://a")
    assert overlap(memory, memory) is None
    assert overlap(resolve(root), resolve(f"webdavs://h{root}")) is None
    assert overlap(resolve("webdavs://h/a"), resolve("webdavs://h/a/b")) is not None


def test_a_filesystem_is_left_open(tmp_path: Path) -> None:
    fs = MemoryFileSystem(global_store=False, skip_instance_cache=True)
    fs.mkdir("/a")
    endpoint = resolve(fs, path="a")
    endpoint.check_root()
    del endpoint
    fs.pipe_file("/a/f", b"x")
    assert fs.ls("/a", detail=False) == ["/a/f"]


def test_ftp_is_told_by_user_host_and_port() -> None:
    assert "host" in FTPFileSystem._get_kwargs_from_urls("ftp://ann@h:2121/x")
    assert named("ftp", "/x", host="h", port=2121, username="ann") == "ftp://ann@h:2121/x"
    assert named("ftp", "/x", host="h", port=21) == "ftp://h/x"
