import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from balu.app import WEB_ROOT
from balu.kernel.testing import Server

WEB = Path(__file__).parents[2] / "web"
CHROMIUM = Path("/usr/bin/chromium")
DARK = "rgb(20, 19, 17)"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium IS NOT INSTALLED"),
    pytest.mark.skipif(not shutil.which("node"), reason="Node.js IS NOT INSTALLED"),
    pytest.mark.skipif(not (WEB_ROOT / "docs").is_dir(), reason="the web interface IS NOT BUILT: just web"),
]


def visit(address: str, selector: str, picture: str = "") -> dict[str, Any]:
    script = Path(__file__).with_name("open_page.mjs")
    command = ["node", str(script), address, str(WEB), selector, picture]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("path", "selector"),
    [
        pytest.param("/docs", ".opblock-tag", id="swagger-ui"),
        pytest.param("/redoc", ".redoc-wrap h1", id="redoc"),
        pytest.param("/api/docs", ".opblock-tag", id="swagger-ui-below-api"),
        pytest.param("/api/redoc", ".redoc-wrap h1", id="redoc-below-api"),
    ],
)
def test_a_reference_page_is_drawn_dark_and_calls_nobody_else(
    shared_server: Server, path: str, selector: str
) -> None:
    folder = os.environ.get("BALU_PICTURES")
    picture = str(Path(folder) / f"{path.strip('/').replace('/', '-')}.png") if folder else ""
    seen = visit(shared_server.url + path, selector, picture)
    origins = {
        "{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in seen["requests"] if url[:5] != "data:"
    }
    assert origins == {shared_server.url}
    assert seen["complaints"] == []
    assert seen["background"] == DARK
    assert "jobs" in seen["text"].lower()
