//! What each format makes of a file: the cases of `fixtures/formats/`, whose README says how they are written.

use std::fs;
use std::path::{Path, PathBuf};

use llmlint::config::Config;
use llmlint::engines::{self, Serving};
use llmlint::facts::Settings;
use llmlint::fix;
use llmlint::formats::{self, FORMATS, Outcome, Read};
use llmlint::report::Safety;
use llmlint::source::{Encoder, Place, Source, SourceId, Span};
use llmlint::syntax::code::Files;
use llmlint::units::{
    Deployment, EnvValue, Field, GpuLabel, Host, Message, Piece, Probe, Prompt, SharedMemory, Surge, Training, Unit,
};
use serde_json::Value;

/// Folders of cases are named as their formats, with `-` for spaces.
fn folder(format: &str) -> PathBuf {
    cases().join(format.replace(' ', "-"))
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = read.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries(folder).into_iter().flat_map(below).collect()
}

fn read(source: &Source) -> Outcome {
    let settings = Settings::new(Config::default(), "");
    let known = Files::new(std::slice::from_ref(source));
    formats::read(&known, SourceId(0), settings.is_prompt_place(&source.from_root))
}

/// A file of a case, by its path from the case's folder.
fn open(case: &Path, path: &Path) -> Source {
    let name = path.strip_prefix(case).expect("a file of the case");
    let name = name.to_str().expect("its name is UTF-8").replace('\\', "/");
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Source::new(name, text, false)
}

/// One case: its input, what was made of it, what was expected.
struct Case {
    name: String,
    source: Source,
    expected: Value,
}

fn all_cases() -> Vec<(&'static str, Case)> {
    let of_format = |format: &'static str| {
        entries(&folder(format)).into_iter().map(move |case| {
            let expected = case.join("expected.json");
            let inputs: Vec<PathBuf> = files(&case).into_iter().filter(|path| *path != expected).collect();
            let [input] = inputs.as_slice() else {
                panic!("{}: one input and its expected.json", case.display());
            };
            let text = fs::read_to_string(&expected).unwrap_or_else(|e| panic!("{}: {e}", expected.display()));
            let expected = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", expected.display()));
            let name = case.strip_prefix(cases()).expect("below").display().to_string();
            let source = open(&case, input);
            (format, Case { name, source, expected })
        })
    };
    FORMATS.iter().flat_map(|format| of_format(format.name)).collect()
}

impl Case {
    fn read(&self, format: &str) -> Read {
        match read(&self.source) {
            Outcome::Read(found, read) if found == format => read,
            other => panic!("{}: {other:?}", self.name),
        }
    }

    /// A place as cases write it: `line:column text` on one line, `line:column-line:column` over several.
    fn agrees(&self, what: &str, place: Option<Place>, expected: &Value) {
        let expected = expected
            .as_str()
            .unwrap_or_else(|| panic!("{}: {what}: a place", self.name));
        let span = place.unwrap_or_else(|| panic!("{}: {what}: no place", self.name)).span;
        let (start, end) = (self.source.position(span.start), self.source.position(span.end));
        let start = format!("{}:{}", start.line, start.column);
        let found = if self.source.text[span.start..span.end].contains('\n') {
            format!("{start}-{}:{}", end.line, end.column)
        } else {
            format!("{start} {}", &self.source.text[span.start..span.end])
        };
        let found = found.trim_end();
        assert_eq!(found, expected, "{}: {what}: its place", self.name);
    }

    /// A field: `{"is": …, "at": …}`, `{"unknown": why, "at": …}`, `{"absent": where it would stand}`; a field that
    /// the case does not name is absent.
    fn field<T: std::fmt::Display + std::fmt::Debug>(&self, what: &str, found: &Field<T>, expected: &Value) {
        let what = &format!("{what} is {found:?}");
        if let Some(value) = expected.get("is") {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let found_value = found.known().map(ToString::to_string);
            assert_eq!(found_value.as_deref(), Some(value.as_str()), "{}: {what}", self.name);
            self.agrees(what, found.place(), &expected["at"]);
        } else if let Some(why) = expected.get("unknown").and_then(Value::as_str) {
            match found {
                Field::Unknown(reason, place) => {
                    assert!(reason.contains(why), "{}: {what}", self.name);
                    if let Some(at) = expected.get("at") {
                        self.agrees(what, *place, at);
                    }
                }
                _ => panic!("{}: {what}", self.name),
            }
        } else {
            assert!(found.is_absent(), "{}: {what}", self.name);
            if let Some(at) = expected.get("absent") {
                self.agrees(what, found.place(), at);
            }
        }
    }

    fn prompt(&self, found: &Prompt, expected: &Value) {
        self.field("model", &found.model, &expected["model"]);
        self.field(
            "max_output_tokens",
            &found.max_output_tokens,
            &expected["max_output_tokens"],
        );
        self.field("choices", &found.choices, &expected["choices"]);
        self.field("response_format", &found.response_format, &expected["response_format"]);
        assert_eq!(
            found.provider.as_deref(),
            expected["provider"].as_str(),
            "{}: provider",
            self.name
        );
        assert_eq!(
            found.endpoint.as_deref(),
            expected["endpoint"].as_str(),
            "{}: endpoint",
            self.name
        );
        self.field(
            "reasoning_effort",
            &found.reasoning_effort,
            &expected["reasoning_effort"],
        );
        self.field("service_tier", &found.service_tier, &expected["service_tier"]);
        self.field("dimensions", &found.dimensions, &expected["dimensions"]);
        self.field("in_loop", &found.in_loop, &expected["in_loop"]);
        self.field("resends", &found.resends, &expected["resends"]);
        let flag = |key: &str| expected[key].as_bool().unwrap_or(false);
        assert_eq!(
            found.always_loaded,
            flag("always_loaded"),
            "{}: always_loaded",
            self.name
        );
        assert_eq!(found.batch, flag("batch"), "{}: batch", self.name);
        let sampling: Vec<Value> = found
            .sampling
            .iter()
            .map(|set| format!("{}={}", set.name, set.value).into())
            .collect();
        assert_eq!(sampling, list(&expected["sampling"]), "{}: sampling", self.name);
        let candidates: Vec<Value> = found.candidates.iter().map(|(name, _)| name.as_str().into()).collect();
        assert_eq!(candidates, list(&expected["candidates"]), "{}: candidates", self.name);
        let declared: Vec<Value> = found
            .declared
            .iter()
            .map(|input| match &input.sample {
                Some(sample) => format!("{}={sample}", input.name).into(),
                None => input.name.as_str().into(),
            })
            .collect();
        assert_eq!(declared, list(&expected["declared"]), "{}: declared", self.name);
        let tools: Vec<Value> = found.tools.iter().map(|tool| tool.name.as_str().into()).collect();
        assert_eq!(tools, list(&expected["tools"]), "{}: tools", self.name);
        let more = expected["more_tools"].as_str();
        assert_eq!(more.is_some(), found.more_tools.is_some(), "{}: more tools", self.name);
        let why = found.more_tools.as_deref().unwrap_or_default();
        assert!(
            why.contains(more.unwrap_or_default()),
            "{}: more tools: {why}",
            self.name
        );
        let messages = list(&expected["messages"]);
        assert_eq!(
            found.messages.len(),
            messages.len(),
            "{}: messages: {:?}",
            self.name,
            found.messages
        );
        for (message, expected) in found.messages.iter().zip(&messages) {
            self.message(message, expected);
        }
    }

    fn message(&self, found: &Message, expected: &Value) {
        assert_eq!(
            Some(found.role.name()),
            expected["role"].as_str(),
            "{}: role",
            self.name
        );
        let attachments = expected["attachments"].as_u64().unwrap_or(0);
        assert_eq!(
            found.attachments.len() as u64,
            attachments,
            "{}: attachments",
            self.name
        );
        match &found.file {
            Some((path, place)) => {
                assert_eq!(Some(path.as_str()), expected["file"].as_str(), "{}: file", self.name);
                self.agrees("file", Some(*place), &expected["at"]);
            }
            None => {
                assert_eq!(
                    Some(found.text.as_str()),
                    expected["text"].as_str(),
                    "{}: text",
                    self.name
                );
                self.agrees("text", Some(self.place(found.text.span())), &expected["at"]);
                let mut names = Vec::new();
                variables(&found.pieces, &mut names);
                assert_eq!(names, list(&expected["variables"]), "{}: variables", self.name);
            }
        }
    }

    fn deployment(&self, found: &Deployment, expected: &Value) {
        self.field("image", &found.image, &expected["image"]);
        self.field("replicas", &found.replicas, &expected["replicas"]);
        self.field("gpu_count", &found.gpu.count, &expected["gpu_count"]);
        self.field("gpu_resource", &found.gpu.resource, &expected["gpu_resource"]);
        self.field("gpu_slice", &found.gpu.slice, &expected["gpu_slice"]);
        self.field("gpu_shared", &found.gpu.shared, &expected["gpu_shared"]);
        self.field("nodes", &found.nodes, &expected["nodes"]);
        if let Some(host) = expected.get("host") {
            self.host(&found.host, host);
        }
        let labels = list(&expected["gpu_labels"]);
        assert_eq!(
            found.gpu.labels.len(),
            labels.len(),
            "{}: {:?}",
            self.name,
            found.gpu.labels
        );
        for ((label, place), expected) in found.gpu.labels.iter().zip(&labels) {
            let (kind, name) = match label {
                GpuLabel::Product(name) => ("product", name),
                GpuLabel::Instance(name) => ("instance", name),
                GpuLabel::Family(name) => ("family", name),
            };
            assert_eq!(Some(name.as_str()), expected[kind].as_str(), "{}: label", self.name);
            self.agrees("label", Some(*place), &expected["at"]);
        }
        let serving = engines::recognise(&found.launch, &found.image).expect("a deployment's engine is recognized");
        self.serving(&serving, &expected["serving"]);
    }

    fn host(&self, found: &Host, expected: &Value) {
        let shown = |size: &SharedMemory| match size {
            SharedMemory::Bytes(bytes) => bytes.to_string(),
            SharedMemory::Unlimited => "unlimited".to_owned(),
        };
        let shared = match &found.shared_memory {
            Field::Known(size, place) => Field::Known(shown(size), *place),
            Field::Absent(slot) => Field::Absent(slot.clone()),
            Field::Unknown(why, place) => Field::Unknown(why.clone(), *place),
        };
        self.field("shared_memory", &shared, &expected["shared_memory"]);
        self.field("memory", &found.memory, &expected["memory"]);
        self.field("cpus", &found.cpus, &expected["cpus"]);
        let disk = &expected["ephemeral_storage"];
        self.field("ephemeral_storage", &found.ephemeral_storage, disk);
        let surge = found.surge.clone().and_then(|surge| match surge {
            Surge::Pods(pods) => Ok(pods.to_string()),
            Surge::Percent(share) => Ok(format!("{share}%")),
        });
        self.field("surge", &surge, &expected["surge"]);
        self.field("autoscaled", &found.autoscaled, &expected["autoscaled"]);
        self.field("public", &found.public, &expected["public"]);
        for (what, probe) in [("liveness", &found.liveness), ("startup", &found.startup)] {
            let expected = &expected[what];
            assert_eq!(
                probe.as_ref().map(Probe::patience),
                expected["patience"].as_u64(),
                "{}: {what}",
                self.name
            );
            if let Some(probe) = probe {
                self.agrees(what, Some(probe.place), &expected["at"]);
            }
        }
        let volumes = list(&expected["volumes"]);
        assert_eq!(found.volumes.len(), volumes.len(), "{}: {:?}", self.name, found.volumes);
        for (volume, expected) in found.volumes.iter().zip(&volumes) {
            assert_eq!(
                Some(volume.mount.as_str()),
                expected["mount"].as_str(),
                "{}: volume",
                self.name
            );
            let kind = format!("{:?}", volume.kind).to_lowercase();
            assert_eq!(Some(kind.as_str()), expected["kind"].as_str(), "{}: volume", self.name);
            self.field("size", &volume.size, &expected["size"]);
            self.agrees("volume", Some(volume.place), &expected["at"]);
        }
    }

    /// The model, the sequence length and the batch with their places; of the other settings the values, `null` for
    /// those that the file doesn't state.
    fn training(&self, found: &Training, expected: &Value) {
        self.field("model", &found.model, &expected["model"]);
        self.field("sequence_len", &found.sequence_len, &expected["sequence_len"]);
        self.field("micro_batch", &found.micro_batch, &expected["micro_batch"]);
        let targets = found.lora_targets.known().map(|names| names.join(","));
        let said = [
            ("method", found.method.known().map(|method| method.name().to_owned())),
            ("precision", found.precision.known().cloned()),
            ("weights", found.weights.known().cloned()),
            ("quantization", found.quantization.known().cloned()),
            ("lora_rank", found.lora_rank.known().map(u64::to_string)),
            ("lora_targets", targets),
            ("accumulation", found.accumulation.known().map(u64::to_string)),
            ("steps", found.steps.known().map(u64::to_string)),
            (
                "gradient_checkpointing",
                found.gradient_checkpointing.known().map(bool::to_string),
            ),
            ("optimizer", found.optimizer.known().cloned()),
            (
                "sharding",
                found.sharding.known().map(|sharding| sharding.name().to_owned()),
            ),
            (
                "offload_optimizer",
                found.offload_optimizer.known().map(bool::to_string),
            ),
            ("fused_attention", found.fused_attention.known().map(bool::to_string)),
            ("fused_loss", found.fused_loss.known().map(bool::to_string)),
            (
                "saves_checkpoints",
                found.saves_checkpoints.known().map(bool::to_string),
            ),
            ("gpus", found.gpu.count.known().map(u64::to_string)),
            ("nodes", found.nodes.known().map(u64::to_string)),
            ("config", found.configs.first().map(|(path, _)| path.clone())),
        ];
        for (name, value) in said {
            assert_eq!(value.as_deref(), expected[name].as_str(), "{}: {name}", self.name);
        }
    }

    fn serving(&self, found: &Serving, expected: &Value) {
        self.field("version", &found.version, &expected["version"]);
        self.field("model", &found.model, &expected["model"]);
        self.field(
            "served_model_name",
            &found.served_model_name,
            &expected["served_model_name"],
        );
        self.field("max_model_len", &found.max_model_len, &expected["max_model_len"]);
        self.field("max_num_seqs", &found.max_num_seqs, &expected["max_num_seqs"]);
        self.field("tensor_parallel", &found.tensor_parallel, &expected["tensor_parallel"]);
        let share = &expected["gpu_memory_utilization"];
        self.field("gpu_memory_utilization", &found.gpu_memory_utilization, share);
        self.field("quantization", &found.quantization, &expected["quantization"]);
        self.field("dtype", &found.dtype, &expected["dtype"]);
        self.field("kv_cache_dtype", &found.kv_cache_dtype, &expected["kv_cache_dtype"]);
        self.field("enforce_eager", &found.enforce_eager, &expected["enforce_eager"]);
        let offline = expected["offline"] == true;
        assert_eq!(found.offline, offline, "{}: an object of a program", self.name);
    }

    fn place(&self, span: Span) -> Place {
        Place {
            source: SourceId(0),
            span,
        }
    }

    /// A place lies in the source, and cuts no character.
    fn lies_inside(&self, what: &str, place: Option<Place>) {
        if let Some(Place { source, span }) = place {
            assert_eq!(source, SourceId(0), "{}: {what}", self.name);
            assert!(
                self.source.text.get(span.start..span.end).is_some(),
                "{}: {what}: {span:?}",
                self.name
            );
        }
    }

    fn text_maps_back(&self, message: &Message) {
        let text = &message.text;
        let span = text.span();
        self.lies_inside("text", Some(self.place(span)));
        if text.encoder == Encoder::Verbatim {
            assert_eq!(&self.source.text[span.start..span.end], text.as_str(), "{}", self.name);
        }
        let mut last = span.start;
        // The line end behind a block scalar is part of its text, and not of what a finding underlines.
        for (at, character) in text.as_str().trim_end().char_indices() {
            let range = at..at + character.len_utf8();
            let of = text.span_of(range.clone());
            self.lies_inside("a character", Some(self.place(of)));
            // What code puts together stands in several places.
            if self.name.starts_with("call-in-code") && (of.start < span.start || of.end > span.end) {
                continue;
            }
            assert!(
                last <= of.start && of.end <= span.end,
                "{}: {character:?} at {of:?}",
                self.name
            );
            assert_eq!(text.slice(range).as_str(), character.to_string(), "{}", self.name);
            last = of.start;
        }
        inside(&message.pieces, text.as_str(), &self.name);
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// The variables of a template in the order in which they stand; files that it includes as `> name`.
fn variables(pieces: &[Piece], names: &mut Vec<Value>) {
    for piece in pieces {
        match piece {
            Piece::Variable { name, .. } => names.push(name.as_str().into()),
            Piece::Include { name, .. } => names.push(format!("> {name}").into()),
            Piece::Choice { branches, .. } => branches.iter().for_each(|branch| variables(branch, names)),
            Piece::Loop { body, .. } => variables(body, names),
            Piece::Fixed(_) | Piece::Silent(_) => {}
        }
    }
}

fn inside(pieces: &[Piece], text: &str, case: &str) {
    for piece in pieces {
        assert!(text.get(piece.range()).is_some(), "{case}: {piece:?}");
        match piece {
            Piece::Choice { branches, .. } => branches.iter().for_each(|branch| inside(branch, text, case)),
            Piece::Loop { body, .. } => inside(body, text, case),
            _ => {}
        }
    }
}

#[test]
fn a_named_config_of_triton_is_no_prompt() {
    let text = "name: \"classifier\"\nbackend: \"onnxruntime\"\nmax_batch_size: 8\n";
    let source = Source::new("models/classifier/config.pbtxt".to_owned(), text.to_owned(), true);
    if let Outcome::Read(format, read) = read(&source) {
        let prompts = read.units.iter().filter(|unit| matches!(unit, Unit::Prompt(_)));
        assert_eq!(prompts.count(), 0, "{format}");
    }
}

#[test]
fn a_named_program_without_calls_is_no_prompt() {
    let text = "Say what the lighthouse is for, and who keeps it.\n";
    for path in ["app/main.py", "web/page.tsx", "cmd/main.go", "bin/run.sh"] {
        let source = Source::new(path.to_owned(), text.to_owned(), true);
        let outcome = read(&source);
        assert!(matches!(outcome, Outcome::LeftAlone(_)), "{path}: {outcome:?}");
    }
}

#[test]
fn every_format_gives_the_units_that_its_cases_state() {
    for (format, case) in all_cases() {
        let read = case.read(format);
        let errors = list(&case.expected["errors"]);
        assert_eq!(read.errors.len(), errors.len(), "{}: {:?}", case.name, read.errors);
        for (error, expected) in read.errors.iter().zip(&errors) {
            let says = expected["says"].as_str().expect("what it says");
            assert!(error.message.contains(says), "{}: {}", case.name, error.message);
            case.agrees("error", Some(case.place(error.span)), &expected["at"]);
        }
        let units = list(&case.expected["units"]);
        assert_eq!(read.units.len(), units.len(), "{}: {:?}", case.name, read.units);
        for (unit, expected) in read.units.iter().zip(&units) {
            match unit {
                Unit::Prompt(found) => {
                    assert_eq!(
                        (found.format, Some(found.name.as_str())),
                        (
                            expected["format"].as_str().unwrap_or(format),
                            expected["prompt"].as_str()
                        )
                    );
                    case.prompt(found, expected);
                }
                Unit::Embedding(found) => {
                    assert_eq!(
                        (found.format, Some(found.name.as_str())),
                        (format, expected["embedding"].as_str())
                    );
                    case.prompt(found, expected);
                }
                Unit::Deployment(found) => {
                    assert_eq!(
                        (found.format, Some(found.name.as_str())),
                        (format, expected["deployment"].as_str())
                    );
                    case.deployment(found, expected);
                }
                Unit::Training(found) => {
                    assert_eq!(
                        (found.format, Some(found.name.as_str())),
                        (format, expected["training"].as_str())
                    );
                    case.training(found, expected);
                }
            }
        }
    }
}

#[test]
fn every_place_lies_in_its_source() {
    for (format, case) in all_cases() {
        for unit in &case.read(format).units {
            match unit {
                Unit::Prompt(prompt) | Unit::Embedding(prompt) => {
                    case.lies_inside("prompt", Some(prompt.place));
                    case.lies_inside("model", prompt.model.place());
                    case.lies_inside("max_output_tokens", prompt.max_output_tokens.place());
                    case.lies_inside("choices", prompt.choices.place());
                    case.lies_inside("response_format", prompt.response_format.place());
                    case.lies_inside("reasoning_effort", prompt.reasoning_effort.place());
                    case.lies_inside("service_tier", prompt.service_tier.place());
                    for parameter in &prompt.sampling {
                        case.lies_inside("parameter", Some(parameter.place));
                    }
                    for input in &prompt.declared {
                        case.lies_inside("declared variable", Some(input.place));
                    }
                    for (_, place) in &prompt.candidates {
                        case.lies_inside("candidate", Some(*place));
                    }
                    for tool in &prompt.tools {
                        case.lies_inside("tool", Some(tool.place));
                    }
                    for message in &prompt.messages {
                        case.lies_inside("file", message.file.as_ref().map(|(_, place)| *place));
                        case.text_maps_back(message);
                    }
                }
                Unit::Deployment(deployment) => {
                    case.lies_inside("deployment", Some(deployment.place));
                    case.lies_inside("image", deployment.image.place());
                    case.lies_inside("replicas", deployment.replicas.place());
                    case.lies_inside("gpu_count", deployment.gpu.count.place());
                    case.lies_inside("gpu_resource", deployment.gpu.resource.place());
                    case.lies_inside("gpu_slice", deployment.gpu.slice.place());
                    case.lies_inside("gpu_shared", deployment.gpu.shared.place());
                    case.lies_inside("nodes", deployment.nodes.place());
                    let host = &deployment.host;
                    case.lies_inside("shared_memory", host.shared_memory.place());
                    case.lies_inside("memory", host.memory.place());
                    case.lies_inside("surge", host.surge.place());
                    case.lies_inside("autoscaled", host.autoscaled.place());
                    case.lies_inside("public", host.public.place());
                    for volume in &host.volumes {
                        case.lies_inside("volume", Some(volume.place));
                        case.lies_inside("volume's size", volume.size.place());
                    }
                    case.lies_inside("slot", deployment.launch.slot.place());
                    for (_, place) in &deployment.gpu.labels {
                        case.lies_inside("label", Some(*place));
                    }
                    for word in &deployment.launch.words {
                        case.lies_inside("word", Some(word.place));
                    }
                    for (_, value) in &deployment.launch.env {
                        let (EnvValue::Known(_, place) | EnvValue::Unknown(_, place)) = value;
                        case.lies_inside("variable", Some(*place));
                    }
                }
                Unit::Training(training) => {
                    case.lies_inside("training", Some(training.place));
                    case.lies_inside("model", training.model.place());
                }
            }
        }
    }
}

/// A limit written into the slot of one that is absent is read back.
#[test]
fn an_absent_limit_can_be_written_where_its_slot_is() {
    let mut written = 0;
    for (format, case) in all_cases() {
        for (index, unit) in case.read(format).units.iter().enumerate() {
            let Unit::Prompt(prompt) = unit else { continue };
            let Field::Absent(Some((_, Some(insert)))) = &prompt.max_output_tokens else {
                continue;
            };
            let json = matches!(case.source.extension(), "json" | "jsonl");
            let entry = if json { "\"max_tokens\": 512" } else { "max_tokens: 512" };
            let mut text = case.source.text.to_string();
            text.insert_str(insert.at, &format!("{}{entry}{}", insert.before, insert.after));
            let changed = Source::new(case.source.path.clone(), text, false);
            let Outcome::Read(_, read) = read(&changed) else {
                panic!("{}: not read any more:\n{}", case.name, changed.text);
            };
            let Some(Unit::Prompt(prompt)) = read.units.get(index) else {
                panic!("{}: lost:\n{}", case.name, changed.text);
            };
            assert_eq!(
                prompt.max_output_tokens.known(),
                Some(&512),
                "{}:\n{}",
                case.name,
                changed.text
            );
            written += 1;
        }
    }
    assert!(written > 0, "no case leaves the limit out");
}

/// A sentence that a fix adds to a message is read back as part of it.
#[test]
fn a_sentence_can_be_added_to_a_message() {
    let mut added = 0;
    for (format, case) in all_cases() {
        for (index, unit) in case.read(format).units.iter().enumerate() {
            let Unit::Prompt(prompt) = unit else { continue };
            for (number, message) in prompt.messages.iter().enumerate() {
                let Some(fix) = fix::append(message, "Be \"concise\".", Safety::Unsafe) else {
                    continue;
                };
                let text = fix::apply(&case.source.text, &fix);
                let changed = Source::new(case.source.path.clone(), text, false);
                let Outcome::Read(_, read) = read(&changed) else {
                    panic!("{}: not read any more:\n{}", case.name, changed.text);
                };
                let Some(Unit::Prompt(again)) = read.units.get(index) else {
                    panic!("{}: lost:\n{}", case.name, changed.text);
                };
                let expected = format!("{}\nBe \"concise\".", message.text.as_str().trim_end());
                let found = again.messages[number].text.as_str().replace("\r\n", "\n");
                assert_eq!(
                    found.trim_end(),
                    expected.replace("\r\n", "\n"),
                    "{}:\n{}",
                    case.name,
                    changed.text
                );
                added += 1;
            }
        }
    }
    assert!(added > 0, "no message can be written to");
}

/// Files of other tools that look alike are left alone, without an error.
#[test]
fn files_of_other_tools_are_left_alone() {
    let others = cases().join("others");
    let files = files(&others);
    assert!(files.len() >= 10);
    for path in files {
        let source = open(&others, &path);
        let outcome = read(&source);
        assert!(matches!(outcome, Outcome::LeftAlone(_)), "{}: {outcome:?}", source.path);
    }
}

#[test]
fn a_bundle_is_passed_over_and_said_to_be_one() {
    let text = "import OpenAI from 'openai';new OpenAI().responses.create({model:'gpt-4.1',input:'Hi'});\n";
    let of = |path: &str| read(&Source::new(path, text, false));
    assert!(matches!(of("web/app.js"), Outcome::Read(..)));
    match of("web/app.min.js") {
        Outcome::LeftAlone(why) => assert!(why.contains("which a program wrote"), "{why}"),
        Outcome::Read(format, _) => panic!("read as {format}"),
    }
}
