"""Peak memory of the main job at growing n on the embedded engine, each in a process of its own.

    python bench/memory.py [--sizes 2000 10000] [--context tutorial]

What may grow with n is the near-duplicate index. Prints the peak at each size and the growth per document; exits 1
above the allowance.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from itertools import pairwise

from bench.machine import machine

ALLOWANCE = 20_000
"""Bytes a document: what keeps a run of 50,000 documents under 1.5 GB."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_000, 10_000])
    parser.add_argument("--context", default="tutorial")
    args = parser.parse_args()
    print(machine("polars", "numba"), flush=True)
    peaks = []
    for n in args.sizes:
        peaks.append((n, peak(args.context, n)))
        print(f"n={n:>7,}: peak {peaks[-1][1] / 2**20:,.0f} MiB", flush=True)
    growth = [(larger - size) / (many - few) for (few, size), (many, larger) in pairwise(peaks)]
    print(f"growth per document: {', '.join(f'{value:,.0f} bytes' for value in growth)} (allowed {ALLOWANCE:,})")
    return int(max(growth) > ALLOWANCE)


def peak(context: str, n: int) -> int:
    """Peak resident bytes of `docgen run` of n documents."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "docgen", "run", context, "--n", str(n), "--engine", "offline", "--json"]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"docgen run ended with exit code {process.returncode}")
    return used.ru_maxrss * 1024


if __name__ == "__main__":
    sys.exit(main())
