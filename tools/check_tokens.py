#!/usr/bin/env python3
"""Compares token ids of open models' encodings with their reference implementations on random texts.

    tools/check_tokens.py BINARY FOLDER [TEXTS] [SEED]

FOLDER is what tools/token_tables.sh filled. Needs the packages tokenizers, tiktoken, sentencepiece and mistral-common.
Control tokens in a text are ordinary text for all of them.
"""

import base64
import hashlib
import json
import random
import subprocess
import sys
import unicodedata

# Llama 4's pattern is that of o200k_base: llama_models/llama4/tokenizer.py.
UPPER, LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
LLAMA4 = "|".join(
    [
        rf"[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]*[{LOWER}]+{CONTRACTION}",
        rf"[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]+[{LOWER}]*{CONTRACTION}",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)


def hugging_face(path):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(path)
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def ranks(path, pattern):
    import tiktoken

    lines = (line.split() for line in open(path) if line.strip())
    tokens = {base64.b64decode(token): int(rank) for token, rank in lines}
    return tiktoken.Encoding(path, pat_str=pattern, mergeable_ranks=tokens, special_tokens={}).encode_ordinary


def sentence_piece(path):
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(model_file=path).encode


def tekken(path):
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    tokenizer = Tekkenizer.from_file(path)
    return lambda text: tokenizer.encode(text, bos=False, eos=False)


def references(folder):
    return {
        "llama3": lambda: hugging_face(f"{folder}/llama3.json"),
        "qwen3": lambda: hugging_face(f"{folder}/qwen3.json"),
        "deepseek_v3": lambda: hugging_face(f"{folder}/deepseek_v3.json"),
        "gemma2": lambda: hugging_face(f"{folder}/gemma2.json"),
        "gemma3": lambda: hugging_face(f"{folder}/gemma3.json"),
        "llama4": lambda: ranks(f"{folder}/llama4.model", LLAMA4),
        "mistral_v1": lambda: sentence_piece(f"{folder}/mistral_v1.model"),
        "mistral_v3": lambda: sentence_piece(f"{folder}/mistral_v3.model"),
        "tekken_240911": lambda: tekken(f"{folder}/tekken.json"),
    }


TAGS = """<think> </think> <tool_call> <|im_end|> <|endoftext|> <table> </td> <unused17> [multimodal] [INST] <｜User｜>
<start_of_turn> <bos> <0x41> < > [ ] ▁ ▁▁ ▁▁▁▁ <h1""".split() + ["> </", ">  </", " </div>", "<b> </b>"]
WORDS = ["the ", " of", "ing", "return ", "import ", "();\n", "    ", '": "', "Straße", "naïve", "日本語のテキスト", "한국어"]


def texts(rng, count):
    by_category = {}
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000:
            by_category.setdefault(unicodedata.category(chr(code)), []).append(chr(code))

    def some(categories, most):
        kind = rng.choice(categories.split())
        return "".join(rng.choice(by_category[kind]) for _ in range(rng.randint(1, most)))

    def among(characters, most):
        return "".join(rng.choice(characters) for _ in range(rng.randint(1, most)))

    def within(first, last, most):
        return "".join(chr(rng.randint(first, last)) for _ in range(rng.randint(1, most)))

    makers = [
        lambda: among(" \t\r\n", 5),
        lambda: among("\x0b\x85\xa0\u1680\u2003\u2028\u3000\u200b\ufeff", 3),
        lambda: "'" + rng.choice(["s", "S", "ſ", "t", "T", "ll", "LL", "ve", "RE", "d", "m", "K", "x", ""]),
        lambda: among("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 12),
        lambda: among("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", 4),
        lambda: among("0123456789", 7),
        lambda: some("Lu Ll Lt Lm", 3),
        lambda: some("Lo", 8),
        lambda: some("Mn Mc Me", 3),
        lambda: some("Nd Nl No", 4),
        lambda: some("So Sc Sk Sm Po Ps Pd Pi Pc", 3),
        lambda: some("Cc Cf Co", 2),
        lambda: rng.choice([*"a=\n \t中é0▁-#*", "ab", "<b", "  ", "\r\n"]) * rng.randint(1, 80),
        lambda: among("abcde", 120),
        lambda: within(0x4E00, 0x9FFF, 20),
        lambda: within(*rng.choice([(0x3040, 0x30FF), (0xAC00, 0xD7A3), (0x1F300, 0x1F9FF), (0x600, 0x6FF)]), 8),
        lambda: rng.choice(TAGS),
        lambda: rng.choice(["\u0301", "e\u0301", "A\u030a", "\u1100\u1161", "\u212b", "\u2126", "ﬁ"]),
        lambda: "".join(rng.choice(WORDS) for _ in range(rng.randint(1, 12))),
    ]
    return ["".join(rng.choice(makers)() for _ in range(rng.randint(0, 10))) for _ in range(count)]


def main():
    binary, folder = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    samples = texts(random.Random(seed), count)
    failed = False
    for name, make in references(folder).items():
        encode = make()
        rows = "\n".join(json.dumps({"encoding": name, "text": text}) for text in samples)
        command = [binary, "tokens", "--jsonl", "-"]
        output = subprocess.run(command, input=rows, capture_output=True, text=True, check=True).stdout
        different = []
        for text, line in zip(samples, output.splitlines(), strict=True):
            ids, row = encode(text), json.loads(line)
            digest = hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()[:16]
            if (row["count"], row["ids_sha256"]) != (len(ids), digest):
                different.append(text)
        print(f"{name}: {len(samples)} texts, {len(different)} differ", flush=True)
        for text in sorted(different, key=len)[:5]:
            failed = True
            print(f"  {text!r}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
