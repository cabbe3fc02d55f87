#!/usr/bin/env python3
"""The outputs that other programs read, held against their schemas.

    python3 tests/schemas.py LLMLINT

SARIF 2.1.0's schema comes from the npm package @microsoft/jest-sarif, which carries it; JSON Schema from PyPI's
jsonschema. Skips, saying so, where one of them can't be had. GitLab's Code Quality and JUnit have no schema in a
registry: what GitLab's and Jenkins' documents ask for is checked field by field.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from expect import expect

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
SCHEMA = "package/lib/schemas/sarif-2.1.0-rtm.5.json"


def schema(folder):
    """SARIF's schema; nothing where npm can't give it."""
    if not shutil.which("npm"):
        return None
    ran = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, text=True, capture_output=True, check=False)
    if ran.returncode != 0:
        return None
    with tarfile.open(folder / ran.stdout.split()[-1]) as archive:
        return json.load(archive.extractfile(SCHEMA))


def main():
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        outputs = [f"--output={kind}={folder / kind}" for kind in ("sarif", "gitlab", "junit")]
        trees = ["fixtures/repos/shop", "fixtures/repos/hostile-names/after"]
        ran = subprocess.run([program, "check", *outputs, *trees], cwd=ROOT, text=True, capture_output=True, check=False)
        expect(ran.returncode == 1, "there are findings to write", ran.stderr)

        sarif = json.loads((folder / "sarif").read_text(encoding="utf-8"))
        found = schema(folder)
        try:
            from jsonschema import Draft7Validator
        except ImportError:
            found = None
        if found is None:
            print("skipped: SARIF's schema (npm) or jsonschema (PyPI) can't be had here")
        else:
            errors = [f"{list(error.path)}: {error.message}" for error in Draft7Validator(found).iter_errors(sarif)]
            expect(not errors, f"SARIF is valid: {len(sarif['runs'][0]['results'])} results", *errors[:5])
            sarif["runs"][0]["results"][0]["level"] = "fatal"
            expect(any(Draft7Validator(found).iter_errors(sarif)), "and a level that SARIF does not have is not")

        issues = json.loads((folder / "gitlab").read_text(encoding="utf-8"))
        for issue in issues:
            right = (
                isinstance(issue["description"], str) and isinstance(issue["check_name"], str)
                and issue["severity"] in ("info", "minor", "major", "critical", "blocker")
                and isinstance(issue["location"]["path"], str) and not issue["location"]["path"].startswith(("./", "/"))
                and issue["location"]["lines"]["begin"] >= 1
            )
            expect(right, f"GitLab can read {issue['check_name']}", issue) if not right else None
        fingerprints = [issue["fingerprint"] for issue in issues]
        expect(len(set(fingerprints)) == len(fingerprints) > 0, f"each of GitLab's {len(issues)} issues has a fingerprint of its own")

        suites = ElementTree.parse(folder / "junit").getroot()
        cases = list(suites.iter("testcase"))
        expect(suites.tag == "testsuites" and cases and all(case.get("name") and case.get("classname") for case in cases), "JUnit's cases have names")
        for suite in suites.iter("testsuite"):
            own = suite.findall("testcase")
            failed = sum(1 for case in own if case.find("failure") is not None)
            expect((int(suite.get("tests")), int(suite.get("failures"))) == (len(own), failed), f"JUnit counts its {len(own)} cases", suite.attrib)
    print("the schemas: all passed")


if __name__ == "__main__":
    main()
