#!/usr/bin/env python3
"""Compares what llmlint makes of usage with what genai-prices makes of it.

    python3 tests/prices.py LLMLINT [DRAWS [SEED]]

Installs the release of genai-prices that catalog/prices.jsonl was made from into target/prices, draws models, names,
counts, times and kinds of requests at random, and asks both. Prints each difference and exits with 1 where there is one
that catalog/price_corrections.jsonl does not explain. Skips, saying so, where PyPI can't be reached.
"""

import collections
import datetime
import decimal
import json
import pathlib
import random
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
CATALOG = ROOT / "catalog"
# A price an hour is billed by the second: the quotient has no end, and both stop at another digit.
QUOTIENT = decimal.Decimal("1e-20")


def lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (CATALOG / name).read_text().splitlines()]


def install() -> pathlib.Path | None:
    """A Python with that release, or none."""
    package = lines("prices.jsonl")[0]["prices"].replace(" ", "==")
    folder = ROOT / "target" / "prices"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
    return python if subprocess.run(pip).returncode == 0 else None


def counts(draw: random.Random, units: set[str], registry) -> dict:
    """Counts that do not contradict each other: what is more special is a part of the rest."""
    from genai_prices.decompose import is_descendant_or_self

    found: dict[str, int] = {}
    holders = {name: registry.ancestor_usage_keys(name) for name in units}
    for name in sorted(units, key=lambda name: (-len(registry.units[name].dimensions), name)):
        parts = [
            part for part in found if part != name and is_descendant_or_self(registry.units[name], registry.units[part])
        ]
        # Only the nearest parts add up: what they hold themselves is in them already.
        nearest = [part for part in parts if not any(part != other and other in parts and other in holders[part] for other in parts)]
        size = draw.choice([0, 1, 7, 900, 20_000, 150_000, 199_999, 200_001, 1_300_000, 10**9])
        found[name] = draw.randint(0, size) + sum(found[part] for part in nearest)
    # Every tenth draw contradicts itself or leaves out a count that others ask for.
    if draw.random() < 0.1:
        name = draw.choice(sorted(found))
        if draw.random() < 0.5:
            found[name] = 3
        else:
            del found[name]
    return found


def drawn(number: int, seed: int) -> list[dict]:
    """Requests, each with what genai-prices makes of it."""
    import genai_prices
    from genai_prices.data import providers
    from genai_prices.types import ModelPrice
    from genai_prices.units import _get_registry

    registry = _get_registry()
    draw = random.Random(seed)
    names = collections.defaultdict(list)
    for line in lines("prices.jsonl")[1:]:
        names[line["provider"], line.get("of", line["id"])].append(line["id"])
    models = [(provider, model) for provider in providers for model in provider.models]
    requests = []
    while len(requests) < number:
        provider, model = draw.choice(models)
        known = [name for name in names[provider.id, model.id] if provider.find_model(name) is not None]
        if not known:
            continue
        prices = [model.prices] if isinstance(model.prices, ModelPrice) else [part.prices for part in model.prices]
        prices += [variant.prices for variant in model.price_variants or []]
        units = {registry.unit_for_price_key(key).usage_key for price in prices for key in price.__dict__} - {"requests"}
        units |= {"input_tokens", "output_tokens"}
        at = datetime.datetime(2024, 1, 1) + datetime.timedelta(minutes=draw.randrange(3 * 366 * 24 * 60))
        kinds = [{}] + [variant.when for variant in model.price_variants or []]
        kind = draw.choice(kinds)
        request = {
            "model": draw.choice(known),
            "provider": provider.id,
            "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "context": kind,
            "usage": counts(draw, units, registry),
        }
        try:
            bill = genai_prices.calc_price(
                genai_prices.Usage(**request["usage"]),
                request["model"],
                provider_id=provider.id,
                genai_request_timestamp=at.replace(tzinfo=datetime.UTC),
                price_context=kind,
            )
            theirs = [str(bill.input_price), str(bill.output_price), str(bill.total_price)]
        except ValueError as error:
            theirs = str(error)
        requests.append({"request": request, "theirs": theirs, "row": model.id})
    return requests


def loose(number: int, seed: int) -> list[dict]:
    """Names that only a loose clause of genai-prices finds a price for."""
    import genai_prices

    draw = random.Random(seed)
    everything = lines("prices.jsonl")[1:]
    known = {line["id"] for line in everything}
    rows = [line for line in everything if "of" not in line]
    requests = []
    for row in draw.sample(rows, number):
        name = row["id"] + draw.choice(["-super", "x", ".1", "-mini-mini"])
        if name in known:
            continue
        try:
            genai_prices.calc_price(genai_prices.Usage(input_tokens=1), name, provider_id=row["provider"])
            theirs = "priced"
        except LookupError:
            theirs = "unknown"
        request = {"model": name, "provider": row["provider"], "usage": {"input_tokens": 1}}
        requests.append({"request": request, "theirs": theirs, "row": row["id"]})
    return requests


def ask(llmlint: str, requests: list[dict]) -> list[dict]:
    text = "".join(json.dumps(request["request"]) + "\n" for request in requests)
    run = subprocess.run([llmlint, "catalog", "price", "--no-config"], input=text, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(requests)
    return answers


def same(ours: dict, theirs) -> bool:
    if isinstance(theirs, str) or "unpriced" in ours:
        return isinstance(theirs, str) and "unpriced" in ours
    figures = [ours["input_usd"], ours["output_usd"], ours["usd"]]
    return all(abs(decimal.Decimal(a) - decimal.Decimal(b)) <= QUOTIENT for a, b in zip(figures, theirs))


def main() -> int:
    if sys.argv[1] == "--installed":
        _, _, llmlint, number, seed = sys.argv
        return compare(llmlint, int(number), int(seed))
    llmlint, number, seed = (sys.argv[1:] + ["500", "7"][len(sys.argv) - 2 :])[:3]
    python = install()
    if python is None:
        print("PyPI can't be reached: what requests cost was not compared with genai-prices, skipped")
        return 0
    return subprocess.run([python, __file__, "--installed", llmlint, number, seed]).returncode


def compare(llmlint: str, number: int, seed: int) -> int:
    corrected = {}
    for row in lines("price_corrections.jsonl"):
        for name in [row["id"], *row.get("names", [])]:
            corrected[row["provider"], name] = row["source"]
    requests = drawn(number, seed)
    equal, explained, wrong, refused = 0, 0, 0, 0
    for request, ours in zip(requests, ask(llmlint, requests)):
        asked, theirs = request["request"], request["theirs"]
        refused += isinstance(theirs, str)
        if same(ours, theirs):
            equal += 1
            continue
        source = corrected.get((asked["provider"], asked["model"]))
        explained += source is not None
        wrong += source is None
        why = f"corrected here, by {source}" if source else "NOT EXPLAINED"
        print(f"{why}: {json.dumps(asked)}: ours {ours}, theirs {theirs}")
    print(f"{number} draws, seed {seed}: {equal} equal ({refused} refused by both), {explained} explained, {wrong} not")
    names = loose(200, seed)
    ours = ask(llmlint, names)
    guessed = sum(name["theirs"] == "priced" for name in names)
    priced = [name["request"]["model"] for name, answer in zip(names, ours) if "unpriced" not in answer]
    print(f"{len(names)} names that are none: {guessed} priced there by a loose clause, {len(priced)} here {priced}")
    return 1 if wrong or priced else 0


if __name__ == "__main__":
    sys.exit(main())
