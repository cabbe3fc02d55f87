#!/usr/bin/env python3
"""Fits the tables of src/facts/words/weights on labelled prompts.

  LLMLINT_TEXTS=texts.jsonl LLMLINT_FEATURES=features.jsonl cargo test features_for_fitting -- --ignored
  python3 tools/fit_words.py features.jsonl [--check] [--tasks texts.jsonl] [prompt] [length] [items]

texts.jsonl holds {"id", "text"} for the rows of fixtures/labels/labels.jsonl, tasks.jsonl and amounts.jsonl, whose texts
stand at the places that the labels name (none is kept here), and for the cases of cases.jsonl that name a task, whose ids
are case1, case2, … by line. Each decision is a logistic regression with an L2 penalty, started from nothing: the same rows
give the same weights. Rows whose task the reader found unclear count for three tenths; so do rows that the rules were
written on, where the rules' own answers are among the features.

--check prints how well each decision is told in eight-fold cross-validation, no repository on both sides, and writes
nothing; --tasks writes texts.jsonl again with the task that was told so, from which the features of a closed answer, a
length and a number are to be computed: a task that was fitted on the row itself would be trusted too much. Needs numpy
and scikit-learn.
"""

import collections
import json
import pathlib
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

ROOT = pathlib.Path(__file__).resolve().parent.parent
TASKS = "classify extract summarize answer translate rewrite write code plan judge converse other".split()
# Rows whose errors had been read when the rules were written.
READ = {"tune", "second-tune", "held", "fresh-tune", "third-tune", "fourth-tune", "fifth-tune"}
# Rows that are never fitted on.
HELD = {"fifth-held", "sixth-held"}
FOLDS = 8
# A feature must be seen in this many repositories.
SPREAD = {"task": 7, "closed": 7, "length": 4, "items": 4}
STRENGTH = {"task": 0.3, "closed": 0.3, "length": 0.2, "items": 0.2}
# The chance from which on a thing is said to be so.
FROM = {"closed": 0.5, "length": 0.48, "items": 0.45}
LITTLE = 0.3
# Short cases are clear, and each stands for many prompts.
CASE = 2.0
# Weights smaller than this for every outcome are left out, hundredths.
LEAST = 8


def read(name):
    return [json.loads(line) for line in (ROOT / "fixtures/labels" / name).read_text().splitlines()]


class Decision:
    """Rows of features, an outcome and a weight each, by repository."""

    def __init__(self, name, rows):
        self.name, self.rows = name, rows
        spread = collections.defaultdict(set)
        for row in rows:
            for feature in row["features"]:
                spread[feature].add(row["repo"])
        self.names = sorted(n for n in spread if len(spread[n]) >= SPREAD[name] and n != "bias")
        index = {n: i for i, n in enumerate(self.names)}
        self.x = np.zeros((len(rows), len(self.names)), dtype=np.float32)
        for i, row in enumerate(rows):
            for feature, value in row["features"].items():
                if feature in index:
                    self.x[i, index[feature]] = value
        self.y = np.array([row["outcome"] for row in rows])
        self.weight = np.array([row["weight"] for row in rows])

    def fit(self, of):
        model = LogisticRegression(C=STRENGTH[self.name], max_iter=300)
        return model.fit(self.x[of], self.y[of], sample_weight=self.weight[of])

    def crossed(self):
        """What is told of each row by the others' repositories."""
        told = np.empty(len(self.rows), dtype=object)
        for train, test in GroupKFold(FOLDS).split(self.x, self.y, [row["repo"] for row in self.rows]):
            model = self.fit(train)
            if self.name in FROM:
                told[test] = model.predict_proba(self.x[test])[:, 1] > FROM[self.name]
            else:
                told[test] = model.predict(self.x[test])
        return told

    def columns(self, outcomes):
        """For each outcome the feature's weights, and that of the bias."""
        model = self.fit(np.arange(len(self.rows)))
        if self.name in FROM:
            edge = np.log(FROM[self.name] / (1 - FROM[self.name]))
            return [dict(zip(self.names, model.coef_[0])) | {"bias": model.intercept_[0] - edge}]
        out = {}
        for place, outcome in enumerate(model.classes_):
            out[outcome] = dict(zip(self.names, model.coef_[place])) | {"bias": model.intercept_[place]}
        return [out.get(outcome, {"bias": -9.0}) for outcome in outcomes]


def write(name, columns):
    lines = []
    for feature in ["bias"] + sorted(set().union(*columns) - {"bias"}):
        numbers = [round(float(column.get(feature, 0.0)) * 100) for column in columns]
        if feature == "bias" or max(map(abs, numbers)) >= LEAST:
            lines.append(feature + "\t" + " ".join(map(str, numbers)))
    (ROOT / "src/facts/words/weights" / f"{name}.tsv").write_text("\n".join(lines) + "\n")
    print(f"{name}: {len(lines)} features")


def shares(name, pairs):
    hits = sum(label is not None and label is not False and label == told for label, told in pairs)
    positives = sum(label not in (None, False) for label, _ in pairs)
    claims = sum(told not in (None, False) for _, told in pairs)
    print(f"{name}: {hits / max(claims, 1):.0%} / {hits / max(positives, 1):.0%} of {len(pairs)} ({positives} positive)")


def halves(rows, told):
    for part, of in [("read", True), ("unread", False)]:
        yield part, [(r, t) for r, t in zip(rows, told) if r.get("half", "tasks") not in ("tasks", "cases") and (r["half"] in READ) == of]


def main():
    features = {row["id"]: row for row in map(json.loads, open(sys.argv[1]))}
    check = "--check" in sys.argv
    wanted = [a for a in sys.argv[2:] if a in ("prompt", "length", "items")] or ["prompt", "length", "items"]
    labels = [row for row in read("labels.jsonl") if row["id"] in features and row["half"] not in HELD]
    little = lambda row: LITTLE if row["half"] in READ else 1.0
    if "prompt" in wanted:
        cases = [
            {"id": f"case{n}", "repo": "cases", "unclear": []} | case
            for n, case in enumerate(read("cases.jsonl"), 1)
            if case.get("task")
        ]
        rows = [r for r in labels + read("tasks.jsonl") + cases if r["id"] in features and r.get("language", "en") == "en"]
        rows = [
            r | {"features": features[r["id"]]["words"], "outcome": r["task"], "weight": LITTLE if "task" in r["unclear"] else 1.0}
            for r in rows
        ]
        task = Decision("task", rows)
        english = [r for r in labels if r["language"] == "en"]

        def more(fact):
            return [
                r | {"features": features[r["id"]]["words"] | features[r["id"]]["signs"], "outcome": r[fact], "weight": little(r)}
                for r in english
                if fact not in r["unclear"]
            ] + [
                r | {"features": features[r["id"]]["words"] | features[r["id"]]["signs"], "outcome": r[fact], "weight": 1.0}
                for r in rows
                if "half" not in r and fact in r
            ]

        closed = Decision("closed", more("closed_answer"))
        if check:
            told = task.crossed()
            if "--tasks" in sys.argv:
                path = pathlib.Path(sys.argv[sys.argv.index("--tasks") + 1])
                by_id = dict(zip((r["id"] for r in rows), told))
                texts = [json.loads(line) for line in path.read_text().splitlines()]
                texts = [t | ({"task": by_id[t["id"]]} if t["id"] in by_id else {}) for t in texts]
                path.write_text("".join(json.dumps(t, ensure_ascii=False) + "\n" for t in texts))
            clear = [(r, t) for r, t in zip(rows, told) if "task" not in r["unclear"]]
            print(f"task: {np.mean([r['task'] == t for r, t in clear]):.1%} of {len(clear)}")
            for part, pairs in halves(rows, told):
                pairs = [(r, t) for r, t in pairs if "task" not in r["unclear"]]
                print(f"task {part}: {np.mean([r['task'] == t for r, t in pairs]):.1%} of {len(pairs)}")
            for part, pairs in halves(closed.rows, closed.crossed()):
                shares(f"closed_answer {part}", [(r["closed_answer"], bool(t)) for r, t in pairs])
        else:
            write("prompt", task.columns(TASKS) + closed.columns(None))
    for name, fact in [("length", "length_limit"), ("items", "items_requested")]:
        if name not in wanted:
            continue
        key = lambda c: {"n": c["n"], "unit": c["unit"], "bound": c["bound"]} if name == "length" else c["n"]
        rows = []
        cases = [
            {"id": f"case{n}", "repo": "cases", "unclear": [], "half": "cases"} | case
            for n, case in enumerate(read("cases.jsonl"), 1)
            if fact in case
        ]
        for r in labels + [case for case in cases if case["id"] in features]:
            if fact in r["unclear"]:
                continue
            for c in features[r["id"]]["lengths" if name == "length" else "items"]:
                if c["n"] is not None:
                    right = key(c) == r[fact]
                    weight = (little(r) + 1) / 2 * (1.0 if right or r[fact] is None else LITTLE)
                    weight = CASE if r["half"] == "cases" else weight
                    rows.append(r | {"features": c["features"], "outcome": right, "weight": weight, "told": key(c)})
        if name == "length":
            for r in read("amounts.jsonl"):
                for c in features.get(r["id"], {"lengths": []})["lengths"]:
                    if c["n"] is not None:
                        rows.append({"id": r["id"], "repo": r["repo"], "features": c["features"], "outcome": key(c) in r["whole"], "weight": 1.0})
        decision = Decision(name, rows)
        if not check:
            write(name, decision.columns(None))
            continue
        best = {}
        for row, told in zip(rows, decision.crossed()):
            if told and "told" in row:
                best.setdefault(row["id"], []).append(row["told"])
        pick = (lambda told: min(told, key=size)) if name == "length" else max
        cells = [r for r in labels if fact not in r["unclear"]]
        for part, pairs in halves(cells, [pick(best[r["id"]]) if r["id"] in best else None for r in cells]):
            shares(f"{fact} {part}", [(r[fact], t) for r, t in pairs])


def size(limit):
    words = {"words": 10, "items": 10, "sentences": 200, "paragraphs": 900, "lines": 120, "characters": 2, "tokens": 7}
    return (limit["bound"] == "min", limit["n"] * words[limit["unit"]])


main()
