#!/usr/bin/env python3
"""Makes the npm packages: one a platform with its program, and `llmlint`, which depends on all of them optionally.

    python3 packaging/npm/make.py OUT PLATFORM=PROGRAM…

PLATFORM is npm's name of it: linux-x64, linux-arm64-musl, darwin-arm64, win32-x64. The version is Cargo.toml's. In GitHub
Actions the packages name the repository: npm holds their provenance against it.
"""

import json
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def version():
    lines = (ROOT / "Cargo.toml").read_text(encoding="utf-8").splitlines()
    return next(line.split('"')[1] for line in lines if line.startswith("version = "))


def write(folder, manifest):
    common = {"version": version(), "license": "MIT", "description": "A linter and budget gate for LLM applications"}
    if repository := os.environ.get("GITHUB_REPOSITORY"):
        common["repository"] = {"type": "git", "url": f"git+{os.environ['GITHUB_SERVER_URL']}/{repository}.git"}
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**manifest, **common}, indent=2) + "\n"
    (folder / "package.json").write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "LICENSE", folder / "LICENSE")


def main():
    out = Path(sys.argv[1])
    programs = dict(argument.split("=", 1) for argument in sys.argv[2:])
    for platform, program in programs.items():
        system, processor, *libc = platform.split("-")
        folder = out / platform
        name = "llmlint.exe" if system == "win32" else "llmlint"
        manifest = {"name": f"@llmlint/{platform}", "os": [system], "cpu": [processor], "files": [name]}
        if system == "linux":
            manifest["libc"] = ["musl" if libc else "glibc"]
        write(folder, manifest)
        shutil.copy(program, folder / name)
        (folder / name).chmod(0o755)
    write(out / "llmlint", {
        "name": "llmlint",
        "bin": {"llmlint": "llmlint.js"},
        "files": ["llmlint.js"],
        "engines": {"node": ">=18"},
        "optionalDependencies": {f"@llmlint/{platform}": version() for platform in programs},
    })
    shutil.copy(HERE / "llmlint.js", out / "llmlint/llmlint.js")
    shutil.copy(ROOT / "README.md", out / "llmlint/README.md")


if __name__ == "__main__":
    main()
