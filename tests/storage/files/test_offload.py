"""A real nginx in front that sends the files itself, and everybody who must not be told to."""

import os
import shutil
import subprocess
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import httpx2
import pytest

from balu.app import build
from balu.kernel.testing import Server, free_port, make_config, running_server
from balu.kernel.unit import Env
from balu.storage.files.settings import FileSettings
from tests.conformance.test_tus import sign_in
from tests.storage.conftest import ALL

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONFIG = """
daemon off; {user} pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off; client_max_body_size 0; default_type application/octet-stream;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {upstream}; proxy_set_header Host $host; proxy_http_version 1.1;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_request_buffering off;
    }}
    location /balu-files/{volume}/ {{
      internal; alias {root}/; disable_symlinks on; etag off;
      add_header ETag $upstream_http_etag;
      add_header Repr-Digest $upstream_http_repr_digest;
      add_header Content-Security-Policy $upstream_http_content_security_policy;
      add_header X-Content-Type-Options nosniff;
      add_header X-Sent-By nginx;
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Front:
    """nginx before Balu."""

    url: str
    server: Server
    headers: dict[str, str]

    def get(self, path: str, **headers: str) -> httpx2.Response:
        more = {key.replace("_", "-"): value for key, value in headers.items()}
        return httpx2.get(f"{self.url}/api/files/download/{path}", headers=self.headers | more)

    def put(self, path: str, body: bytes) -> None:
        answer = httpx2.put(f"{self.url}/api/files/content/{path}", content=body, headers=self.headers)
        assert answer.is_success, answer.text


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Generator[Front, None, None]:
    if NGINX is None:
        pytest.skip("nginx IS NOT INSTALLED: apt-get install nginx-light")
    settings = {"BALU_SERVER__TRUSTED_PROXIES": "127.0.0.1", "BALU_FILES__OFFLOAD": "x-accel-redirect"}
    with running_server(tmp_path_factory.mktemp("served"), **settings) as server:
        folder, port = tmp_path_factory.mktemp("nginx"), free_port()
        root = server.data_dir / "volumes" / "main"
        user = "user root;" if os.geteuid() == 0 else ""
        text = CONFIG.format(folder=folder, port=port, upstream=server.url, root=root, user=user, volume=1)
        (folder / "nginx.conf").write_text(text)
        command = [
            NGINX,
            "-c",
            str(folder / "nginx.conf"),
            "-p",
            str(folder),
            "-e",
            str(folder / "error.log"),
        ]
        process = subprocess.Popen(command)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, folder / "error.log")
            yield Front(url, server, sign_in(server))
        finally:
            process.terminate()
            process.wait(20)


def _wait(url: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx2.get(f"{url}/api/health").is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise RuntimeError(log.read_text())


@pytest.mark.parametrize(
    "name", ["plain.bin", "a folder/ä ö%41?#;.bin", "line\\back'\"quote.bin"], ids=["plain", "odd", "quotes"]
)
def test_nginx_sends_the_bytes_and_balu_their_description(front: Front, name: str) -> None:
    body = os.urandom(300_000)
    path = quote(name)
    answer = httpx2.put(
        f"{front.url}/api/files/content/{path}?parents=1", content=body, headers=front.headers
    )
    assert answer.status_code == 201, answer.text
    shown = front.get(path)
    assert (shown.status_code, shown.headers["x-sent-by"], shown.content) == (200, "nginx", body)
    assert shown.headers["etag"] == answer.headers["etag"]
    assert shown.headers["repr-digest"] == answer.headers["repr-digest"]
    assert shown.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in shown.headers["content-security-policy"]
    assert "x-accel-redirect" not in shown.headers


def test_ranges_come_from_nginx_too_unless_they_hang_on_a_revision(front: Front) -> None:
    body = os.urandom(100_000)
    front.put("r.bin", body)
    part = front.get("r.bin", range="bytes=500-999")
    assert (part.status_code, part.headers["x-sent-by"], part.content) == (206, "nginx", body[500:1000])
    etag = front.get("r.bin").headers["etag"]
    held = front.get("r.bin", range="bytes=500-", if_range=etag)
    assert (held.status_code, held.content, held.headers.get("x-sent-by")) == (206, body[500:], None)
    assert front.get("r.bin", if_none_match=etag).status_code == 304
    assert front.get("r.bin", if_match='"0.0"').status_code == 412
    assert front.get("r.bin", if_match=etag).content == body


def test_a_former_version_is_never_handed_over(front: Front) -> None:
    front.put("v.bin", b"one")
    former = front.get("v.bin").headers["etag"].strip('"').split(".")[1]
    front.put("v.bin", b"two")
    shown = front.get(f"v.bin?version={former}")
    assert (shown.content, shown.headers.get("x-sent-by")) == (b"one", None)


def test_the_rules_come_first(front: Front) -> None:
    front.put("mine.bin", b"mine")
    anonymous = httpx2.get(f"{front.url}/api/files/download/mine.bin")
    assert anonymous.status_code == 401
    assert front.get("nothing.bin").status_code == 404
    home = front.server.data_dir / "volumes" / "main" / "anna"
    (home / "link.bin").symlink_to("mine.bin")
    assert front.get("link.bin").status_code in {400, 403, 404, 409}
    assert httpx2.get(f"{front.url}/balu-files/1/anna/mine.bin").status_code == 404


@pytest.mark.parametrize(
    ("proxy", "is_told"),
    [pytest.param("127.0.0.1", True, id="trusted"), pytest.param("10.1.2.3", False, id="other")],
)
async def test_only_a_trusted_proxy_learns_where_a_file_is(
    data_dir: Path, database_url: str, env: Env, proxy: str, is_told: bool
) -> None:
    config = make_config(
        data_dir, ALL, database_url=database_url, files={"offload": "x-sendfile"},
        server={"trusted_proxies": (proxy,)},
    )  # fmt: skip
    app: Any = build(config, ALL)
    app.front.env = replace(env, parts={**env.parts, FileSettings: config.of(FileSettings)})
    headers = {"x-test-user": "anna", "x-forwarded-for": "10.1.2.3"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
        await client.put("/api/files/content/a%20b", content=b"bytes")
        shown = await client.get("/api/files/download/a%20b")
        head = await client.head("/api/files/download/a%20b")
    assert shown.content == (b"" if is_told else b"bytes")
    told = shown.headers.get("x-sendfile")
    assert told == (f"{data_dir}/volumes/main/anna/a%20b" if is_told else None)
    assert (head.headers["content-length"], "x-sendfile" in head.headers) == ("5", False)
