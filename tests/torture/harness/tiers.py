"""How much is tried: short in every CI run, long under ``just torture``."""

import os

LONG = os.environ.get("TORTURE_TIER", "short") != "short"


def start_value() -> int:
    """Where randomness begins; printed, so that a failure can be repeated exactly."""
    value = int(os.environ.get("TORTURE_SEED", "20261121"))
    print(f"TORTURE_SEED={value}")
    return value
