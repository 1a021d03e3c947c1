"""`balu serve`: Granian's web workers and one job worker, started and watched together."""

import errno
import os
import shutil
import socket
import threading
import time
from pathlib import Path

from granian.constants import Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels

from balu.kernel import bootkey
from balu.kernel.config import Config, Server, make_data_dir
from balu.kernel.errors import UnavailableError
from balu.kernel.workers import JobWorker, WebWorkers

MIB = 1024 * 1024
GREET_TRIES, GREET_PAUSE_S = 600, 0.1
PORT_TRIES, PORT_PAUSE_S = 50, 0.2
"""A server that was killed keeps its port until its last write is on the disk."""


def check_port(server: Server) -> None:
    """See that nobody else listens where Balu is about to.

    Granian's workers share their port with whoever asks the same way (SO_REUSEPORT): a second server would
    start without a word, and each would get some of the other's requests.

    Raises:
        UnavailableError: the port is taken, or not for this user, or the address is not this machine's.
    """
    for tries_left in reversed(range(PORT_TRIES)):
        try:
            family, kind, *_, address = socket.getaddrinfo(
                server.host, server.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                probe.listen(1)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not tries_left:
                raise UnavailableError(_said(server, error)) from error
            time.sleep(PORT_PAUSE_S)
        else:
            return


def _said(server: Server, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {server.port} is in use by another program. End it, or give another --port."
    if error.errno == errno.EACCES:
        return f"Port {server.port} needs more rights than this user has. Give a --port from 1024 on."
    return f"Cannot listen on {server.host}, port {server.port}: {error.strerror or error}."


def greet(data_dir: Path, server: Server) -> None:
    """Print where Balu is once it answers, and the link that claims it while it has no owner."""
    shown = "127.0.0.1" if server.host in {"0.0.0.0", "::"} else server.host  # noqa: S104  what was asked for
    address = server.base_url or f"http://{f'[{shown}]' if ':' in shown else shown}:{server.port}"
    for _ in range(GREET_TRIES):
        try:
            socket.create_connection((shown, server.port), timeout=1).close()
        except OSError:
            time.sleep(GREET_PAUSE_S)
        else:
            break
    else:
        return
    code = data_dir / "run" / "setup-code"
    print(f"Balu is ready at {address}", flush=True)  # noqa: T201
    if code.is_file():
        print(f"Create the first account at {address}/setup#code={code.read_text().strip()}", flush=True)  # noqa: T201


def serve(config: Config, *, jobs: bool = True) -> None:
    """Serve until SIGTERM or SIGINT; requests under way get ``server.drain_timeout_s`` to finish.

    Raises:
        ConfigError: the data directory cannot be made, or the web workers refuse the settings.
        UnavailableError: Balu cannot listen, or its web workers do not get through their start.
    """
    data_dir, server = config.data_dir, config.of(Server)
    check_port(server)
    make_data_dir(data_dir)
    run_dir = data_dir / "run"
    shutil.rmtree(run_dir / "metrics", ignore_errors=True)  # figures of processes that are gone
    run_dir.mkdir(mode=0o700, exist_ok=True)
    # Large request bodies arrive in blocks of this size; freeing them must give the memory back.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    bootkey.hand_out(data_dir)
    worker = JobWorker(config)
    web = WebWorkers(
        config,
        interface=Interfaces.ASGI,
        address=server.host,
        port=server.port,
        workers=server.workers,
        respawn_failed_workers=True,
        workers_kill_timeout=server.drain_timeout_s,
        backlog=4096,
        backpressure=4096,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=MIB),
        http2_settings=HTTP2Settings(max_headers_size=65536),
        websockets=True,
        log_enabled=True,
        log_level=LogLevels.warning,
        log_access=False,
    )
    if jobs:
        web.on_startup(worker.start)  # from then on SIGTERM ends what was started
    threading.Thread(target=greet, args=(data_dir, server), name="balu-greeting", daemon=True).start()
    try:
        web.run()
    finally:
        worker.stop(server.drain_timeout_s)
