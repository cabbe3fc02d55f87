#!/usr/bin/env python3
"""Whole-process times side by side: llmlint on one prompt and on four trees, ripgrep and git on the same.

    cargo build --release
    python3 benches/compare.py            # needs `rg` on the PATH for the comparison

The trees:
- 2,000 files: the shop of the fixtures, copied under new names;
- 10,000 prompts of 4 kB each, 40 MB;
- 5,000 files of Python and TypeScript, of which one in twenty calls a model (the fixtures' files) and the others do not;
- a repository of 12,000 files, of which 20 differ from its commit.

A folder given as an argument is measured as well, beside `rg -l openai`. Times are medians; nothing is asserted, since
machines differ.
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


def prompts(folder):
    words = " ".join(path.read_text() for path in sorted((ROOT / "rules").glob("*.md"))).split()
    (folder / "prompts").mkdir(parents=True)
    for number in range(10_000):
        start = number * 37 % (len(words) - 700)
        text = f"You are assistant {number}. Answer the question.\n\n" + " ".join(words[start : start + 700])
        (folder / "prompts" / f"prompt-{number:05}.md").write_text(text[:4000])


def code(folder, files):
    calls = [path for path in sorted((ROOT / "fixtures" / "formats" / "call-in-code").rglob("*")) if path.suffix in (".py", ".ts", ".tsx")]
    for number in range(files):
        place = folder / f"part{number // 100}" / f"module{number}"
        place.mkdir(parents=True)
        if number % 20 == 0:
            path = calls[number // 20 % len(calls)]
            shutil.copy(path, place / path.name)
        elif number % 2:
            lines = (f"def step_{line}(state, value={line}):\n    return state.update(key='{number}-{line}', value=value)\n" for line in range(80))
            (place / "steps.py").write_text("import json\n\n" + "\n".join(lines))
        else:
            lines = (f"export function step{line}(state: State, value = {line}) {{\n  return {{ ...state, key: '{number}-{line}', value }};\n}}\n" for line in range(80))
            (place / "steps.ts").write_text("import { State } from './state';\n\n" + "\n".join(lines))


def repository(folder):
    tree(folder / "shop")
    code(folder / "code", 10_000)
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0", "-C", folder]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    for path in sorted((folder / "shop").rglob("*.md"))[:10] + sorted((folder / "shop").rglob("deploy/*.yaml"))[:10]:
        path.write_text(path.read_text() + "\n")


def beside(ours, theirs, name):
    print(f"{'':<44} {ours / theirs:8.1f} × {name}")


def check(folder, name, *arguments):
    return measure(name, [LLMLINT, "check", "--format", "compact", *arguments, folder], folder.parent)


def main():
    if not LLMLINT.exists():
        sys.exit("build first: cargo build --release")
    rg = shutil.which("rg")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "one" / "prompts").mkdir(parents=True)
        prompt = ROOT / "fixtures" / "repos" / "shop" / "prompts" / "assistant.md"
        shutil.copy(prompt, folder / "one" / "prompts" / "prompt.md")
        print(f"medians of {RUNS} runs, {os.cpu_count()} cores")
        check(folder / "one", "one prompt")

        (folder / "tree").mkdir()
        tree(folder / "tree")
        ours = check(folder / "tree", f"tree of {FILES} files")
        check(folder / "tree", "the same with --threads 1", "--threads", "1")
        if rg:
            beside(ours, measure("rg -c .", [rg, "-c", ".", "tree"], folder), "rg")

        prompts(folder / "many")
        ours = check(folder / "many", "10,000 prompts, 40 MB")
        if rg:
            beside(ours, measure("rg -c .", [rg, "-c", ".", "many"], folder), "rg")

        code(folder / "code", 5_000)
        trees = [folder / "code", *(Path(argument).resolve() for argument in sys.argv[1:])]
        for path in trees:
            ours = check(path, "5,000 files of code" if path == trees[0] else path.name)
            if rg:
                beside(ours, measure("rg -l openai", [rg, "-l", "openai", path], folder), "rg")

        repository(folder / "repository")
        theirs = measure("git diff --stat, 20 of 12,000 files differ", ["git", "diff", "--stat", "HEAD"], folder / "repository")
        ours = measure("llmlint check --base HEAD", [LLMLINT, "check", "--format", "compact", "--base", "HEAD"], folder / "repository")
        beside(ours, theirs, "git diff --stat")


main()
