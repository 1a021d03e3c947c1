"""nginx with its stock WebDAV module: no checksum, no fsync, temporary file and rename."""

import os
import pwd
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from typing import ClassVar

from benchmarks.harness.client import Request, WrongAnswerError
from benchmarks.harness.server import PASSWORD, USER, Server

_CONFIGURATION = """
{user}
worker_processes auto;
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    default_type application/octet-stream;
    sendfile on;
    keepalive_requests 10000000;
    client_max_body_size 0;
    client_body_buffer_size {buffer};
    client_body_temp_path {root}/incoming;
    proxy_temp_path {root}/unused1;
    fastcgi_temp_path {root}/unused2;
    uwsgi_temp_path {root}/unused3;
    scgi_temp_path {root}/unused4;
    server {{
        listen 127.0.0.1:{port};
        location = /health {{ return 200 "ok"; }}
        location / {{
            auth_basic bench;
            auth_basic_user_file {root}/users;
            root {root}/files;
            dav_methods PUT DELETE MKCOL;
            create_full_put_path on;
            autoindex on;
            autoindex_format json;
        }}
    }}
}}
"""


class Nginx(Server):
    """The yardstick: what moving bytes costs when nothing is promised about them."""

    name: ClassVar[str] = "nginx"
    note: ClassVar[str] = "atomic; no checksum, not durable"
    body_buffer: ClassVar[str] = "1m"
    """Its best: with the default of 16k an upload costs two to three times as much."""

    def prepare(self) -> None:
        super().prepare()
        text = _CONFIGURATION.format(root=self.root, port=self.port, user=run_as(), buffer=self.body_buffer)
        (self.root / "nginx.conf").write_text(text)
        (self.root / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")

    def command(self) -> Sequence[str]:
        conf = str(self.root / "nginx.conf")
        return [nginx_binary(), "-p", str(self.root), "-e", str(self.root / "error.log"), "-c", conf]

    def version(self) -> str:
        shown = subprocess.run([nginx_binary(), "-v"], capture_output=True, text=True, check=True).stderr
        return shown.strip().rpartition("/")[2]

    def headers(self) -> tuple[tuple[str, str], ...]:
        return (basic(USER, PASSWORD),)

    def health(self) -> Request:
        return Request("GET", "/health")


def basic(user: str, password: str) -> tuple[str, str]:
    """The header of HTTP Basic authentication."""
    return ("Authorization", "Basic " + b64encode(f"{user}:{password}".encode()).decode())


def run_as() -> str:
    """The line that keeps nginx's workers able to read what the tests wrote."""
    return f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""


def nginx_binary() -> str:
    """Where nginx is; WrongAnswerError when it is not installed."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        message = "nginx is missing: apt-get install nginx"
        raise WrongAnswerError(message)
    return found
