"""WebDAV: a directory on a server, through the user's own `webdav4` client."""

from syncfs.endpoint.webdav.endpoint import WebdavEndpoint

__all__ = ["WebdavEndpoint"]
