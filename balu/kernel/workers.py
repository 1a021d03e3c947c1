"""The processes below `balu serve`: whichever dies is started again, for as long as that can help."""

import gc
import os
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from granian.server.mp import MPServer

from balu.kernel.config import Config, ConfigError, LogSettings
from balu.kernel.errors import UnavailableError
from balu.kernel.itself import COMMAND

COMPOSITION = "balu.app"
"""Knows every domain, so it is loaded below `balu serve` only."""
SOON_S = 30.0
PAUSES_S = (0, 1, 2, 4, 8, 16, 30)
"""Before a process that died is started again: by how often in a row it died soon after its start."""
VAIN_STARTS = 6
"""How often each web worker may end without one of them having been ready."""
HOPELESS = (
    "The web workers end while they start, again and again. What they said above tells why;"
    " `balu config check` looks at the settings, `balu doctor` at this machine. Then start Balu again."
)


@dataclass(slots=True)
class Restarts:
    """How one process fared so far."""

    soon: int = 0
    """Deaths in a row, each soon after a start."""

    def pause_after(self, lived_s: float) -> int:
        """Seconds to wait before its next start, now that it died."""
        self.soon = self.soon + 1 if lived_s < SOON_S else 1
        return PAUSES_S[min(self.soon, len(PAUSES_S)) - 1]


def _tell(settings: LogSettings, process: str, exit_code: int | None, lived_s: float, pause_s: int) -> None:
    # structlog costs memory that the watching process needs for nothing else.
    from balu.kernel.log import configure, logger  # noqa: PLC0415

    configure(settings)
    ending = signal.Signals(-exit_code).name if exit_code and exit_code < 0 else f"exit code {exit_code}"
    logger("balu.serve").error(
        "a process died and is started again",
        process=process,
        ending=ending,
        lived_s=round(lived_s, 1),
        pause_s=pause_s,
    )


class JobWorker:
    """The job worker as a child process: started again when it dies, ended with the server."""

    def __init__(self, config: Config) -> None:
        self._command = [*COMMAND, "worker", "--data-dir", str(config.data_dir)]
        self._settings = config.of(LogSettings)
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._birth = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="balu-job-worker", daemon=True)

    def start(self) -> None:
        """Start it and watch over it from a thread."""
        # A web worker forked during the birth would keep open what tells Popen that the birth is over.
        birth = self._birth
        os.register_at_fork(before=birth.acquire, after_in_parent=birth.release, after_in_child=birth.release)
        self._thread.start()

    def _watch(self) -> None:
        restarts = Restarts()
        while (child := self._spawn()) is not None:
            birth = time.monotonic()
            exit_code, lived_s = child.wait(), time.monotonic() - birth
            # At least a second: a signal to all of Balu reaches it before we are told to stop.
            pause_s = max(restarts.pause_after(lived_s), 1)
            if not self._stopping.wait(pause_s):
                _tell(self._settings, "job worker", exit_code, lived_s, pause_s)

    def _spawn(self) -> "subprocess.Popen[bytes] | None":
        with self._birth:
            if self._stopping.is_set():
                return None
            self._child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)  # noqa: S603  our own program
            return self._child

    def stop(self, grace_s: float) -> None:
        """Ask it to finish what it does, then end it."""
        with self._birth:
            self._stopping.set()
        child = self._child
        if child is None or child.poll() is not None:
            return
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(grace_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


class WebWorkers(MPServer):
    """Granian and its workers.

    By itself Granian ends the whole server when a worker dies twice within seconds. Here the server stays,
    whatever the workers die of, unless they cannot even start.
    """

    def __init__(self, config: Config, **options: Any) -> None:
        """Prepare workers for *config*; *options* are Granian's."""
        super().__init__(COMPOSITION, **options)
        self._settings = config.of(LogSettings)
        self._ready = config.data_dir / "run" / "web-ready"
        self._ready.unlink(missing_ok=True)
        self._restarts: defaultdict[int, Restarts] = defaultdict(Restarts)
        self._in_vain = 0
        self._gave_up: Exception | None = None

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            ConfigError: the workers refuse the settings.
            UnavailableError: no worker gets through its start.
        """
        os.register_at_fork(after_in_child=_end_when_told)
        try:
            self.serve(target_loader=partial(_load, self._ready), wrap_loader=False)
        except SystemExit:  # also because a worker had died before all were asked to end
            if not self.interrupt_signal:
                raise
        if self._gave_up is not None:
            raise self._gave_up

    def _respawn_workers(
        self, workers: Iterable[int], spawn_target: Any, target_loader: Any, delay: float = 0
    ) -> None:
        """Granian's own step, called for workers that died and, with a *delay*, for all upon SIGHUP."""
        dead = [worker.idx for worker in self.wrks if not worker.is_alive()]  # type: ignore[no-untyped-call]
        if delay or self._shall_start_again(dead):
            super()._respawn_workers(workers if delay else dead, spawn_target, target_loader, delay)
        # Granian gives up on workers that it finds in here.
        self.respawned_wrks.clear()
        # Granian drops the wake-up of what happened since it called this.
        if self.interrupt_children or self.interrupt_signal:
            self.main_loop_interrupt.set()

    def _shall_start_again(self, dead: list[int]) -> bool:
        """Wait as long as is due for these workers; whether they are to be started then."""
        if not dead:
            return False
        self._in_vain = 0 if self._ready.exists() else self._in_vain + len(dead)
        self._ready.unlink(missing_ok=True)
        self._gave_up = self._why_not(dead)
        if self._gave_up is not None:
            self.signal_handler_interrupt()  # type: ignore[no-untyped-call]
            return False
        longest = 0
        for idx in dead:
            worker = self.wrks[idx]
            lived_s = time.monotonic() - worker.birth
            pause_s = self._restarts[idx].pause_after(lived_s)
            _tell(self._settings, f"web worker {idx + 1}", worker.inner.exitcode, lived_s, pause_s)
            longest = max(longest, pause_s)
        until = time.monotonic() + longest
        while not self.interrupt_signal and (left := until - time.monotonic()) > 0:
            self.main_loop_interrupt.wait(left)
            if not self.interrupt_signal:
                self.main_loop_interrupt.clear()
        return not self.interrupt_signal

    def _why_not(self, dead: list[int]) -> Exception | None:
        """What makes another start useless, unless others have been there for long."""
        now = time.monotonic()
        if any(worker.is_alive() and now - worker.birth > SOON_S for worker in self.wrks):  # type: ignore[no-untyped-call]
            return None
        if any(self.wrks[idx].inner.exitcode == ConfigError.exit_code for idx in dead):
            try:
                import_module(COMPOSITION).read_config()
            except ConfigError as error:
                return error
        if self._in_vain >= VAIN_STARTS * self.workers:
            return UnavailableError(HOPELESS)
        return None


def _end_when_told() -> None:
    """In a worker without handlers of its own yet: those of the watching process do nothing here."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _load(ready: Path) -> Any:
    """The application, in a worker; Granian's own way would look for it in the working directory first."""
    gc.disable()  # what is loaded stays, and looking for garbage in it takes a tenth of the start
    try:
        app = import_module(COMPOSITION).create_app()
    except ConfigError as error:  # the watching process says what is wrong
        raise SystemExit(error.exit_code) from None
    gc.enable()

    def tell() -> None:
        ready.touch()

    app.on_startup.append(tell)
    return app
