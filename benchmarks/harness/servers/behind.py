"""Balu behind nginx, which sends the files itself (``X-Accel-Redirect``)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from balu.kernel.testing import free_port
from benchmarks.harness.servers.balu import Balu
from benchmarks.harness.servers.nginx import nginx_binary, run_as

_CONFIGURATION = """
{user}
worker_processes auto;
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    sendfile on;
    client_max_body_size 0;
    client_body_temp_path {root}/unused0;
    proxy_temp_path {root}/unused1;
    fastcgi_temp_path {root}/unused2;
    uwsgi_temp_path {root}/unused3;
    scgi_temp_path {root}/unused4;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{inner};
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_request_buffering off;
        }}
        location /balu-files/1/ {{
            internal;
            alias {volume}/;
            disable_symlinks on;
            etag off;
            add_header ETag $upstream_http_etag;
        }}
    }}
}}
"""


class BaluBehindNginx(Balu):
    """The processes of both count."""

    name: ClassVar[str] = "balu-nginx"
    note: ClassVar[str] = "BLAKE3, durable, atomic, row and quota; nginx sends"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._inner = free_port()

    def prepare(self) -> None:
        super().prepare()
        text = _CONFIGURATION.format(
            root=self.root,
            port=self.port,
            inner=self._inner,
            user=run_as(),
            volume=self.data / "volumes" / "main",
        )
        (self.root / "nginx.conf").write_text(text)

    def environment(self) -> Mapping[str, str]:
        return {"BALU_FILES__OFFLOAD": "x-accel-redirect", "BALU_SERVER__TRUSTED_PROXIES": "127.0.0.1"}

    def command(self) -> Sequence[str]:
        serve = [*super().command()]
        serve[serve.index("--port") + 1] = str(self._inner)
        nginx = [
            nginx_binary(),
            "-p",
            self.root,
            "-e",
            self.root / "error.log",
            "-c",
            self.root / "nginx.conf",
        ]
        return ["/bin/sh", "-c", f'{" ".join(map(str, nginx))} & exec "$@"', "sh", *serve]
