"""How Balu starts another process of itself."""

import sys

COMMAND = (sys.executable, "-P", "-m", "balu")
"""-P: a folder named like one of ours, where somebody happens to stand, is not ours."""
