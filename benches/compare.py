#!/usr/bin/env python3
"""Whole-process times side by side: llmlint on one prompt and on a tree of 2,000 files, ripgrep on the same tree.

    cargo build --release
    python3 benches/compare.py            # needs `rg` on the PATH for the comparison

The tree is made of the fixtures, copied under new names until there are 2,000 files. Times are medians; nothing is
asserted, since machines differ.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LLMLINT = ROOT / "target" / "release" / "llmlint"
RUNS = 15
FILES = 2000


def measure(name, command, cwd):
    walls, cpus, peak = [], [], 0
    for run in range(RUNS + 1):
        start = time.perf_counter()
        child = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
        if run:  # the first warms the caches
            walls.append(time.perf_counter() - start)
            cpus.append(usage.ru_utime + usage.ru_stime)
            peak = max(peak, usage.ru_maxrss)
    wall = statistics.median(walls)
    print(f"{name:<44} {wall * 1000:8.1f} ms wall  {statistics.median(cpus) * 1000:8.1f} ms cpu  {peak / 1024:7.1f} MiB")
    return wall


def tree(folder):
    shop = sorted(path for path in (ROOT / "fixtures" / "repos" / "shop").rglob("*") if path.is_file())
    made = 0
    while made < FILES:
        for path in shop:
            target = folder / f"app{made // len(shop)}" / path.relative_to(ROOT / "fixtures" / "repos" / "shop")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
            made += 1
            if made == FILES:
                break


def main():
    if not LLMLINT.exists():
        sys.exit("build first: cargo build --release")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "one" / "prompts").mkdir(parents=True)
        prompt = next((ROOT / "fixtures" / "repos" / "shop" / "prompts").glob("*.md"))
        shutil.copy(prompt, folder / "one" / "prompts" / "prompt.md")
        (folder / "tree").mkdir()
        tree(folder / "tree")
        print(f"medians of {RUNS} runs, {os.cpu_count()} cores")
        measure("llmlint check, one prompt", [LLMLINT, "check", "one"], folder)
        ours = measure(f"llmlint check, tree of {FILES} files", [LLMLINT, "check", "--format", "compact", "tree"], folder)
        measure("llmlint check --threads 1, the same tree", [LLMLINT, "check", "--format", "compact", "--threads", "1", "tree"], folder)
        if shutil.which("rg"):
            theirs = measure("rg -c . , the same tree", ["rg", "-c", ".", "tree"], folder)
            print(f"llmlint takes {ours / theirs:.1f} × the time of ripgrep")


main()
