#!/usr/bin/env python3
"""The image that holds the program alone, built by buildah and run on the shop of fixtures/repos.

    python3 tests/container.py PROGRAM

PROGRAM is a static one (`cargo build --release --target x86_64-unknown-linux-musl`), in place of the stage that builds it:
no registry is asked. Needs buildah and root, or a machine that lets users have namespaces. Not a part of .ci/run, which
builds no static program.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from expect import expect

ROOT = Path(__file__).resolve().parent.parent
SHOP = "fixtures/repos/shop"


def main():
    if not shutil.which("buildah"):
        print("skipped: buildah is not installed")
        return
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = ["buildah", "--root", folder / "root", "--runroot", folder / "run", "--storage-driver", "vfs"]

        def buildah(*arguments):
            return subprocess.run([*store, *arguments], cwd=ROOT, text=True, capture_output=True, check=False)

        given = folder / "given"
        given.mkdir()
        shutil.copy(program, given / "llmlint")
        build = ["bud", "--isolation", "chroot", "--target", "bare", "--build-context", f"build={given}"]
        ran = buildah(*build, "-f", "packaging/container/Containerfile", "-t", "llmlint", ".")
        expect(ran.returncode == 0, "the image is built", ran.stdout, ran.stderr)
        told = json.loads(buildah("inspect", "--type", "image", "llmlint").stdout)["OCIv1"]["config"]
        expect((told["Entrypoint"], told["User"]) == (["/llmlint"], "65534"), "it runs the program, as nobody", told)
        container = buildah("from", "llmlint").stdout.strip()
        run = ["run", "--isolation", "chroot", "--volume", f"{ROOT}:/work:ro", container, "/llmlint"]
        ran = buildah(*run, "check", SHOP, "--as-of", "2026-11-28", "--output", "compact=-")
        # Where git or another version of this program is not asked for, both are to say the same.
        alone = subprocess.run([program, "check", SHOP, "--as-of", "2026-11-28", "--output", "compact=-"], cwd=ROOT, text=True, capture_output=True, check=False)
        expect(ran.stdout == alone.stdout and alone.stdout, "it says of the shop what the program alone does", ran.stdout, ran.stderr)
        expect(ran.returncode == alone.returncode == 1, "and exits as it does", ran)
        size = (program.stat().st_size) / 1e6
        print(f"the program has {size:.1f} MB, and the image nothing else")
    print("the container: all passed")


if __name__ == "__main__":
    main()
