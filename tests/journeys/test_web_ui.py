"""Runs the scripts of web/e2e: the built interface in Chromium against the real server."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from balu.app import WEB_ROOT

WEB = Path(__file__).parents[2] / "web"
SCRIPTS = sorted(path for path in (WEB / "e2e").rglob("*.mjs") if '"node:test"' in path.read_text())
CHROMIUM = Path(os.environ.get("BALU_CHROMIUM", "/usr/bin/chromium"))
LONGEST_S = 400
"""Ends a script that hangs; every step in it has a limit of its own."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason="Chromium IS NOT INSTALLED: the interface was not tested"
    ),
    pytest.mark.skipif(
        not shutil.which("node"), reason="Node.js IS NOT INSTALLED: the interface was not tested"
    ),
    pytest.mark.skipif(
        not (WEB / "node_modules").is_dir(), reason="web/node_modules IS MISSING: npm ci in web"
    ),
    pytest.mark.skipif(
        not (WEB_ROOT / "index.html").is_file(), reason="web interface IS NOT BUILT: just web"
    ),
]


@pytest.mark.parametrize("script", [pytest.param(path, id=path.stem) for path in SCRIPTS])
def test_the_interface_does_what_its_script_says(script: Path) -> None:
    command = ["node", "--test", str(script)]
    environ = {**os.environ, "BALU_PYTHON": sys.executable}
    done = subprocess.run(
        command, cwd=WEB, env=environ, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    # What went wrong first says most.
    assert done.returncode == 0, done.stdout[done.stdout.find("not ok") :][:8000] + done.stderr[-4000:]
