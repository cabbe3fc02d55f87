#!/usr/bin/env python3
"""Compares token ids by tokenizer files with those of their reference implementations.

    tools/check_tokenizer_files.py BINARY TEXTS FILE…

TEXTS is a number of random texts, or a file of JSON lines with `text`. A FILE is a `tokenizer.json` (needs the package
tokenizers), a `tekken.json` (mistral-common), or FILE=REGEX for a list of ranks (tiktoken). Control tokens in a text are
ordinary text for all of them.
"""

import hashlib
import json
import random
import subprocess
import sys

from check_tokens import hugging_face, ranks, tekken, texts


def main():
    binary, wanted, *files = sys.argv[1:]
    if wanted.isdigit():
        samples = texts(random.Random(int(wanted)), int(wanted))
    else:
        samples = [json.loads(line)["text"] for line in open(wanted)]
    rows = "\n".join(json.dumps({"text": text}) for text in samples)
    failed = False
    for file in files:
        path, _, pattern = file.partition("=")
        command = [binary, "tokens", "--jsonl", "--tokenizer", path, *(["--pattern", pattern] if pattern else []), "-"]
        if pattern:
            encode = ranks(path, pattern)
        elif "tekken" in path:
            encode = tekken(path)
        else:
            encode = hugging_face(path)
        done = subprocess.run(command, input=rows, capture_output=True, text=True)
        lines = done.stdout.splitlines()
        different = []
        for text, line in zip(samples, lines):
            ids, row = encode(text), json.loads(line)
            digest = hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()[:16]
            if (row["count"], row["ids_sha256"]) != (len(ids), digest):
                different.append(text)
        failed = failed or bool(different) or len(lines) < len(samples)
        print(f"{path}: {len(lines)} of {len(samples)} texts, {len(different)} differ {done.stderr.strip()}", flush=True)
        for text in sorted(different, key=len)[:5]:
            print(f"  {text!r}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
