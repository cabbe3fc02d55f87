#!/usr/bin/env python3
"""Measures how far Claude's token counts are from those of another encoding, by kind of text.

    tools/estimate_error.py TEXTS.json TOKENIZER.json

TEXTS.json maps a kind to a list of texts; TOKENIZER.json is the `tokenizer.json` to count with. Needs the packages
tokenizers and ctok (Python 3.12), a reconstruction of Claude's counts from recorded answers of its counting endpoint.
"""

import json
import sys

from ctok import tokenize
from tokenizers import Tokenizer


def main():
    kinds = json.load(open(sys.argv[1], encoding="utf-8"))
    tokenizer = Tokenizer.from_file(sys.argv[2])
    for version in ("3.0", "4.7"):
        for kind, texts in kinds.items():
            # The frame of a message stands before its text.
            counts = [sum(token != "⟨pad⟩" for token in tokenize(text, version)) for text in texts]
            bases = [len(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts]
            ratios = sorted(count / base for count, base in zip(counts, bases))
            edge = len(ratios) // 20
            print(
                f"Claude {version}: {kind}, {len(texts)} texts: {sum(counts) / sum(bases):.2f}, "
                f"9 of 10 within {ratios[edge]:.2f} to {ratios[-1 - edge]:.2f}"
            )


if __name__ == "__main__":
    main()
