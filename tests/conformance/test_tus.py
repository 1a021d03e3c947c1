"""A real tus client against a real server, and a server that is killed in the middle."""

import json
import os
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import httpx2
import pytest

from balu.kernel.testing import Server
from balu_core import blake3_hex

tusclient = pytest.importorskip("tusclient.client")
PASSWORD = "Correct horse battery staple 7"
MIB = 1 << 20
WEB = Path(__file__).parents[2] / "web"


def sign_in(server: Server) -> dict[str, str]:
    command = [sys.executable, "-m", "balu", "users", "add", "anna", "--role", "admin", "--password-stdin"]
    command += ["--data-dir", str(server.data_dir)]
    made = subprocess.run(command, input=PASSWORD.encode(), check=False, capture_output=True)
    assert made.returncode == 0, made.stderr
    wanted = {"username": "anna", "password": PASSWORD}
    answer = httpx2.post(f"{server.url}/api/auth/login", json=wanted)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_tuspy_goes_on_after_the_server_was_killed(server: Server) -> None:
    body = os.urandom(9 * MIB + 123)
    client = tusclient.TusClient(f"{server.url}/api/uploads", headers=sign_in(server))
    uploader = client.uploader(
        file_stream=BytesIO(body),
        chunk_size=4 * MIB + 1,
        metadata={"filename": "a.bin"},
        upload_checksum=False,
    )
    uploader.upload_chunk()
    server.restart()
    again = client.uploader(file_stream=BytesIO(body), chunk_size=4 * MIB + 1, url=uploader.url)
    assert again.get_offset() == 4 * MIB + 1
    again.upload()
    home = Path(server.data_dir) / "volumes" / "main" / "anna"
    assert (home / "a.bin").read_bytes() == body
    shown = httpx2.get(again.url, headers=client.headers).json()
    assert (shown["status"], shown["blake3"]) == ("completed", blake3_hex(body))


@pytest.mark.skipif(not shutil.which("node"), reason="Node.js IS NOT INSTALLED: tus-js-client did not run")
@pytest.mark.skipif(
    not (WEB / "node_modules" / "tus-js-client").is_dir(), reason="web/node_modules IS MISSING: npm ci in web"
)
def test_tus_js_client_goes_on_after_the_server_was_killed(server: Server, tmp_path: Path) -> None:
    body = os.urandom(21 * MIB + 17)
    (tmp_path / "a.bin").write_bytes(body)
    script = Path(__file__).with_name("tus_client.mjs")
    bearer = sign_in(server)["Authorization"]
    command = [
        "node",
        str(script),
        str(WEB),
        f"{server.url}/api/uploads",
        bearer,
        str(tmp_path / "a.bin"),
        "js.bin",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        last, is_killed = {}, False
        for line in client.stdout:
            last = json.loads(line)
            if not is_killed and last.get("accepted", 0) >= 4 * MIB:
                server.restart()
                is_killed = True
    assert (client.returncode, is_killed) == (0, True)
    assert (server.data_dir / "volumes" / "main" / "anna" / "js.bin").read_bytes() == body
    shown = httpx2.get(last["url"], headers={"authorization": bearer}).json()
    assert (shown["status"], shown["blake3"]) == ("completed", blake3_hex(body))
