#!/usr/bin/env python3
"""Makes catalog/prices.jsonl anew from the open price data of genai-prices and our own corrections.

    python3 tools/prices.py             the newest release
    python3 tools/prices.py 0.2.3       that release

Needs Python 3.11 and PyPI: the package is installed into target/prices. It carries facts over (names, prices, days,
context windows); descriptions and comments stay behind. The first line tells what the file was made from; each further
line is a row or a further name of one, sorted by name (without regard to case) and provider, so that a program finds a
name by halving. catalog/README.md has the columns.

Names are those that a clause of genai-prices demands to be equal, and those of catalog/models.jsonl that one of its
looser clauses prices: a person has looked at these. A name must be found by its own model among all of its provider.
"""

import datetime
import json
import pathlib
import subprocess
import sys
import urllib.request
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
CATALOG = ROOT / "catalog"
PACKAGE = "genai-prices"
# What catalog/models.jsonl calls them, and what genai-prices does.
SELLERS = {"amazon": "aws", "bedrock": "aws", "voyage": "voyageai", "xai": "x-ai"}
# What genai-prices has as code: Groq bills at least so many seconds of audio.
LEAST_SECONDS = {("groq", "whisper-large-v3"): "10", ("groq", "whisper-large-v3-turbo"): "10"}
# Where Bedrock routes a request to.
REGIONS = ["apac", "au", "ca", "eu", "global", "in", "jp", "us", "us-gov"]


def install(version: str | None) -> pathlib.Path:
    """A Python that has the package."""
    folder = ROOT / "target" / "prices"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    wanted = PACKAGE if version is None else f"{PACKAGE}=={version}"
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", wanted]
    subprocess.run(command, check=True)
    return python


def released(version: str) -> str:
    """The day on which PyPI got that release."""
    with urllib.request.urlopen(f"https://pypi.org/pypi/{PACKAGE}/json", timeout=60) as answer:
        return json.load(answer)["releases"][version][0]["upload_time_iso_8601"][:10]


def read(name: str) -> list[dict]:
    return [json.loads(line) for line in (CATALOG / name).read_text().splitlines()]


def amount(value) -> str:
    """A decimal without zeros behind its last digit."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def rates(prices, units) -> dict:
    """USD by what is billed."""
    found = {}
    for key, value in prices.__dict__.items():
        if value is None:
            continue
        unit = units[key]
        if hasattr(value, "tiers"):
            above = [[tier.start, amount(tier.price)] for tier in value.tiers]
            found[unit] = {"base": amount(value.base), "above": above}
        else:
            found[unit] = amount(value)
    return {unit: found[unit] for unit in units.values() if unit in found}


def constraint(given) -> dict:
    """From which day, or between which times of the day (UTC), a price holds."""
    if given is None:
        return {}
    if hasattr(given, "start_date"):
        return {"from": given.start_date.isoformat()}
    utc = lambda time: time.strftime("%H:%M")
    assert all(time.utcoffset() in (None, datetime.timedelta(0)) for time in (given.start_time, given.end_time))
    return {"hours": [utc(given.start_time), utc(given.end_time)]}


def leaves(clause):
    """The alternatives of a clause."""
    for part in getattr(clause, "or_", None) or [clause]:
        if part is clause:
            yield part
        else:
            yield from leaves(part)


def names(provider, model, curated: list[str]) -> list[str]:
    """Names that stand for the model alone."""
    regional = provider.id == "aws" and model.id.startswith(("regional.", "global."))
    given = [clause.equals for clause in leaves(model.match) if hasattr(clause, "equals")]
    if regional:
        # Which price an id without a region has, the sources do not agree on.
        given = [name for name in given if name.split(".")[0] in REGIONS]
        base = model.id.split(".", 1)[1]
        given += [f"{region}.{base}" for region in REGIONS]
    given += curated
    mine = lambda name: provider.find_model(name) is model
    kept = {name.lower() for name in given if mine(name)} - {model.id.lower()}
    return sorted(kept)


def make(as_of: str, version: str) -> None:
    """Runs where the package is installed."""
    from genai_prices.data import providers
    from genai_prices.data_units import unit_data
    from genai_prices.types import ModelPrice

    units = {unit["price_key"]: usage for usage, unit in unit_data.items()}
    corrections = {(row["provider"], row["id"]): row for row in read("price_corrections.jsonl")}
    curated: dict[str, list[str]] = {}
    for row in read("models.jsonl"):
        seller = SELLERS.get(row["provider"], row["provider"])
        curated.setdefault(seller, []).extend([row["id"], *row.get("aliases", [])])
    lines = []

    def add(row: dict, further: list[str]) -> None:
        for name in [row["id"], *further]:
            assert name.isascii() and name.isprintable() and not set(name) & set('"\\'), name
        lines.append(row)
        lines.extend({"id": name, "provider": row["provider"], "of": row["id"]} for name in further)

    corrected = {(seller, name.lower()) for (seller, _), row in corrections.items() for name in [row["id"], *row.get("names", [])]}
    for provider in providers:
        for model in provider.models:
            if (provider.id, model.id.lower()) in corrected:
                continue
            further = [name for name in names(provider, model, curated.get(provider.id, [])) if (provider.id, name) not in corrected]
            row = {"id": model.id, "provider": provider.id}
            if model.context_window:
                row["context_window"] = model.context_window
            if model.deprecated:
                row["deprecated"] = True
            if (provider.id, model.id) in LEAST_SECONDS:
                row["least_seconds"] = LEAST_SECONDS[provider.id, model.id]
            given = model.prices
            given = [(None, given)] if isinstance(given, ModelPrice) else [(part.constraint, part.prices) for part in given]
            row["prices"] = [constraint(when) | {"usd": rates(prices, units)} for when, prices in given]
            variants = [(variant, rates(variant.prices, units)) for variant in model.price_variants or []]
            if any(usd for _, usd in variants):
                row["variants"] = [
                    {"when": variant.when} | constraint(variant.constraint) | {"usd": usd} for variant, usd in variants if usd
                ]
            add(row, further)
    for row in corrections.values():
        assert "of" not in row or any(row["of"] == other["id"] and row["provider"] == other["provider"] for other in lines), row
        add({key: value for key, value in row.items() if key != "names"}, row.get("names", []))
    lines.sort(key=lambda row: (row["id"].lower(), row["provider"]))
    head = {"prices": f"{PACKAGE} {version}", "as_of": as_of, "rows": len(lines)}
    text = "\n".join(json.dumps(row, separators=(",", ":")) for row in [head, *lines])
    (CATALOG / "prices.jsonl").write_text(text + "\n")
    print(f"{PACKAGE} {version} of {as_of}: {len(lines)} names, {len(text)} bytes")


def main() -> None:
    if sys.argv[1:2] == ["--installed"]:
        make(*sys.argv[2:])
        return
    python = install(sys.argv[1] if len(sys.argv) > 1 else None)
    ask = f"import importlib.metadata as m; print(m.version({PACKAGE!r}))"
    version = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run([python, __file__, "--installed", released(version), version], check=True)


if __name__ == "__main__":
    main()
