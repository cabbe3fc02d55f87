#!/usr/bin/env python3
"""Works every figure of a JSON report out again, from what the report itself states.

    llmlint check PATH --format json | python3 tests/recompute.py [REPORT.json [BASE.json]]

With the report on the state that it was compared with, the comparison's figures are worked out too.

Nothing is taken from llmlint: formulas are read by Python's own parser and computed with exact decimals. Prints a line
for each disagreement and exits with 1 where there is one, with 2 where the report can't be read.
"""

import ast
import json
import operator
import sys
from decimal import Decimal, DecimalException, getcontext

getcontext().prec = 60

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def evaluate(formula, values):
    """The value of arithmetic over names: `+ - * /`, brackets, whole and decimal numbers; nothing else."""

    def value(node):
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.Name) and node.id in values:
            return values[node.id]
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Decimal(ast.get_source_segment(formula, node))
        raise ValueError(f"`{ast.get_source_segment(formula, node)}` is not arithmetic over the inputs")

    return value(ast.parse(formula, mode="eval").body)


class Check:
    """What was compared, and what did not agree."""

    def __init__(self):
        self.compared = 0
        self.disagreements = []

    def equal(self, where, what, stated, computed):
        self.compared += 1
        if stated != computed:
            self.disagreements.append(f"{where}: {what} is {stated}, computed {computed}")

    def holds(self, where, what, condition):
        self.compared += 1
        if not condition:
            self.disagreements.append(f"{where}: {what}")


def ends(check, where, amount):
    """Low and high end as decimals. They are strings, so that no reader makes them binary fractions."""
    for end in ("low", "high"):
        check.holds(where, f"`{end}` is a string", isinstance(amount[end], str))
    low, high = Decimal(amount["low"]), Decimal(amount["high"])
    check.holds(where, f"low {low} is above high {high}", low <= high)
    return low, high


def figure(check, where, amount):
    """A figure is what its formula gives for its inputs' ends."""
    low, high = ends(check, where, amount)
    lows, highs = {}, {}
    for given in amount["inputs"]:
        name = given["name"]
        here = f"{where}, input {name}"
        check.holds(here, "is named twice", name not in lows)
        check.holds(here, "says where it comes from", bool(given["from"].strip()))
        check.holds(here, "has a unit", bool(given["unit"].strip()))
        lows[name], highs[name] = ends(check, here, given)
    used = {node.id for node in ast.walk(ast.parse(amount["formula"])) if isinstance(node, ast.Name)}
    check.equal(where, "names in the formula", sorted(used), sorted(lows))
    for end, stated, values in (("low", low, lows), ("high", high, highs)):
        try:
            check.equal(where, f"{end} of `{amount['formula']}`", stated, evaluate(amount["formula"], values))
        except (ValueError, DecimalException) as error:
            check.holds(where, f"{end}: {error}", False)
    return low, high


def costs_of(check, unit):
    """A unit's known costs by fact: (per, low, high)."""
    known = {}
    for cost in unit.get("costs", []):
        where = f"{unit['name']}: {cost['fact']}"
        amount = cost.get("amount")
        check.holds(where, "is an amount or says why not", (amount is None) == bool(cost.get("unknown")))
        if amount is None:
            continue
        known[cost["fact"]] = (amount["per"], *figure(check, where, amount))
        for given in amount["inputs"]:
            if given["name"] == "input_tokens":
                tokens = unit["tokens"]
                counted = (Decimal(tokens["least"]), Decimal(tokens["most"]))
                check.equal(where, "input_tokens", (Decimal(given["low"]), Decimal(given["high"])), counted)
    return known


def parts(of, known):
    """The known costs that a saving is a share of."""
    whole = of == "prompt.cost.total"
    return [fact for fact in known if fact == of or (whole and fact.startswith("prompt.cost."))]


def saving(check, finding, known):
    where = f"{finding['path']}:{finding['span']['line']} {finding['rule']}"
    stated = finding["saving"]
    shares = (Decimal(stated["share_low"]), Decimal(stated["share_high"]))
    check.holds(where, f"shares {shares} lie in 0 to 1", 0 <= shares[0] <= shares[1] <= 1)
    amount = stated.get("amount")
    check.holds(where, "is an amount or says why not", (amount is None) == bool(stated.get("unknown")))
    if amount is None:
        return
    low, high = figure(check, where, amount)
    for given in amount["inputs"]:
        if given["name"] == "share":
            check.equal(where, "share", (Decimal(given["low"]), Decimal(given["high"])), shares)
    of = parts(stated["of"], known)
    if of:
        check.equal(where, "per", {amount["per"]}, {known[fact][0] for fact in of})
        check.equal(where, "low", low, shares[0] * sum(known[fact][1] for fact in of))
        check.equal(where, "high", high, shares[1] * sum(known[fact][2] for fact in of))


def add(sums, key, low, high):
    units, total_low, total_high = sums.get(key, (0, Decimal(0), Decimal(0)))
    sums[key] = (units + 1, total_low + low, total_high + high)


def totals(check, report, known):
    stated = report["totals"]
    kinds = [unit["kind"] for unit in report["units"]]
    counts = [unit["tokens"] for unit in report["units"] if unit.get("tokens")]
    check.equal("totals", "prompts", stated["prompts"], kinds.count("prompt"))
    check.equal("totals", "deployments", stated["deployments"], kinds.count("deployment"))
    check.equal("totals", "files", stated["files"], sum(1 for file in report["files"] if file.get("format")))
    check.equal("totals", "prompt_tokens", stated["prompt_tokens"], sum(count["least"] for count in counts))
    check.equal("totals", "prompt_tokens_exact", stated["prompt_tokens_exact"], all(c["exact"] for c in counts))

    costs, savings, unknown = {}, {}, {}
    for unit in report["units"]:
        for cost in unit.get("costs", []):
            if not cost.get("amount"):
                unknown[cost["fact"]] = unknown.get(cost["fact"], 0) + 1
        findings = [f["saving"] for f in report["findings"] if f.get("unit") == unit["name"] and f.get("saving")]
        for fact, (per, low, high) in known[unit["name"]].items():
            add(costs, (fact, per), low, high)
            # Savings on one unit compose: each takes its share of what the others leave.
            left_low, left_high = Decimal(1), Decimal(1)
            shares = [found for found in findings if fact in parts(found["of"], {fact: None})]
            for found in shares:
                left_low *= 1 - Decimal(found["share_low"])
                left_high *= 1 - Decimal(found["share_high"])
            if shares:
                add(savings, ("savings", per), low * (1 - left_low), high * (1 - left_high))
    for name, computed in (("costs", costs), ("savings", savings)):
        keys = [(total["of"], total["per"]) for total in stated[name]]
        check.equal("totals", f"parts of {name}", keys, sorted(computed))
        for total in stated[name]:
            key = (total["of"], total["per"])
            where = f"totals: {total['of']} per {total['per']}"
            made = (total["units"], *ends(check, where, total))
            check.equal(where, "(units, low, high)", made, computed.get(key))
            check.equal(where, "unknown", total["unknown"], unknown.get(total["of"], 0))


def comparison(check, report, base, known, known_before):
    """Both sides of what a change did are the figures of the two reports."""
    for unit in report["comparison"]["units"]:
        sides = [
            ("before", unit.get("was", unit["name"]), known_before, unit["change"] != "new"),
            ("after", unit["name"], known, unit["change"] != "gone"),
        ]
        for side, name, figures, is_there in sides:
            where = f"{unit['name']}: {side}"
            check.equal(where, "is in the report", name in figures, is_there)
            computed = {(fact, per): (low, high) for fact, (per, low, high) in figures.get(name, {}).items()}
            stated = {(cost["of"], cost["per"]): ends(check, where, cost[side]) for cost in unit.get("costs", []) if side in cost}
            check.equal(where, "costs", stated, computed if is_there else {})
    for side, totals_of in (("before", base), ("after", report)):
        stated = {(c["of"], c["per"]): ends(check, side, c[side]) for c in report["comparison"]["costs"] if side in c}
        computed = {(t["of"], t["per"]): ends(check, side, t) for t in totals_of["totals"]["costs"]}
        check.equal(f"comparison: {side}", "sums", stated, computed)


def no_float(text):
    raise ValueError(f"the report holds {text}, a number that readers take for a binary fraction")


def load(file):
    return json.load(file, parse_float=no_float)


def one_report(check, report):
    """Checks a report by itself; answers the known costs of its units."""
    known = {}
    for unit in report["units"]:
        check.holds(unit["name"], "is the name of two units", unit["name"] not in known)
        known[unit["name"]] = costs_of(check, unit)
    savings = [finding for finding in report["findings"] if finding.get("saving")]
    for finding in savings:
        check.holds(f"{finding['path']} {finding['rule']}", "is about a unit of the report", finding["unit"] in known)
        saving(check, finding, known.get(finding["unit"], {}))
    totals(check, report, known)
    return known, len(savings)


def main(arguments):
    try:
        with open(arguments[0], encoding="utf-8") if arguments else sys.stdin as file:
            report = load(file)
        base = None
        if len(arguments) > 1:
            with open(arguments[1], encoding="utf-8") as file:
                base = load(file)
    except (OSError, ValueError) as error:
        print(f"recompute: {error}", file=sys.stderr)
        return 2
    check = Check()
    known, savings = one_report(check, report)
    if base is not None:
        comparison(check, report, base, known, one_report(check, base)[0])
    for line in check.disagreements:
        print(line)
    print(f"{check.compared} comparisons, {savings} savings, {len(check.disagreements)} disagreements")
    return 1 if check.disagreements else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
