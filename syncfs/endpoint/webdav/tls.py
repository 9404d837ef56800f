"""Whom to trust, and what to show, when a connection is encrypted."""

from __future__ import annotations

import os
import ssl
from typing import Any

from syncfs.errors import ConfigError

__all__ = ["tls_context"]


def tls_context(verify: bool | str, cert: Any, side: str) -> ssl.SSLContext:
    """Make the settings of encrypted connections.

    Args:
        verify: True for the certificates that this system trusts, or certifi's where it has none; a path
            of a file or a directory of those to trust instead; False for none at all.
        cert: The client's own: a path, or a list of the paths of certificate and key, and the key's
            passphrase; None without one.
        side: `"src"` or `"dst"`, for messages.

    Raises:
        ConfigError: A file cannot be used.
    """
    try:
        context = _trusting(verify)
        if cert is not None:
            # Without a passphrase an encrypted key must not ask the terminal for one.
            certificate, key, passphrase = (*([cert] if isinstance(cert, str) else cert), None, None)[:3]
            context.load_cert_chain(certificate, key, passphrase or "")
    except (OSError, TypeError, ValueError) as error:
        # OSError's text may hold a path, never the passphrase.
        raise ConfigError(
            f"{side}: the certificate given by verify or cert cannot be used: {error}"
        ) from None
    return context


def _trusting(verify: bool | str) -> ssl.SSLContext:
    if isinstance(verify, str):
        path = os.path.expanduser(verify)
        if os.path.isdir(path):
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    if not verify:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    known = ssl.get_default_verify_paths()  # what the environment says comes first there
    if known.cafile is None and known.capath is None and os.name != "nt":
        import certifi

        return ssl.create_default_context(cafile=certifi.where())
    return ssl.create_default_context()
