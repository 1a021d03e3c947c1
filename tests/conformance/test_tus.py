"""A real tus client against a real server, and a server that is killed in the middle."""

import os
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
