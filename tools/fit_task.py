#!/usr/bin/env python3
"""Fits the weights of src/facts/words/task/weights.tsv on labelled prompts.

  LLMLINT_TEXTS=texts.jsonl LLMLINT_FEATURES=features.jsonl cargo test features_for_fitting -- --ignored
  python3 tools/fit_task.py features.jsonl [--check]

texts.jsonl holds {"id", "text"} for the rows of fixtures/labels/labels.jsonl and fixtures/labels/tasks.jsonl, whose
texts stand at the places that the labels name (none is kept here), and for the cases of fixtures/labels/cases.jsonl that
name a task, whose ids are case1, case2, … by line. Rows of the halves `fresh-held`, `third-held` and `fourth-held` are
never read. Multinomial logistic regression with an L2 penalty, started from nothing: the same rows give the same
weights. Rows whose task the reader found unclear count for three tenths. --check prints the accuracy in eight-fold
cross-validation, no repository on both sides, and writes nothing. Needs numpy and scikit-learn.
"""

import collections
import json
import pathlib
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

TASKS = "classify extract summarize answer translate rewrite write code plan judge converse other".split()
ROOT = pathlib.Path(__file__).resolve().parent.parent
HELD = {"fresh-held", "third-held", "fourth-held"}
# A feature must be seen in this many repositories.
SPREAD = 7
STRENGTH = 0.3
UNCLEAR = 0.3
# Weights smaller than this for every task are left out, hundredths.
LEAST = 3


def read(name):
    return [json.loads(line) for line in (ROOT / "fixtures/labels" / name).read_text().splitlines()]


def main():
    features = {}
    for line in open(sys.argv[1]):
        row = json.loads(line)
        features[row["id"]] = row["features"]
    rows = [row for row in read("labels.jsonl") + read("tasks.jsonl") if row.get("half") not in HELD]
    rows += [
        {"id": f"case{n}", "repo": "cases", "unclear": []} | case
        for n, case in enumerate(read("cases.jsonl"), 1)
        if case.get("task")
    ]
    rows = [row for row in rows if row["id"] in features and row.get("language", "en") == "en"]
    spread = collections.defaultdict(set)
    for row in rows:
        for name in features[row["id"]]:
            spread[name].add(row["repo"])
    names = sorted(name for name in spread if len(spread[name]) >= SPREAD and name != "bias")
    index = {name: i for i, name in enumerate(names)}
    x = np.zeros((len(rows), len(names)), dtype=np.float32)
    for i, row in enumerate(rows):
        for name, value in features[row["id"]].items():
            if name in index:
                x[i, index[name]] = value
    y = np.array([TASKS.index(row["task"]) for row in rows])
    clear = np.array(["task" not in row["unclear"] for row in rows])
    weight = np.where(clear, 1.0, UNCLEAR)

    def fit(of):
        return LogisticRegression(C=STRENGTH, max_iter=400).fit(x[of], y[of], sample_weight=weight[of])

    if "--check" in sys.argv:
        told = np.zeros(len(rows), dtype=int)
        for train, test in GroupKFold(8).split(x, y, [row["repo"] for row in rows]):
            told[test] = fit(train).predict(x[test])
        halves = np.array([row.get("half", "tasks") for row in rows])
        for half in sorted(set(halves)) + ["all"]:
            of = clear & ((halves == half) | (half == "all"))
            print(f"{half}: {(told == y)[of].mean():.1%} of {of.sum()}")
        return
    model = fit(np.arange(len(rows)))
    lines = []
    table = np.zeros((12, len(names)))
    bias = np.full(12, -9.0)
    for place, task in enumerate(model.classes_):
        table[task] = model.coef_[place]
        bias[task] = model.intercept_[place]
    for name, column in [("bias", bias)] + [(name, table[:, index[name]]) for name in names]:
        numbers = np.rint(column * 100).astype(int)
        if name == "bias" or np.abs(numbers).max() >= LEAST:
            lines.append(name + "\t" + " ".join(map(str, numbers)))
    (ROOT / "src/facts/words/task/weights.tsv").write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} features, {len(rows)} rows of {len({row['repo'] for row in rows})} repositories")


main()
