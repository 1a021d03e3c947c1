"""Balu beside other servers on the same work in one run: ``python -m benchmarks --help``."""
