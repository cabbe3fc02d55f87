#!/usr/bin/env python3
"""The GitHub Action's check: runs llmlint once, then writes annotations, the job's summary and one comment.

Everything of the pull request reaches llmlint as an argument or a file, never as a part of a script. The check's own
result stands whatever happens to the comment. Needs the standard library alone.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

MARK = "<!-- llmlint -->"
TRIES = 3


def setting(name):
    return os.environ.get(f"LLMLINT_{name}", "").strip()


def lines(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def warn(message):
    """An annotation of ours; what it says can't start another command."""
    safe = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::warning title=llmlint::{safe}", flush=True)


def event():
    try:
        with open(os.environ["GITHUB_EVENT_PATH"], encoding="utf-8") as file:
            return json.load(file)
    except (KeyError, OSError, ValueError):
        return {}


def call(method, path, body=None):
    """A call of GitHub's API; answers its JSON. Waits and tries again where the server asks for it."""
    base = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    request = urllib.request.Request(
        f"{base}{path}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={
            "Authorization": f"Bearer {setting('TOKEN')}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "User-Agent": "llmlint",
        },
    )
    for left in reversed(range(TRIES)):
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if left and (error.code == 429 or error.code >= 500):
                time.sleep(min(float(error.headers.get("Retry-After") or 1), 5))
                continue
            raise
    raise AssertionError("the last try returns or raises")


def allowed(repository, number):
    """Whether the label stands on the pull request now: the event may be older than the label."""
    label = setting("ALLOW_LABEL")
    if not label:
        return False
    try:
        labels = call("GET", f"/repos/{repository}/issues/{number}/labels?per_page=100")
        return any(entry.get("name") == label for entry in labels)
    except (OSError, ValueError) as error:
        warn(f"the pull request's labels can't be read ({error}): changes of llmlint's settings count as not allowed")
        return False


def comment(repository, number, text):
    """Updates our comment, or writes the first one."""
    page = 1
    while page <= 20:
        found = call("GET", f"/repos/{repository}/issues/{number}/comments?per_page=100&page={page}")
        for entry in found:
            # Anybody can write the mark: only a bot's comment is taken for ours.
            if entry.get("body", "").startswith(MARK) and entry.get("user", {}).get("type") == "Bot":
                call("PATCH", f"/repos/{repository}/issues/comments/{int(entry['id'])}", {"body": text})
                return
        if len(found) < 100:
            break
        page += 1
    call("POST", f"/repos/{repository}/issues/{number}/comments", {"body": text})


def output(name, value):
    path = os.environ.get("GITHUB_OUTPUT")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")


def main():
    folder = os.environ.get("RUNNER_TEMP") or "/tmp"
    summary, report = os.path.join(folder, "llmlint.md"), os.path.join(folder, "llmlint.json")
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    happened = event()
    pull = happened.get("pull_request") or {}
    # A merge queue tries several pull requests on top of each other: it has a base and no pull request to comment on.
    queue = happened.get("merge_group") or {}
    number = pull.get("number")

    command = ["llmlint", "check", "--color", "never", "--output", "human=-"]
    command += ["--output", f"markdown={summary}", "--output", f"json={report}", "--output", f"github={report}.annotations"]
    if setting("SARIF"):
        command += ["--output", f"sarif={setting('SARIF')}"]
    further = lines(setting("ARGUMENTS"))
    if setting("GATE") not in ("", "new", "all"):
        warn("`gate` is to be `new` or `all`")
        return 2
    base = setting("BASE") or (pull.get("base") or {}).get("sha", "") or queue.get("base_sha", "")
    if base:
        command += ["--base", base]
        # A first pull request is not to fail by what others left behind; budgets hold for the whole all the same.
        if setting("GATE") != "all" and "--new-only" not in further:
            command.append("--new-only")
        if number and allowed(repository, int(number)):
            command.append("--allow-config-change")
    server, head = os.environ.get("GITHUB_SERVER_URL", "https://github.com"), (pull.get("head") or {}).get("sha") or queue.get("head_sha")
    if repository and (head or os.environ.get("GITHUB_SHA")):
        command += ["--link", f"{server}/{repository}/blob/{head or os.environ['GITHUB_SHA']}"]
    command += further + ["--", *(lines(setting("PATHS")) or ["."])]
    for path in (summary, report, f"{report}.annotations"):
        if os.path.exists(path):
            os.remove(path)
    # Lines of the report are no workflow commands, whatever a file is called.
    token = os.urandom(16).hex()
    print(f"::stop-commands::{token}", flush=True)
    code = subprocess.run(command, check=False).returncode
    print(f"::{token}::", flush=True)
    output("exit-code", code)
    output("report", report)
    if code not in (0, 1) or not os.path.exists(summary):
        return code or 2

    with open(f"{report}.annotations", encoding="utf-8") as file:
        print(file.read(), end="", flush=True)
    with open(summary, encoding="utf-8") as file:
        text = file.read()
    if os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as file:
            file.write(text)
    if number and setting("COMMENT") == "true":
        try:
            comment(repository, int(number), text)
        except urllib.error.HTTPError as error:
            if error.code in (401, 403, 404):
                warn(
                    "the comment can't be written: the token may not (a pull request from a fork, or no "
                    "`pull-requests: write`). The job's summary has it; docs/ci.md shows the second workflow that "
                    "comments for forks."
                )
            else:
                warn(f"the comment can't be written: GitHub answers {error.code}")
        except (OSError, ValueError) as error:
            warn(f"the comment can't be written: {error}")
    return code


if __name__ == "__main__":
    sys.exit(main())
