#!/usr/bin/env python3
"""The wheel, built by maturin and installed into a fresh environment on this machine.

    python3 tests/wheel.py MATURIN

MATURIN is the program of that name (PyPI: maturin). The wheel holds a debug build, whose parts `cargo build` left in
target/; a release differs in its profile alone.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from expect import expect

ROOT = Path(__file__).resolve().parent.parent
PROMPT = "Summarize the ticket for the support team.\n"


def run(*command, cwd=ROOT):
    return subprocess.run(command, cwd=cwd, text=True, capture_output=True, check=False)


def main():
    maturin = Path(sys.argv[1])
    if not maturin.exists():
        print(f"skipped: {maturin} is not there, and the wheel is built with it (`pip install maturin`, where PyPI can be reached)")
        return
    version = run("cargo", "pkgid").stdout.strip().rsplit("#", 1)[1].rsplit("@", 1)[-1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Unstripped, the program is the one that `cargo build` makes, and nothing is compiled twice.
        ran = run(maturin.resolve(), "build", "--profile", "dev", "--strip", "false", "--locked", "--out", folder / "out")
        expect(ran.returncode == 0, "the wheel is built", ran.stdout, ran.stderr)
        wheels = list((folder / "out").iterdir())
        expect(len(wheels) == 1 and wheels[0].name.startswith(f"llmlint-{version}-py3-none-"), "for any Python 3", wheels)

        venv.create(folder / "env", with_pip=True)
        programs = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin")
        # Nothing is asked of an index: the wheel needs no other package.
        ran = run(programs / "python", "-m", "pip", "install", "--quiet", "--no-index", wheels[0])
        expect(ran.returncode == 0, "it installs offline", ran.stdout, ran.stderr)
        ran = run(programs / "llmlint", "--version", cwd=folder)
        expect(ran.returncode == 0 and ran.stdout.split() == ["llmlint", version], "the program tells its version", ran)
        (folder / "prompts").mkdir()
        (folder / "prompts/a.md").write_text(PROMPT, encoding="utf-8")
        ran = run(programs / "llmlint", "check", "prompts", cwd=folder)
        expect(ran.returncode == 1 and "missing-be-concise" in ran.stdout, "and checks, away from this repository", ran)
    print("the wheel: all passed")


if __name__ == "__main__":
    main()
