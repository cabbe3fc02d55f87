#!/usr/bin/env python3
"""The npm packages, made, packed and installed into a fresh folder on this machine.

    python3 tests/npm.py LLMLINT

LLMLINT is the built program. Skips, saying so, where node or npm is not installed.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from expect import expect

ROOT = Path(__file__).resolve().parent.parent


def main():
    program = Path(sys.argv[1]).resolve()
    if not shutil.which("node") or not shutil.which("npm"):
        print("skipped: node and npm are not installed, and the npm packages need them")
        return
    report = "process.platform + '-' + process.arch + (process.platform == 'linux' && !process.report.getReport().header.glibcVersionRuntime ? '-musl' : '')"
    platform = subprocess.check_output(["node", "-p", report], text=True).strip()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, ROOT / "packaging/npm/make.py", folder / "out", f"{platform}={program}"], check=True)
        packed = []
        for package in (platform, "llmlint"):
            made = subprocess.check_output(["npm", "pack", "--silent", folder / "out" / package], cwd=folder, text=True)
            packed.append(folder / made.split()[-1])
        home = folder / "home"
        home.mkdir()
        # Nothing is asked of a registry: both packages lie here.
        install = ["npm", "install", "--silent", "--offline", "--no-audit", "--no-fund", "--cache", folder / "cache", *packed]
        ran = subprocess.run(install, cwd=home, text=True, capture_output=True, check=False)
        expect(ran.returncode == 0, "the packages install", ran.stdout, ran.stderr)
        command = home / "node_modules/.bin/llmlint"
        (home / "prompts").mkdir()
        (home / "prompts/a.md").write_text("Summarize the ticket for the support team.\n", encoding="utf-8")
        ran = subprocess.run([command, "check", "prompts"], cwd=home, text=True, capture_output=True, check=False)
        expect(ran.returncode == 1 and "missing-be-concise" in ran.stdout, "the program runs, and its exit code is passed on", ran.stdout, ran.stderr)
        shutil.rmtree(home / "node_modules/@llmlint")
        ran = subprocess.run([command, "--version"], cwd=home, text=True, capture_output=True, check=False)
        expect(ran.returncode == 2 and "no @llmlint/" in ran.stderr.replace("there is ", ""), "a missing program is told", ran.stderr)
    print("the npm packages: all passed")


if __name__ == "__main__":
    main()
