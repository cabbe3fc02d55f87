"""llmlint usage import beside DuckDB on one large export: time and peak memory, and whether the sums are the same.

    python3 benches/usage.py [--gb 1] [--format csv|jsonl] [--llmlint target/release/llmlint] [--duckdb PYTHON] [--runs 3]

Makes the file (the columns of LiteLLM's spend logs, or OpenAI answers a line) from a fixed seed, runs `llmlint usage import`
on it, runs the query of docs/usage.md with DuckDB (the PyPI package; PYTHON is an interpreter that has it), and prints a
table. Times are the shortest of --runs, each program in a process of its own; peak memory is the largest resident set
that the system counted for it. Lines are read from the page cache. Standard library only.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from decimal import Decimal

MODELS = ["gpt-6-luna", "gpt-6.1-sol", "claude-sonnet-5-5", "gemini-2.5-flash", "gpt-6-astra"]
TAGS = [f"team-{number:02}" for number in range(40)]

# The query of docs/usage.md, on the columns of the files that are made here.
QUERY = {
    "csv": """
        select model, request_tags as tag, count(*) as calls, sum(prompt_tokens) as input_tokens,
               sum(completion_tokens) as output_tokens, sum(spend) as usd
        from read_csv('{path}', types = {{'spend': 'DECIMAL(18,9)'}})
        where status = 'success' and not cache_hit
        group by all order by all
    """,
    "jsonl": """
        select model, '' as tag, count(*) as calls, sum(usage.prompt_tokens) as input_tokens,
               sum(usage.completion_tokens) as output_tokens, null as usd
        from read_json('{path}', format = 'newline_delimited',
                       columns = {{model: 'VARCHAR', created: 'BIGINT',
                                   usage: 'STRUCT(prompt_tokens BIGINT, completion_tokens BIGINT)'}})
        group by all order by all
    """,
}


def make(path, size, form):
    """Writes rows until the file has `size` bytes."""
    draw = random.Random(7)
    rows = []
    for number in range(20_000):
        model, tag = draw.choice(MODELS), draw.choice(TAGS)
        asked, told = draw.randint(50, 9000), draw.randint(1, 1200)
        spend = f"0.{draw.randint(0, 99_999_999):09}"
        day, second = draw.randint(1, 31), draw.randint(0, 59)
        when = f"2026-10-{day:02}T08:{second:02}:00Z"
        if form == "csv":
            status = "failure" if draw.random() < 0.01 else "success"
            hit = "True" if draw.random() < 0.05 else "False"
            rows.append(
                f"chatcmpl-{number:08x},acompletion,88dc28d0f030c55ed4ab77ed8faf0981,{spend},{asked + told},{asked},{told},"
                f'{when},{when},{model},"[""{tag}""]","{{""user_api_key_alias"": ""app, {tag}""}}",{hit},{status}\n'
            )
        else:
            created = 1790812800 + (day - 1) * 86400 + second
            rows.append(
                json.dumps(
                    {
                        "id": f"chatcmpl-{number:08x}",
                        "object": "chat.completion",
                        "created": created,
                        "model": model,
                        "choices": [{"index": 0, "message": {"role": "assistant", "content": "x" * (told % 300)}}],
                        "usage": {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told},
                    }
                )
                + "\n"
            )
    block = "".join(rows).encode()
    with open(path, "wb") as file:
        if form == "csv":
            file.write(
                b"request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,model,"
                b"request_tags,metadata,cache_hit,status\n"
            )
        while file.tell() < size:
            file.write(block)


def run(command, **options):
    """Seconds, seconds of CPU, peak MiB and output of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    out = process.stdout.read()
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"{command[0]}: {error.decode()}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out.decode()


def best(command, runs, **options):
    ran = [run(command, **options) for _ in range(runs)]
    seconds, cpu, mib, outs = zip(*ran)
    return min(seconds), min(cpu), max(mib), outs[0]


def own_sums(text):
    sums = {}
    for group in json.loads(text)["unmatched"]:
        tags = group.get("tags", [])
        key = (group["model"], tags[0] if tags else "")
        usd = Decimal(group["usd"]) if group.get("usd_from") == "export" else None
        sums[key] = (group["calls"], group["input_tokens"], group["output_tokens"], usd)
    return sums


def duckdb_sums(text):
    sums = {}
    for line in text.splitlines():
        model, tag, calls, asked, told, usd = json.loads(line)
        tag = json.loads(tag)[0] if tag else ""
        sums[(model, tag)] = (calls, asked, told, Decimal(usd) if usd else None)
    return sums


DUCKDB = """
import json, sys, duckdb
duckdb.sql("set enable_progress_bar = false")
for row in duckdb.sql(sys.argv[1]).fetchall():
    print(json.dumps([row[0], row[1], int(row[2]), int(row[3]), int(row[4]), None if row[5] is None else str(row[5])]))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gb", type=float, default=1.0)
    parser.add_argument("--format", choices=QUERY, nargs="*", default=list(QUERY))
    parser.add_argument("--llmlint", default="target/release/llmlint")
    parser.add_argument("--duckdb", default=sys.executable, help="a Python that has the package duckdb")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", help="make the files in this folder, and leave them")
    arguments = parser.parse_args()
    llmlint = os.path.abspath(arguments.llmlint)
    try:
        version = run([arguments.duckdb, "-c", "import duckdb; print(duckdb.__version__)"])[3].strip()
    except SystemExit:
        version = None
    folder = arguments.keep or tempfile.mkdtemp()
    print("| file | program | seconds | of CPU | MB/s | peak MiB |\n| --- | --- | --- | --- | --- | --- |")
    for form in arguments.format:
        path = os.path.join(folder, f"usage.{form}")
        if not os.path.exists(path):
            make(path, int(arguments.gb * 1e9), form)
        size = os.path.getsize(path)
        shown = f"{size / 1e9:.2f} GB of {form}"
        with tempfile.TemporaryDirectory() as tree:
            command = [llmlint, "usage", "import", path, "--output", "-", "--no-config", "--tree", tree]
            seconds, cpu, mib, out = best(command, arguments.runs)
        print(f"| {shown} | llmlint | {seconds:.2f} | {cpu:.2f} | {size / 1e6 / seconds:.0f} | {mib:.0f} |", flush=True)
        if version is None:
            print(f"| {shown} | DuckDB | not installed: `pip install duckdb` | | | |")
            continue
        query = QUERY[form].format(path=path)
        seconds, cpu, mib, told = best([arguments.duckdb, "-c", DUCKDB, query], arguments.runs)
        print(f"| {shown} | DuckDB {version} | {seconds:.2f} | {cpu:.2f} | {size / 1e6 / seconds:.0f} | {mib:.0f} |", flush=True)
        ours, theirs = own_sums(out), duckdb_sums(told)
        print(f"{form}: {len(ours)} groups, {'the same sums' if ours == theirs else 'SUMS DIFFER'}", file=sys.stderr)
        if ours != theirs:
            for key in sorted(set(ours) | set(theirs)):
                if ours.get(key) != theirs.get(key):
                    print(key, ours.get(key), theirs.get(key), file=sys.stderr)
            sys.exit(1)


if __name__ == "__main__":
    main()
