"""sabre/dav 1.8 (what ownCloud and Nextcloud grew from) in PHP's own server."""

import shutil
from pathlib import Path
from typing import ClassVar

from tests.servers.behind import ServerBehindProxy
from tests.servers.server import ServerMissingError

_LIBRARY = Path("/usr/share/php/Sabre/autoload.php")
_SCRIPT = Path(__file__).with_name("sabre.php")


class Sabre(ServerBehindProxy):
    """sabre/dav over a plain directory."""

    name: ClassVar[str] = "sabre"

    def __init__(self) -> None:
        php = shutil.which("php")
        if php is None or not _LIBRARY.exists():
            raise ServerMissingError("sabre/dav is not installed (Debian: php-cli php-sabre-dav)")
        self._php = php
        super().__init__()
        (self.home / "filtered").mkdir()

    def command(self, port: int) -> list[str]:
        settings = {
            "display_errors": "0",
            "log_errors": "1",
            "output_buffering": "0",
            "enable_post_data_reading": "0",
            "include_path": f".:{_LIBRARY.parents[1]}",
        }
        environment = {
            "PHP_CLI_SERVER_WORKERS": "4",
            "SABRE_DATA": str(self.root),
            "SABRE_HOME": str(self.home),
        }
        return [
            "env",
            *(f"{name}={value}" for name, value in environment.items()),
            self._php,
            *(part for name, value in settings.items() for part in ("-d", f"{name}={value}")),
            "-S",
            f"127.0.0.1:{port}",
            str(_SCRIPT),
        ]
