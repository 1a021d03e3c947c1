"""What a machine can do, found out by doing it once; and who may do without what."""

import os
import re
import shutil
import subprocess
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from tests.torture.harness.memory import NoLimitError, limited
from tests.torture.harness.mounts import rationed, rationed_disk

EXPECTED = Path(__file__).resolve().parent.parent / "expected_skips.toml"


class MissingError(Exception):
    """This machine cannot do it."""


def run(*command: str | Path) -> str:
    """Output of *command*.

    Raises:
        MissingError: it is not installed, or failed.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except FileNotFoundError as error:
        raise MissingError(f"{command[0]} is not installed") from error
    except (subprocess.SubprocessError, OSError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise MissingError(f"{command[0]}: {said.strip()[-200:]}") from error
    return done.stdout


def _root() -> None:
    if os.geteuid() != 0:
        raise MissingError("not root")
    with tempfile.TemporaryDirectory() as folder:
        run("mount", "-t", "tmpfs", "-o", "size=1m", "none", folder)
        run("umount", folder)


def _loop() -> None:
    _root()
    with tempfile.TemporaryDirectory() as folder:
        image, mount = Path(folder, "image"), Path(folder, "mount")
        image.write_bytes(b"")
        os.truncate(image, 8 << 20)
        mount.mkdir()
        run("mkfs.ext4", "-q", image)
        run("mount", "-o", "loop", image, mount)
        run("umount", mount)


def _quota() -> None:
    _loop()
    with tempfile.TemporaryDirectory() as folder:
        try:
            place, image = Path(folder, "disk"), Path(folder, "image")
            with rationed_disk(place, image, 128 << 20), rationed(place, 1 << 20):
                pass
        except FileNotFoundError as error:
            raise MissingError(f"{error.filename} is not installed") from error
        except subprocess.CalledProcessError as error:
            raise MissingError(error.stderr.decode().strip()[-200:]) from error


def _fuse() -> None:
    _root()
    with tempfile.TemporaryDirectory() as folder:
        disk, script = Path(folder, "disk"), Path(folder, "plugin.py")
        disk.touch()
        script.write_text(
            "API_VERSION = 2\n"
            "def open(readonly): return 1\n"
            "def get_size(h): return 4096\n"
            "def pread(h, buf, offset, flags): buf[:] = bytes(len(buf))\n"
        )
        with subprocess.Popen(
            ["nbdfuse", disk, "--command", "nbdkit", "-s", "python", script], stderr=subprocess.PIPE
        ) as served:
            for _ in range(100):
                if served.poll() is not None or disk.stat().st_size:
                    break
                time.sleep(0.05)
            if served.poll() is not None:
                raise MissingError((served.stderr.read() if served.stderr else b"").decode()[-200:])
            run("fusermount3", "-u", disk)
            served.wait(30)


NEED = re.compile(r"NEEDS (\w+)")


def _program(name: str) -> Callable[[], None]:
    def look() -> None:
        if shutil.which(name) is None:
            raise MissingError(f"{name} is not installed")

    return look


def _memory() -> None:
    try:
        with limited(1 << 30):
            pass
    except NoLimitError as error:
        raise MissingError(str(error)) from error


PROBES: dict[str, Callable[[], None]] = {
    "root": _root,
    "loop": _loop,
    "quota": _quota,
    "fuse": _fuse,
    "memory": _memory,
    "cargo": _program("cargo"),
    "cc": _program("cc"),
    "xfs": _program("mkfs.xfs"),
    "btrfs": _program("mkfs.btrfs"),
}


@cache
def lacking(need: str) -> str | None:
    """Why this machine does not have *need*, None when it has."""
    try:
        PROBES[need]()
    except MissingError as error:
        return str(error)
    return None


def allowed() -> set[str]:
    """What the present kind of environment may lack."""
    kind = "privileged" if lacking("root") is None else "unprivileged"
    with EXPECTED.open("rb") as file:
        return set(tomllib.load(file)[kind]["may_lack"])


def refusal(needs: tuple[str, ...]) -> tuple[str, bool] | None:
    """Why a test with these needs cannot run and whether that is a failure; None when it can run."""
    missing = [(need, reason) for need in needs if (reason := lacking(need)) is not None]
    if not missing:
        return None
    required = set(filter(None, os.environ.get("TORTURE_REQUIRE", "").split(",")))
    names = {need for need, _ in missing}
    fails = bool(names & required) or not names <= allowed()
    return "; ".join(f"NEEDS {need.upper()}: {reason}" for need, reason in missing), fails


def closing_line(passed: int, reasons: Iterable[str]) -> str:
    """How many fault tests ran, and how many of them were left out for which need."""
    of = Counter(found[1].lower() for reason in reasons if (found := NEED.search(reason)))
    told = ", ".join(f"{need} {count}" for need, count in sorted(of.items()))
    return f"torture: {passed} passed, {of.total()} skipped" + (f" ({told})" if told else "")
