#!/usr/bin/env python3
"""Prints how well the facts of prompts' words are told, half by half of fixtures/labels/labels.jsonl.

  llmlint facts --jsonl texts.jsonl > told.jsonl
  python3 tools/score_facts.py told.jsonl

texts.jsonl holds {"id", "text"} of labelled prompts, whose texts stand at the places that the labels name. Cells that the
reader found unclear are not scored. A number or a limit told wrongly counts against precision and against recall.
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ACCURACY = ["task", "output_format", "language"]
SHARES = "asks_brevity length_limit items_requested examples asks_reasoning retrieved_context closed_answer".split()


def main():
    told = {row["id"]: row for row in map(json.loads, open(sys.argv[1]))}
    labels = map(json.loads, (ROOT / "fixtures/labels/labels.jsonl").read_text().splitlines())
    rows = [row for row in labels if row["id"] in told]
    for half in dict.fromkeys(row["half"] for row in rows):
        print(half)
        for fact in ACCURACY + SHARES:
            scored = [row for row in rows if row["half"] == half and fact not in row["unclear"]]
            pairs = [(row[fact], told[row["id"]][fact]) for row in scored]
            right = [label for label, told_as in pairs if label == told_as]
            if fact in ACCURACY:
                print(f"  {fact}: {len(right) / max(len(pairs), 1):.0%} of {len(pairs)}")
                continue
            hits = sum(label not in (None, False, 0) for label in right)
            positives = sum(label not in (None, False, 0) for label, _ in pairs)
            claims = sum(told_as not in (None, False, 0) for _, told_as in pairs)
            share = lambda of: f"{hits / of:.0%}" if of else "-"
            print(f"  {fact}: {share(claims)} / {share(positives)} of {len(pairs)} ({positives} positive)")


main()
