"""Measures zq's compiled functions beside the machine's limits and other libraries.

`scripts/bench.sh` runs it; `docs/performance.md` is what it writes.
"""
