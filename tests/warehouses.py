#!/usr/bin/env python3
"""The queries of docs/usage.md beside `llmlint usage import`, on the same 5,000 calls.

    python3 tests/warehouses.py LLMLINT

LLMLINT is the built program. The query of DuckDB runs in DuckDB (PyPI: duckdb), Spark's in Spark (PyPI: pyspark, which
needs Java). BigQuery, Snowflake and Trino can't be installed: their queries are read in their dialects by sqlglot (PyPI),
which refuses what the dialect has not, and run in DuckDB as sqlglot translates them. What is not installed is skipped, and
said to be.
"""

import csv
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from expect import expect

ROOT = Path(__file__).resolve().parent.parent
LLMLINT = Path(sys.argv[1]).resolve()
COLUMNS = "model VARCHAR, prompt_name VARCHAR, started_at TIMESTAMP, input_tokens BIGINT, cached_input_tokens BIGINT, output_tokens BIGINT, cost_usd DECIMAL(18, 9)"


def has(package):
    if importlib.util.find_spec(package):
        return True
    print(f"skipped: {package} is not installed for this Python (`pip install {package}`)")
    return False


def queries():
    """The query of each section of the page, by the section's name."""
    page = (ROOT / "docs/usage.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^### (.+?)\n.*?```sql\n(.*?)```", page, re.DOTALL | re.MULTILINE))


def calls():
    """Rows of a warehouse's table: names with quotes and commas, calls without a name, without a price, without cached tokens."""
    for at in range(5000):
        prompt = ["faq", "triage", 'a "b", c', None][at % 4]
        cached = None if at % 5 == 0 else at % 90
        usd = None if prompt is None else f"0.00{at % 9973:04}"
        yield ["luna", "sol"][at % 2], prompt, f"2026-10-{1 + at % 28:02} 23:59:00", 100 + at % 977, cached, 1 + at % 313, usd


def write_calls(folder):
    """The same calls as a table, and as Langfuse's observations, which this program reads itself."""
    with open(folder / "calls.csv", "w", encoding="utf-8", newline="") as table, open(folder / "calls.jsonl", "w", encoding="utf-8") as lines:
        rows = csv.writer(table)
        rows.writerow([column.split()[0] for column in COLUMNS.replace("(18, 9)", "").split(", ")])
        for model, prompt, when, asked, cached, told, usd in calls():
            rows.writerow([model, prompt, when, asked, cached, told, usd])
            usage = {"input": asked - (cached or 0), "cache_read_input_tokens": cached or 0, "output": told}
            call = {"traceId": "t", "type": "GENERATION", "startTime": when.replace(" ", "T") + "Z", "model": model, "promptName": prompt, "totalCost": usd, "usageDetails": usage}
            lines.write(json.dumps(call) + "\n")


def imported(path):
    """What `llmlint usage import` makes of a file: its groups, and the days."""
    with tempfile.TemporaryDirectory() as tree:
        command = [LLMLINT, "usage", "import", path, "--output", "-", "--no-config", "--tree", tree]
        ran = subprocess.run(command, text=True, capture_output=True, check=False)
    expect(ran.returncode == 0, f"{path.name} is read", ran.stdout, ran.stderr)
    expect("can't be used" not in ran.stderr, "and every row of it", ran.stderr)
    file = json.loads(ran.stdout)
    keep = ("calls", "input_tokens", "cached_input_tokens", "output_tokens", "usd", "usd_from")
    groups = {(group["model"], group.get("prompt", "")): {key: group.get(key) for key in keep} for group in file["unmatched"]}
    source = file["sources"][0]
    return groups, [source.get("from"), source.get("to"), source.get("days")]


def write(path, names, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(names)
        table.writerows(rows)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_calls(folder)
        ours = imported(folder / "calls.jsonl")
        expect(len(ours[0]) == 4 and sum(group["calls"] for group in ours[0].values()) == 5000, "this program's own sums", ours)

        def agrees(what, path):
            expect(imported(path) == ours, f"{what} comes to the same", imported(path), ours)

        page = queries()
        database = None
        if has("duckdb"):
            import duckdb

            database = duckdb.connect()
            types = dict(column.split(" ", 1) for column in COLUMNS.split(", ", 6))
            database.execute(f"CREATE TABLE calls AS SELECT * FROM read_csv('{folder}/calls.csv', types = {types})")
            query = page["DuckDB"].replace("'calls/*.parquet'", "calls").replace("'usage.csv'", f"'{folder}/duckdb.csv'")
            database.execute(query)
            agrees("DuckDB's query", folder / "duckdb.csv")
        if database and has("sqlglot"):
            import sqlglot

            dialects = {"BigQuery": "bigquery", "Snowflake": "snowflake", "Spark and Trino": "trino"}
            for section, dialect in dialects.items():
                statement = sqlglot.parse_one(page[section], read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
                expect(not isinstance(statement, sqlglot.exp.Command), f"{section}'s statement is one of {dialect}", repr(statement))
                select = statement.find(sqlglot.exp.Select)
                for table in select.find_all(sqlglot.exp.Table):
                    table.replace(sqlglot.exp.to_table("calls"))
                for kind in select.find_all(sqlglot.exp.DataType):
                    # BigQuery's NUMERIC has 9 decimals, DuckDB's 3.
                    if dialect == "bigquery" and kind.is_type("decimal") and not kind.expressions:
                        kind.replace(sqlglot.exp.DataType.build("DECIMAL(38, 9)"))
                ran = database.execute(select.sql(dialect="duckdb"))
                path = folder / f"{dialect}.csv"
                write(path, [column[0] for column in ran.description], ran.fetchall())
                agrees(f"{section}'s query, translated from {dialect}", path)
        if has("pyspark"):
            from pyspark.sql import SparkSession

            session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
            session.sql("SET TIME ZONE 'UTC'")
            table = session.read.csv(str(folder / "calls.csv"), header=True, schema=COLUMNS.replace("VARCHAR", "STRING"), escape='"')
            table.createOrReplaceTempView("calls")
            made = session.sql(page["Spark and Trino"])
            made.coalesce(1).write.option("header", True).option("escape", '"').csv(str(folder / "spark"))
            agrees("Spark's query", next((folder / "spark").glob("*.csv")))
            session.stop()
    print("the warehouses: all passed")


if __name__ == "__main__":
    main()
