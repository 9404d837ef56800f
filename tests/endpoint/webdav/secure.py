"""An Apache that speaks TLS, and who vouches for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trustme

from tests.servers.apache import _MODULE_DIRECTORIES, Apache
from tests.servers.server import free_port

_HOST = """
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
    SSLEngine on
    SSLCertificateFile "{certificate}"
    {more}
</VirtualHost>
"""


class Secure(NamedTuple):
    """An Apache that speaks TLS on three ports, and who vouches for it.

    Attributes:
        server: The Apache.
        port: Its certificate is for 127.0.0.1, ::1 and localhost.
        misnamed_port: Its certificate is for another host.
        demanding_port: Wants a certificate of the client.
        trusted: The file of the authority's certificate.
        cert: A client's certificate and key, by that authority.
        stranger: The same by another one.
    """

    server: Apache
    port: int
    misnamed_port: int
    demanding_port: int
    trusted: str
    cert: str
    stranger: str


@contextmanager
def running(home: Path) -> Iterator[Secure]:
    """Start one, its certificates' files in a directory; its user is ann, her password s3cret."""
    authority, other = trustme.CA(), trustme.CA()

    def written(name: str, blob: trustme.Blob, *more: trustme.Blob) -> str:
        path = home / name
        path.write_bytes(b"".join(part.bytes() for part in (blob, *more)))
        return str(path)

    def issued(name: str, by: trustme.CA, *hosts: str) -> str:
        certificate = by.issue_cert(*hosts)
        return written(name, certificate.private_key_pem, *certificate.cert_chain_pems)

    modules = next(directory for directory in _MODULE_DIRECTORIES if (directory / "mod_ssl.so").exists())
    ours = issued("server.pem", authority, "127.0.0.1", "::1", "localhost")
    trusted = written("trusted.pem", authority.cert_pem)
    hosts = (
        (port := free_port(), ours, ""),
        (misnamed := free_port(), issued("misnamed.pem", authority, "other.example"), ""),
        (demanding := free_port(), ours, f'SSLVerifyClient require\nSSLCACertificateFile "{trusted}"'),
    )
    extra = f'LoadModule ssl_module "{modules}/mod_ssl.so"\n' + "".join(
        _HOST.format(port=number, certificate=certificate, more=more) for number, certificate, more in hosts
    )
    with Apache(auth="basic", user="ann", password="s3cret", extra=extra) as server:
        cert = issued("client.pem", authority, "ann@example.org")
        stranger = issued("stranger.pem", other, "ann@example.org")
        yield Secure(server, port, misnamed, demanding, trusted, cert, stranger)
