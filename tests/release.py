#!/usr/bin/env python3
"""The scripts of .github/workflows/release.yml, run in their order, and what the action installs of what they made.

    python3 tests/release.py

What builds, uploads and publishes is a stub on the PATH: cargo makes a program that tells its target, gh keeps a release in
a folder and hands it out again, npm packs what it is to publish. The scripts are those of the workflow, read from it. Needs
PyYAML; npm's part is skipped, saying so, where npm is not installed.
"""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import yaml
from expect import expect

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))
STUBS = {
    "rustup": "exit 0",
    "cargo": """
while [ $# -gt 0 ]; do [ "$1" = --target ] && target=$2; shift; done
name=llmlint
[ "$RUNNER_OS" != Windows ] || name=llmlint.exe
mkdir -p "target/$target/release"
printf '#!/bin/sh\\necho "%s"\\n' "$target" > "target/$target/release/$name"
chmod +x "target/$target/release/$name"
""",
    "pipx": """
while [ $# -gt 0 ]; do [ "$1" = --out ] && out=$2; [ "$1" = --target ] && target=$2; shift; done
echo wheel > "$out/llmlint-0.1.0-py3-none-$target.whl"
""",
    "gh": """
echo "$*" >> "$GH_FOLDER/calls"
case "$1 $2" in
    "release create") while [ "$1" != -- ]; do shift; done; shift; mkdir -p "$GH_FOLDER/release"; cp -- "$@" "$GH_FOLDER/release/" ;;
    "release download") cp "$GH_FOLDER/release/"* . ;;
    "attestation verify") [ ! -e "$GH_FOLDER/unattested" ] ;;
    *) exit 9 ;;
esac
""",
    "npm": """
[ "$1" = publish ] || exit 9
echo "$*" >> "$GH_FOLDER/npm"
cd "$2" && "$REAL_NPM" pack --silent --dry-run --json > /dev/null
""",
}


def script(job, name):
    found = [step for step in WORKFLOW["jobs"][job]["steps"] if step.get("name") == name]
    expect(len(found) == 1, f"{job} has a step “{name}”")
    return found[0]["run"]


def main():
    targets = WORKFLOW["jobs"]["build"]["strategy"]["matrix"]["include"]
    names = {entry["target"] for entry in targets}
    for part in ("linux-gnu", "linux-musl", "apple-darwin"):
        for processor in ("x86_64", "aarch64"):
            expect(any(name.startswith(processor) and name.endswith(part) for name in names), f"{processor} {part} is built")
    expect(any("windows" in name for name in names), "and Windows")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stubs, work, kept = folder / "bin", folder / "work", folder / "gh"
        for place in (stubs, work, kept):
            place.mkdir()
        for stub, text in STUBS.items():
            (stubs / stub).write_text(f"#!/bin/bash\nset -eu\n{text}", encoding="utf-8")
            (stubs / stub).chmod(stat.S_IRWXU)
        for path in ("packaging/npm/make.py", "packaging/npm/llmlint.js", "Cargo.toml", "LICENSE", "README.md"):
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, work / path)
        version = next(line.split('"')[1] for line in (ROOT / "Cargo.toml").read_text().splitlines() if line.startswith("version = "))
        environment = {
            **os.environ,
            "PATH": f"{stubs}:{os.environ['PATH']}",
            "GH_FOLDER": str(kept),
            "REAL_NPM": shutil.which("npm") or "",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": "o/llmlint",
            "GITHUB_REF_NAME": f"v{version}",
            "TAG": f"v{version}",
        }

        def run(text, where=work, **more):
            return subprocess.run(["bash", "-e", "-o", "pipefail", "-c", text], cwd=where, env={**environment, **more}, text=True, capture_output=True, check=False)

        def passes(what, ran):
            expect(ran.returncode == 0, what, ran.stdout, ran.stderr)

        passes("a tag that is Cargo.toml's version is built", run(script("build", "Tag")))
        expect(run(script("build", "Tag"), GITHUB_REF_NAME="v9.9.9").returncode != 0, "another is not")
        for entry in targets:
            more = {"TARGET": entry["target"], "RUNNER_OS": "Windows" if "windows" in entry["target"] else "Linux"}
            passes(f"{entry['target']} is packed", run(script("build", "Build"), **more))
            passes("and its wheel made", run(script("build", "Wheel"), **more))
            # Each runs on a machine of its own: what it uploads is kept, and nothing else.
            (work / "out").rename(work / f"of-{entry['target']}")
            shutil.rmtree(work / "target")
        (work / "out").mkdir()
        for made in work.glob("of-*/*"):
            made.rename(work / "out" / made.name)
        passes("the release is made", run(script("publish", "Release")))
        release = kept / "release"
        listed = dict(reversed(line.split("  ")) for line in (work / "out/SHA256SUMS").read_text().splitlines())
        right = all(hashlib.sha256((release / path).read_bytes()).hexdigest() == sum_ for path, sum_ in listed.items())
        expect(right and len(listed) == 2 * len(targets), "its checksums are those of its files", listed)

        if shutil.which("npm"):
            passes("the npm packages are made and packed", run(script("npm", "Packages")))
            calls = (kept / "npm").read_text().splitlines()
            expect(len(calls) == len(targets) + 1 and calls[-1].startswith("publish ./npm/llmlint "), "one a platform, llmlint last", calls)
            expect(all("--provenance" in call for call in calls), "each with its provenance", calls)
            for manifest in (work / "npm").glob("*/package.json"):
                told = json.loads(manifest.read_text())
                expect(told["repository"]["url"] == "git+https://github.example/o/llmlint.git", f"{told['name']} names the repository", told)
            wanted = json.loads((work / "npm/llmlint/package.json").read_text())["optionalDependencies"]
            made = {json.loads(path.read_text())["name"] for path in (work / "npm").glob("*-*/package.json")}
            expect(set(wanted) == made, "llmlint asks for just those", wanted, made)
            program = work / "npm/linux-arm64-musl/llmlint"
            expect("aarch64-unknown-linux-musl" in program.read_text(), "each holds its own platform's program")
        else:
            print("skipped: npm is not installed")
        passes("the wheels are put apart", run(script("pypi", "Wheels")))
        expect(len(list((work / "dist").iterdir())) == len(targets), "all of them")

        def install(**more):
            into = Path(tempfile.mkdtemp(dir=folder))
            more = {"RUNNER_TEMP": str(into), "GITHUB_PATH": str(into / "path"), "LLMLINT_VERSION": f"v{version}", "LLMLINT_ACTION": str(ROOT), **more}
            ran = run(f"bash {ROOT}/tools/ci/install.sh", into, **more)
            return ran, (into / "path").read_text().strip() if (into / "path").exists() else None

        ran, path = install()
        passes("the action installs the release", ran)
        told = subprocess.check_output([f"{path}/llmlint"], text=True).strip()
        expect(told.endswith("-unknown-linux-musl") or sys.platform != "linux", "for this machine", told)
        (kept / "unattested").touch()
        ran, path = install()
        expect(ran.returncode != 0 and path is None, "not without an attestation", ran.stdout)
        (kept / "unattested").unlink()
        archive = release / f"llmlint-{told}.tar.gz"
        (folder / "llmlint").write_text("#!/bin/sh\necho other\n")
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(folder / "llmlint", "llmlint")
        ran, path = install()
        expect(ran.returncode != 0 and path is None, "nor with another checksum", ran.stdout)
        ran, path = install(LLMLINT_VERSION="v0.1.0; echo forged")
        expect(ran.returncode == 2 and path is None, "nor what is no version", ran.stdout)
    print("the release: all passed")


if __name__ == "__main__":
    main()
