#!/usr/bin/env python3
"""The hooks of .pre-commit-hooks.yaml in a repository made for it, with the real pre-commit and prek.

    python3 tests/hooks.py LLMLINT RUNNER…

LLMLINT is the built program, RUNNER `pre-commit` or `prek` (both on PyPI). Needs git and the standard library.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LLMLINT = Path(sys.argv[1]).resolve()
CLEAN = "Summarize the ticket in one sentence: {{ ticket }}\n"


def main():
    for runner in [str(Path(name).resolve()) for name in sys.argv[2:]]:
        folder = Path(tempfile.mkdtemp())
        environment = {**os.environ, "PATH": f"{LLMLINT.parent}:{os.environ['PATH']}", "PRE_COMMIT_HOME": str(folder / "home")}

        def git(*arguments, where):
            subprocess.run(
                ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", *arguments],
                cwd=where, check=True, env=environment, capture_output=True,
            )

        def hook():
            ran = subprocess.run([runner, "run"], cwd=work, env=environment, text=True, capture_output=True, check=False)
            return ran.returncode, ran.stdout + ran.stderr

        def expect(condition, what, printed):
            if not condition:
                sys.exit(f"FAILED: {runner}: {what}\n{printed}")
            print(f"ok: {runner}: {what}")

        try:
            # The hook's own repository: its description is all that the system hook needs.
            hooks, work = folder / "hooks", folder / "work"
            for place in (hooks, work):
                place.mkdir()
                git("init", "-q", where=place)
            shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
            git("add", "-A", where=hooks)
            git("commit", "-qm", "hooks", where=hooks)
            commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=hooks, text=True).strip()
            (work / ".pre-commit-config.yaml").write_text(
                f"repos:\n  - repo: {hooks}\n    rev: {commit}\n    hooks:\n      - id: llmlint-system\n"
            )
            prompt = work / "prompts/a.md"
            prompt.parent.mkdir()
            prompt.write_text(CLEAN)
            git("add", "-A", where=work)
            code, printed = hook()
            expect(code == 0, "a clean prompt passes", printed)
            git("commit", "-qm", "base", "--no-verify", where=work)

            prompt.write_text("Summarize the ticket for the team.\n")
            git("add", "-A", where=work)
            # A partially staged file: the work tree has been mended, what is staged has not.
            prompt.write_text(CLEAN)
            code, printed = hook()
            expect(code != 0 and "prompts/a.md" in printed, "what is staged is judged, not the work tree", printed)
            expect(prompt.read_text() == CLEAN, "the work tree is left as it was", printed)
            git("add", "-A", where=work)
            code, printed = hook()
            expect(code == 0, "once it is staged, it passes", printed)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print("the hooks: all passed")


if __name__ == "__main__":
    main()
