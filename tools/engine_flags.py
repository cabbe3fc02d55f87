#!/usr/bin/env python3
"""Makes src/engines/<engine>/flags.tsv from the argument definitions of an engine's releases.

    tools/engine_flags.py vllm   FOLDER > src/engines/vllm/flags.tsv
    tools/engine_flags.py sglang FOLDER > src/engines/sglang/flags.tsv

FOLDER holds one folder a release, named by its version, with the release's source distribution or wheel unpacked in
it (`pip download --no-deps vllm==0.8.5`, then unzip or untar). The Python files are parsed, never run. What can't be
read is written to stderr.
"""

import ast
import re
import sys
from pathlib import Path

SWITCH = {"store_true", "store_false", "help", "version", "count", "store_const"}

# What took a flag's place, where the engine's own deprecation notes, help texts or change logs say so.
INSTEAD = {
    "vllm": {
        "--disable-log-requests": "--no-enable-log-requests",
        "--disable-mm-preprocessor-cache": "--mm-processor-cache-gb 0",
        "--enable-reasoning": "--reasoning-parser",
        "--guided-decoding-backend": "--structured-outputs-config.backend",
        "--guided-decoding-disable-additional-properties": "--structured-outputs-config",
        "--guided-decoding-disable-any-whitespace": "--structured-outputs-config",
        "--guided-decoding-disable-fallback": "--structured-outputs-config",
        "--max-seq-len-to-capture": "--max-cudagraph-capture-size",
        "--cuda-graph-sizes": "--cudagraph-capture-sizes",
        "--cudagraph-num-of-warmups": "--compilation-config",
        "--num-speculative-tokens": "--speculative-config",
        "--speculative-model": "--speculative-config",
        "--speculative-model-quantization": "--speculative-config",
        "--speculative-draft-tensor-parallel-size": "--speculative-config",
        "--speculative-max-model-len": "--speculative-config",
        "--speculative-disable-by-batch-size": "--speculative-config",
        "--speculative-disable-mqa-scorer": "--speculative-config",
        "--spec-decoding-acceptance-method": "--speculative-config",
        "--ngram-prompt-lookup-max": "--speculative-config",
        "--ngram-prompt-lookup-min": "--speculative-config",
        "--override-neuron-config": "--additional-config",
        "--override-pooler-config": "--pooler-config",
        "--max-context-len-to-capture": "--max-seq-len-to-capture",
        "--rope-scaling": "--hf-overrides",
        "--rope-theta": "--hf-overrides",
        "--task": "--runner and --convert",
        "--worker-use-ray": "--distributed-executor-backend ray",
        "--engine-use-ray": "--distributed-executor-backend ray",
        "--enable-multimodal-encoder-data-parallel": "--mm-encoder-tp-mode data",
        "--num-redundant-experts": "--eplb-config.num_redundant_experts",
        "--eplb-window-size": "--eplb-config.window_size",
        "--eplb-step-interval": "--eplb-config.step_interval",
        "--eplb-log-balancedness": "--eplb-config.log_balancedness",
    },
    "sglang": {
        "--cuda-graph-bs": "--cuda-graph-bs-decode",
        "--cuda-graph-max-bs": "--cuda-graph-max-bs-decode",
        "--disable-flashinfer": "--attention-backend triton",
        "--disable-flashinfer-sampling": "--sampling-backend pytorch",
        "--disable-piecewise-cuda-graph": "--cuda-graph-backend-prefill disabled",
        "--dsa-prefill-cp-mode": "--cp-strategy",
        "--elastic-ep-rejoin": "--elastic-ep-join-mode recover",
        "--enable-breakable-cuda-graph": "--cuda-graph-backend-prefill breakable",
        "--enable-deepep-moe": "--moe-a2a-backend deepep",
        "--enable-dsa-prefill-context-parallel": "--enable-prefill-cp",
        "--enable-ep-moe": "--ep-size",
        "--enable-flashinfer-cutedsl-moe": "--moe-runner-backend flashinfer_cutedsl",
        "--enable-flashinfer-cutlass-moe": "--moe-runner-backend flashinfer_cutlass",
        "--enable-flashinfer-mla": "--attention-backend flashinfer",
        "--enable-flashinfer-mxfp4-moe": "--moe-runner-backend flashinfer_mxfp4",
        "--enable-flashinfer-trtllm-moe": "--moe-runner-backend flashinfer_trtllm",
        "--enable-flashmla": "--attention-backend flashmla",
        "--enable-gdn-replayssm-spec": "--enable-linear-replayssm-spec",
        "--enable-nsa-prefill-context-parallel": "--enable-prefill-cp",
        "--enable-prefill-context-parallel": "--enable-prefill-cp",
        "--enable-triton-kernel-moe": "--moe-runner-backend triton_kernel",
        "--enforce-piecewise-cuda-graph": "--cuda-graph-backend-prefill tc_piecewise",
        "--keep-mm-feature-on-device": "--mm-feature-transport cuda_ipc",
        "--mamba-scheduler-strategy": "--mamba-radix-cache-strategy",
        "--max-num-reqs": "--max-running-requests",
        "--nsa-decode-backend": "--dsa-decode-backend",
        "--nsa-prefill-backend": "--dsa-prefill-backend",
        "--nsa-prefill-cp-mode": "--cp-strategy",
        "--piecewise-cuda-graph-compiler": "--cuda-graph-tc-compiler",
        "--piecewise-cuda-graph-max-tokens": "--cuda-graph-max-bs-prefill",
        "--piecewise-cuda-graph-tokens": "--cuda-graph-bs-prefill",
        "--prefill-cp-mode": "--cp-strategy",
        "--schedule-heuristic": "--schedule-policy",
        "--speculative-dflash-draft-window-size": "--speculative-draft-window-size",
        "--stream-output": "--incremental-streaming-output",
    },
}


def version_of(name):
    """(0, 8, 5) and the rest, which orders post-releases."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?(.*)$", name)
    if not found:
        return None
    return (int(found[1]), int(found[2]), int(found[3] or 0)), found[4]


def warn(*words):
    print(*words, file=sys.stderr)


class Classes:
    """The annotated fields of every class in a set of files."""

    def __init__(self, paths):
        self.fields, self.bases = {}, {}
        for path in paths:
            for node in ast.walk(parse(path)):
                if isinstance(node, ast.ClassDef):
                    fields = {
                        item.target.id: item.annotation
                        for item in node.body
                        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
                    }
                    # A later file may define a class of the same name for another purpose: the fuller one stays.
                    if len(fields) >= len(self.fields.get(node.name, {})):
                        self.fields[node.name] = fields
                        self.bases[node.name] = [base.id for base in node.bases if isinstance(base, ast.Name)]

    def all(self, name, seen=()):
        fields = {}
        for base in self.bases.get(name, []):
            if base not in seen:
                fields.update(self.all(base, (*seen, name)))
        fields.update(self.fields.get(name, {}))
        return fields


def parse(path):
    try:
        return ast.parse(path.read_text(encoding="utf-8", errors="replace"))
    except SyntaxError as error:
        warn(path, error)
        return ast.Module(body=[], type_ignores=[])


def members(annotation):
    """The members of a union, outermost only."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return members(annotation.left) + members(annotation.right)
    if isinstance(annotation, ast.Subscript):
        name = ast.unparse(annotation.value).split(".")[-1]
        inner = annotation.slice
        if name in ("Union", "Optional", "Annotated", "ClassVar", "SkipValidation"):
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            parts = parts[:1] if name == "Annotated" else parts
            found = [member for part in parts for member in members(part)]
            return found + (["None"] if name == "Optional" else [])
        return [name]
    return [ast.unparse(annotation).split(".")[-1]]


def kind_of_annotation(annotation):
    found = members(annotation)
    if set(found) == {"bool", "str", "None"}:
        return "optional"
    if "bool" in found:
        return "pair"
    if any(name in ("list", "List", "tuple", "Tuple", "set", "Set", "Sequence") for name in found):
        return "many" if "Literal" not in found else "value"
    return "value"


def text(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


class Reader:
    """Flags of one release."""

    def __init__(self, release, classes):
        self.release, self.classes = release, classes
        self.flags = {}  # name -> (kind, alias of)

    def file(self, path, receiver=None):
        tree = parse(path)
        scopes = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        # kwargs["field"]["action"] = … anywhere in the file.
        self.overrides, self.variables = {}, {}
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else []
            for target in targets:
                if (
                    isinstance(target, ast.Subscript)
                    and isinstance(target.value, ast.Subscript)
                    and text(target.slice) in ("action", "nargs", "flags")
                ):
                    field = text(target.value.slice)
                    value = node.value if isinstance(node, ast.Assign) else None
                    self.overrides.setdefault(field, {})[text(target.slice)] = value
        for scope in scopes:
            for node in ast.walk(scope):
                if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                    self.variables[node.targets[0].id] = node.value
        # for name, … in [("--flag", …), …]: add_argument(name)
        self.loops = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.For) and isinstance(node.iter, (ast.List, ast.Tuple)):
                first = node.target.elts[0] if isinstance(node.target, ast.Tuple) else node.target
                items = [item.elts[0] if isinstance(item, ast.Tuple) else item for item in node.iter.elts]
                names = [text(item) for item in items if (text(item) or "").startswith("--")]
                for inner in ast.walk(node):
                    if names and isinstance(first, ast.Name):
                        self.loops[(inner, first.id)] = names
        owners = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                for inner in ast.walk(node):
                    owners.setdefault(inner, node.name)
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr == "add_argument":
                on = ast.unparse(node.func.value)
                if receiver is None or on == receiver:
                    self.call(node, path, owners.get(node))

    def call(self, node, path, owner):
        names = [text(arg) for arg in node.args if text(arg)]
        names = [name for name in names if name.startswith("-")]
        looped = [arg.id for arg in node.args if isinstance(arg, ast.Name)]
        if not names and looped and (each := self.loops.get((node, looped[0]))):
            for name in each:
                self.add([name], self.kind(node, path, [name]))
            return
        if not names:
            if any(isinstance(arg, ast.JoinedStr) for arg in node.args) and owner:
                # The loop may stand in a base class; the server's own class has all fields.
                self.dataclass("FrontendArgs" if "FrontendArgs" in self.classes.fields else owner, path)
            elif not any(text(arg) for arg in node.args) and path.parent.name != "arg_groups":
                warn(self.release, path.name, node.lineno, "not read:", ast.unparse(node)[:120])
            return
        self.add(names, self.kind(node, path, names))

    def kind(self, node, path, names):
        given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        kind = self.by_keywords(given)
        if kind:
            return kind
        for keyword in node.keywords:
            if keyword.arg is None:
                kind = self.spread(keyword.value)
                if kind is None:
                    warn(self.release, path.name, node.lineno, names, "kind not told:", ast.unparse(keyword.value)[:80])
                else:
                    return kind
        return "value"

    def by_keywords(self, given):
        action = given.get("action")
        if action is not None:
            name = text(action) or ast.unparse(action).split(".")[-1]
            if name in SWITCH or "StoreTrue" in name or "StoreConst" in name or name == "DeprecatedAction":
                return "switch"
            if name.endswith("BooleanOptionalAction"):
                return "pair"
        nargs = given.get("nargs")
        if nargs is not None:
            value = nargs.value if isinstance(nargs, ast.Constant) else None
            return {"?": "optional", "*": "many", "+": "many", 0: "switch", 1: "value"}.get(value, "many")
        if action is not None:
            name = text(action) or ast.unparse(action).split(".")[-1]
            if name not in ("store", "append", "extend", "StoreBoolean") and name not in self.seen_actions:
                self.seen_actions.add(name)
                warn(self.release, "action", name, "taken for one with a value")
            return "value"
        return None

    seen_actions = set()

    def spread(self, value, depth=0):
        """The kind that `**value` tells."""
        if depth > 5:
            return None
        if isinstance(value, ast.Dict):
            given = {text(key): item for key, item in zip(value.keys, value.values) if key is not None}
            kind = self.by_keywords(given)
            if kind:
                return kind
            for key, item in zip(value.keys, value.values):
                if key is None:
                    return self.spread(item, depth + 1)
            return "value"
        if isinstance(value, ast.Name) and value.id in self.variables:
            return self.spread(self.variables[value.id], depth + 1)
        if isinstance(value, ast.Call) and value.args and ast.unparse(value.func).endswith(("deepcopy", "copy")):
            return self.spread(value.args[0], depth + 1)
        if isinstance(value, ast.Subscript) and text(value.slice):
            field, source = text(value.slice), value.value
            if isinstance(source, ast.Name):
                source = self.variables.get(source.id)
            if isinstance(source, ast.Call) and ast.unparse(source.func).endswith("get_kwargs") and source.args:
                return self.field(ast.unparse(source.args[0]), field)
        return None

    def field(self, owner, field):
        override = self.overrides.get(field, {})
        if override.get("action") is not None or override.get("nargs") is not None:
            kind = self.by_keywords({key: value for key, value in override.items() if value is not None})
            if kind:
                return kind
        annotation = self.classes.all(owner).get(field)
        if annotation is None:
            return None
        kind = kind_of_annotation(annotation)
        return "value" if kind == "many" and "nargs" in override else kind

    def dataclass(self, owner, path):
        for field in self.classes.all(owner):
            names = ["--" + field.replace("_", "-")]
            flags = self.overrides.get(field, {}).get("flags")
            if isinstance(flags, (ast.List, ast.Tuple)):
                names += [text(item) for item in flags.elts if text(item)]
            kind = self.field(owner, field)
            if kind is None:
                warn(self.release, path.name, owner, field, "kind not told")
            self.add(names, kind or "value")

    def annotated(self, path):
        """Fields in the form `name: A[type, "help"]` or `name: A[type, Arg(…)]`."""
        for node in ast.walk(parse(path)):
            if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
                continue
            hint = node.annotation
            if not (isinstance(hint, ast.Subscript) and ast.unparse(hint.value) in ("A", "Annotated")):
                continue
            kind_of, *notes = hint.slice.elts if isinstance(hint.slice, ast.Tuple) else [hint.slice]
            arg = next((note for note in notes if isinstance(note, ast.Call) and ast.unparse(note.func) == "Arg"), None)
            if arg is None and not any(text(note) or isinstance(note, (ast.JoinedStr, ast.BinOp)) for note in notes):
                continue
            given = {keyword.arg: keyword.value for keyword in arg.keywords} if arg else {}
            if isinstance(given.get("no_cli"), ast.Constant) and given["no_cli"].value:
                continue
            names = [text(given.get("cli_name")) or "--" + node.target.id.replace("_", "-")]
            aliases = given.get("aliases")
            names += [text(item) for item in getattr(aliases, "elts", []) if text(item)]
            extra = given.get("action_kwargs")
            if isinstance(extra, ast.Dict):
                given |= {text(key): value for key, value in zip(extra.keys, extra.values) if text(key) == "nargs"}
            if isinstance(extra, ast.Call):
                given |= {keyword.arg: keyword.value for keyword in extra.keywords if keyword.arg == "nargs"}
            kind = self.by_keywords(given)
            if kind is None:
                kind = kind_of_annotation(kind_of)
                # A parser of its own takes the whole value as one word; a boolean has no twin here.
                kind = "value" if kind == "many" and "type_parser" in given else kind
                kind = "switch" if kind == "pair" else kind
            self.add(names, kind)

    def add(self, names, kind):
        full = next((name for name in names if name.startswith("--")), names[0])
        for name in names:
            self.put(name, "switch" if kind == "pair" else kind, full)
            if kind == "pair" and name.startswith("--"):
                self.put("--no-" + name[2:], "switch", "--no-" + full[2:])
                if self.pairs_enable:
                    for start, other in (("--enable-", "--disable-"), ("--disable-", "--enable-")):
                        if name.startswith(start):
                            self.put(other + name[len(start) :], "switch", "")

    pairs_enable = False

    def put(self, name, kind, full):
        name = "--" + name[2:].replace("_", "-") if name.startswith("--") else name
        full = full.replace("_", "-")
        self.flags.setdefault(name, (kind, "" if full in ("", name) else full))


def vllm(folder, release):
    root = folder / "vllm"
    configs = [root / "config.py", *root.glob("config/**/*.py"), *root.glob("entrypoints/**/cli_args.py")]
    configs += [root / "engine/arg_utils.py", *root.glob("entrypoints/launchers/*.py")]
    reader = Reader(release, Classes([path for path in configs if path.exists()]))
    parsers = [path for path in root.glob("utils/**/*.py")] + [root / "utils.py"]
    reader.pairs_enable = any("class EnableDisableAction" in path.read_text() for path in parsers if path.exists())
    served = [path for path in sorted(root.glob("entrypoints/**/cli_args.py")) if "make_arg_parser" in path.read_text()]
    others = ("engine/arg_utils.py", "entrypoints/openai/api_server.py", "entrypoints/api_server.py")
    for path in [*served, *(root / name for name in (*others, "entrypoints/cli/serve.py"))]:
        if path.exists():
            reader.file(path)
    if (root / "scripts.py").exists():
        reader.file(root / "scripts.py", "serve_parser")
    reader.add(["--version", "-v"], "switch")
    return reader.flags


def sglang(folder, release):
    root = folder / "sglang"
    classes = Classes([path for path in root.glob("srt/**/*.py")])
    reader = Reader(release, classes)
    for path in [root / "srt/server_args.py", *sorted(root.glob("srt/arg_groups/*.py"))]:
        if path.exists():
            reader.file(path)
    for path in [root / "srt/server_args.py", *sorted(root.glob("srt/arg_groups/fields/*.py"))]:
        if path.exists():
            reader.annotated(path)
    return reader.flags


ENGINES = {"vllm": vllm, "sglang": sglang}


def main():
    engine, folder = sys.argv[1], Path(sys.argv[2])
    releases = {}
    folders = [path for path in folder.iterdir() if path.is_dir() and version_of(path.name)]
    for path in sorted(folders, key=lambda path: version_of(path.name)):
        number, _ = version_of(path.name)
        found = ENGINES[engine](path, path.name)
        if not found:
            warn(path.name, "has no flags")
            continue
        found.update({name: ("switch", alias) for name, alias in (("--help", ""), ("-h", "--help"))})
        # Post-releases count as the release.
        releases.setdefault(number, {}).update(found)
    ordered = sorted(releases)
    show = lambda number: ".".join(map(str, number))
    print("# Made by tools/engine_flags.py; what the columns mean stands in src/engines/flags.rs.")
    print("releases", *map(show, ordered), sep="\t")
    keys = {(name, kind) for found in releases.values() for name, (kind, _) in found.items()}
    for name, kind in sorted(keys):
        periods, alias = [], ""
        for at, number in enumerate(ordered):
            known, full = releases[number].get(name, (None, ""))
            if known != kind:
                if periods and not periods[-1][1]:
                    periods[-1][1] = show(number)
            else:
                alias = full
                if not periods or periods[-1][1]:
                    periods.append([show(number), ""])
        if len(periods) > 1:
            warn(name, kind, periods)
        gone = all(until for _, until in periods) and name not in releases[ordered[-1]]
        instead = INSTEAD[engine].get(name, "") if gone else ""
        print(name, kind, ",".join(f"{since}..{until}" for since, until in periods), alias, instead, sep="\t")


main()
