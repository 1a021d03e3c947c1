"""What a log shows of an error."""

import subprocess
import sys

FAILS = """
import rich
from balu.kernel.config import LogSettings
from balu.kernel.log import configure, logger

def sign_in(password):
    raise RuntimeError("no such table")

configure(LogSettings(format="console"))
try:
    sign_in("correct horse battery")
except RuntimeError as error:
    logger("test").error("request failed", exc_info=error)
"""


def test_a_traceback_says_where_but_not_with_which_values() -> None:
    # In a process of its own: whether rich was imported first decides how tracebacks are drawn.
    done = subprocess.run([sys.executable, "-c", FAILS], capture_output=True, text=True, check=True)
    assert "RuntimeError: no such table" in done.stderr
    assert "horse" not in done.stderr
