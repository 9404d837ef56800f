"""What the command prints and writes when a server is encrypted and asks who we are."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.endpoint.webdav.secure import Secure


def run(secure: Secure, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as users do, with everything it would say."""
    environment = {
        **os.environ,
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "SECRET": "s3cret",
    }
    command = [sys.executable, "-m", "syncfs", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_an_untrusted_server_ends_the_command_with_status_6_and_one_line(
    secure: Secure, tmp_path: Path
) -> None:
    (tmp_path / "here").mkdir()
    url = f"webdavs://ann:s3cret@127.0.0.1:{secure.port}{secure.server.folder().path}"
    ended = run(secure, tmp_path, "push", "-q", str(tmp_path / "here"), url)
    assert ended.returncode == 6
    assert len(ended.stderr.splitlines()) == 1 and "certificate is not trusted" in ended.stderr
    assert "s3cret" not in ended.stderr + ended.stdout


def test_no_secret_is_printed_or_written_whatever_is_asked_for(secure: Secure, tmp_path: Path) -> None:
    """With a password, and with a token's command; by a run that works, a plan, and one that is refused."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "f").write_text("x")
    folder = secure.server.folder()
    here, plan = str(tmp_path / "here"), str(tmp_path / "plan")
    place = f"127.0.0.1:{secure.port}{folder.path}"
    trust = f"verify={secure.trusted}"
    with_password = [here, f"webdavs://ann:s3cret@{place}", "--dst-option", trust]
    with_option = [
        here,
        f"webdavs://ann@{place}",
        "--dst-option",
        trust,
        "--dst-option",
        "password=env:SECRET",
    ]
    token = ["--dst-option", f"token_command={sys.executable} -c 'print(\"s3cret\")'"]
    said = []
    for arguments, status in (
        (["plan", "push", "-vv", *with_password, "--out", plan], 0),
        (["push", "-vv", "--json", *with_password], 0),
        (["sync", "-vv", "--jsonl", *with_option], 0),
        (["history", "-vv", *with_password], 0),
        (["push", "-vv", here, f"webdavs://{place}", "--dst-option", trust, *token], 6),
        (["push", "-vv", here, f"webdavs://ann:wr0ng-s3cret@{place}", "--dst-option", trust], 6),
    ):
        ended = run(secure, tmp_path, *arguments)
        assert ended.returncode == status, ended.stderr
        assert "Traceback" not in ended.stderr
        said.append(ended.stdout + ended.stderr)
    assert folder.read() == {"f": "x"}
    assert json.loads(Path(plan).read_text())
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "here"]
    assert any("state" in str(path) for path in files)
    secrets = (b"s3cret", b"YW5uOnMzY3JldA", b"YW5uOnMzY3Jld")
    for data in ["".join(said).encode(), *(path.read_bytes() for path in files)]:
        assert not any(secret in data for secret in secrets)
