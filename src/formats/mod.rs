//! What each kind of file says: sources in, units out. One file a format, and the table of them.

mod agent_crew;
mod agent_definition;
mod agent_files;
mod baml;
mod calls;
mod chat;
mod commands;
mod compose;
mod containers;
mod dify;
mod dockerfile;
mod dotprompt;
mod dspy;
mod dstack;
mod dynamo;
mod evaluations;
mod extends;
mod fine_tuning;
mod flowise;
mod gemini;
mod github_workflow;
mod haystack;
mod helm_values;
mod kserve;
mod kubeai;
mod kuberay;
mod kubernetes;
mod langchain;
mod line;
mod litellm;
mod llama_index;
mod llm_d;
mod makefile;
mod maker;
mod modelfile;
mod n8n;
mod nemo_guardrails;
mod nim;
mod objects;
mod ollama_chart;
mod pod;
mod procfile;
mod production_stack;
mod prompt_exports;
mod prompt_file;
mod promptflow;
mod promptfoo;
mod prompty;
mod python_serving;
mod rail;
mod semantic_kernel;
mod settings;
mod settings_file;
mod sglang_config;
mod shell_script;
mod skypilot;
mod synthetic;
mod systemd;
mod tensorrt_llm_config;
mod tool_list;
mod training;
mod triton_config;
mod truss;
mod vllm_config;

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::source::{Place, Source, SourceId, Span};
use crate::syntax::code::{self, Call, Files, Language, Value};
use crate::syntax::{Node, SyntaxError, json, yaml};
use crate::units::Unit;

/// A kind of file that llmlint reads.
pub struct Format {
    /// Its name in reports.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// Reads the file; `None` where it is not of this format. Must tell cheaply.
    read: fn(&Reading<'_>) -> Option<Read>,
}

/// Every format, in the order in which a file is offered to them; the first that takes it reads it.
pub const FORMATS: &[Format] = &[
    Format {
        name: prompty::NAME,
        about: "Prompty files (*.prompty)",
        read: prompty::read,
    },
    Format {
        name: training::python::NAME,
        about: "training scripts in Python whose settings are literals (TrainingArguments, SFTConfig, LoraConfig, Unsloth)",
        read: training::python::read,
    },
    Format {
        name: python_serving::NAME,
        about: "Python that starts an engine with literals (vLLM's LLM and engine arguments, SGLang's Engine, subprocess; with Modal, BentoML, LitServe)",
        read: python_serving::read,
    },
    Format {
        name: calls::NAME,
        about: "calls of LLM APIs in Python, TypeScript and JavaScript, through the providers' packages and through frameworks",
        read: calls::read,
    },
    Format {
        name: shell_script::NAME,
        about: "shell scripts and Slurm jobs with a command that starts an engine",
        read: shell_script::read,
    },
    Format {
        name: dockerfile::NAME,
        about: "Dockerfiles whose last stage starts an engine",
        read: dockerfile::read,
    },
    Format {
        name: makefile::NAME,
        about: "Makefiles with a recipe that starts an engine",
        read: makefile::read,
    },
    Format {
        name: modelfile::NAME,
        about: "Ollama's Modelfiles: the model with its parameters, and the system prompt",
        read: modelfile::read,
    },
    Format {
        name: procfile::NAME,
        about: "Procfiles with a process that is an engine",
        read: procfile::read,
    },
    Format {
        name: systemd::NAME,
        about: "systemd services that start an engine",
        read: systemd::read,
    },
    Format {
        name: agent_files::INSTRUCTIONS,
        about: "standing instructions of coding agents (AGENTS.md, CLAUDE.md, GEMINI.md, Copilot, Cursor, Windsurf, Cline)",
        read: agent_files::read_instructions,
    },
    Format {
        name: agent_files::SKILL,
        about: "skills and helpers of coding agents (SKILL.md, .claude/agents): the description always loaded, the text on demand",
        read: agent_files::read_skill,
    },
    Format {
        name: agent_files::PROMPT,
        about: "prompts and modes of coding agents (.claude/commands, *.prompt.md, *.chatmode.md, *.agent.md)",
        read: agent_files::read_prompt,
    },
    Format {
        name: dotprompt::NAME,
        about: "Dotprompt and Humanloop files (*.prompt)",
        read: dotprompt::read,
    },
    Format {
        name: baml::NAME,
        about: "BAML functions (*.baml) with the clients that they name",
        read: baml::read,
    },
    Format {
        name: rail::NAME,
        about: "Guardrails specifications (*.rail)",
        read: rail::read,
    },
    Format {
        name: prompt_file::TEXT,
        about: "plain-text and Markdown prompts, with YAML front matter, in prompt places",
        read: prompt_file::read_text,
    },
    Format {
        name: prompt_file::TEMPLATE,
        about: "Jinja2, Mustache, Handlebars, Liquid, Go and ERB prompt templates",
        read: prompt_file::read_template,
    },
    Format {
        name: fine_tuning::NAME,
        about: "fine-tuning rows and evaluation samples as JSON Lines, which are data and not judged",
        read: fine_tuning::read,
    },
    Format {
        name: gemini::NAME,
        about: "requests to Gemini as JSON and JSON Lines, and prompts that Vertex AI keeps",
        read: gemini::read,
    },
    Format {
        name: promptfoo::NAME,
        about: "promptfoo configs: prompts, providers, tests",
        read: promptfoo::read,
    },
    Format {
        name: llama_index::NAME,
        about: "prompts that LlamaIndex serialized as JSON or YAML",
        read: llama_index::read,
    },
    Format {
        name: langchain::NAME,
        about: "prompts that LangChain serialized, and manifests of its hub",
        read: langchain::read,
    },
    Format {
        name: semantic_kernel::NAME,
        about: "Semantic Kernel functions (config.json with skprompt.txt, YAML)",
        read: semantic_kernel::read,
    },
    Format {
        name: haystack::NAME,
        about: "Haystack pipelines as YAML with prompt builders",
        read: haystack::read,
    },
    Format {
        name: agent_crew::NAME,
        about: "CrewAI's agents.yaml and tasks.yaml",
        read: agent_crew::read,
    },
    Format {
        name: promptflow::NAME,
        about: "Prompt flow's flow.dag.yaml with the templates that its nodes name",
        read: promptflow::read,
    },
    Format {
        name: agent_definition::NAME,
        about: "agents as YAML or JSON (Semantic Kernel, Agent Framework, AutoGen)",
        read: agent_definition::read,
    },
    Format {
        name: nemo_guardrails::NAME,
        about: "prompts and instructions of NeMo Guardrails",
        read: nemo_guardrails::read,
    },
    Format {
        name: dspy::NAME,
        about: "programs that DSPy saved",
        read: dspy::read,
    },
    Format {
        name: evaluations::NAME,
        about: "tasks of lm-evaluation-harness, and OpenAI Evals' graders",
        read: evaluations::read,
    },
    Format {
        name: dify::NAME,
        about: "Dify apps (DSL)",
        read: dify::read,
    },
    Format {
        name: n8n::NAME,
        about: "n8n workflows with nodes that ask a model",
        read: n8n::read,
    },
    Format {
        name: flowise::NAME,
        about: "Flowise flows",
        read: flowise::read,
    },
    Format {
        name: prompt_exports::NAME,
        about: "prompts exported from Langfuse, PromptLayer, Humanloop and Bedrock",
        read: prompt_exports::read,
    },
    Format {
        name: tool_list::NAME,
        about: "tool lists of MCP servers and OpenAPI actions, which are sent with every request",
        read: tool_list::read,
    },
    Format {
        name: chat::NAME,
        about: "chat requests as JSON, YAML or JSON Lines (model, messages, parameters, tools)",
        read: chat::read,
    },
    Format {
        name: kubernetes::NAME,
        about: "Kubernetes objects that run an engine: any with a pod template, and those of KServe, KubeAI, KubeRay, AIBrix, Dynamo, NIM and vLLM's production stack",
        read: kubernetes::read,
    },
    Format {
        name: kuberay::NAME,
        about: "Ray Serve configs with LLM engines",
        read: kuberay::read,
    },
    Format {
        name: helm_values::NAME,
        about: "values of Helm charts that run an engine, read as values",
        read: helm_values::read,
    },
    Format {
        name: compose::NAME,
        about: "Compose files with a service that runs an engine",
        read: compose::read,
    },
    Format {
        name: github_workflow::NAME,
        about: "GitHub workflows with a step that starts an engine",
        read: github_workflow::read,
    },
    Format {
        name: litellm::NAME,
        about: "configs of LiteLLM's proxy: the models behind the names that prompts ask for",
        read: litellm::read,
    },
    Format {
        name: triton_config::NAME,
        about: "Triton's config.pbtxt of the TensorRT-LLM backend",
        read: triton_config::read,
    },
    Format {
        name: truss::NAME,
        about: "Truss (config.yaml with TensorRT-LLM's settings or a server's command)",
        read: truss::read,
    },
    Format {
        name: skypilot::NAME,
        about: "SkyPilot tasks that start an engine",
        read: skypilot::read,
    },
    Format {
        name: dstack::NAME,
        about: "dstack services and tasks that start an engine",
        read: dstack::read,
    },
    Format {
        name: vllm_config::NAME,
        about: "vLLM's settings as YAML (`--config`), and model.json of Triton's vLLM backend",
        read: vllm_config::read,
    },
    Format {
        name: sglang_config::NAME,
        about: "SGLang's settings as YAML (`--config`)",
        read: sglang_config::read,
    },
    Format {
        name: tensorrt_llm_config::NAME,
        about: "TensorRT-LLM's settings as YAML (`trtllm-serve --extra_llm_api_options`)",
        read: tensorrt_llm_config::read,
    },
    Format {
        name: training::axolotl::NAME,
        about: "Axolotl training configs",
        read: training::axolotl::read,
    },
    Format {
        name: training::llama_factory::NAME,
        about: "LLaMA-Factory training files",
        read: training::llama_factory::read,
    },
    Format {
        name: training::torchtune::NAME,
        about: "torchtune recipe configs",
        read: training::torchtune::read,
    },
    Format {
        name: training::nemo::NAME,
        about: "settings of NVIDIA's NeMo RL, NeMo and Megatron-Bridge",
        read: training::nemo::read,
    },
    Format {
        name: training::hugging_face::NAME,
        about: "arguments of the transformers Trainer and of TRL as YAML or JSON",
        read: training::hugging_face::read,
    },
    Format {
        name: training::parts::DEEPSPEED,
        about: "DeepSpeed settings, as a part of the run that names them",
        read: training::parts::read_deepspeed,
    },
    Format {
        name: training::parts::ACCELERATE,
        about: "Accelerate settings, as a part of the run that names them",
        read: training::parts::read_accelerate,
    },
];

/// What a format read.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// The units, in the order in which they stand.
    pub units: Vec<Unit>,
    /// What could not be read.
    pub errors: Vec<SyntaxError>,
    /// Something worth saying with `--verbose`.
    pub note: String,
    /// Names that a gateway gives to models.
    pub routes: Vec<Route>,
}

/// A name that a gateway serves a model under.
#[derive(Debug, Clone)]
pub struct Route {
    /// The name that programs ask for.
    pub alias: String,
    /// The model behind it, as written; `None` where it is served at an address that may serve anything.
    pub model: Option<String>,
    /// Where the model is named.
    pub place: Place,
}

/// What became of a file.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It was read as this format.
    Read(&'static str, Read),
    /// It was left alone: why.
    LeftAlone(String),
}

/// A file as it is offered to the formats.
pub struct Reading<'a> {
    /// The files of the run, for what this one names.
    pub files: &'a Files<'a>,
    /// The file.
    pub source: &'a Source,
    /// Its id.
    pub id: SourceId,
    /// Whether it stands where prompts are kept as text.
    pub prompt_place: bool,
    yaml: OnceCell<yaml::Parsed>,
    json: OnceCell<Result<Node, SyntaxError>>,
}

impl<'a> Reading<'a> {
    fn new(files: &'a Files<'a>, id: SourceId, prompt_place: bool) -> Self {
        Self {
            files,
            source: files.source(id),
            id,
            prompt_place,
            yaml: OnceCell::new(),
            json: OnceCell::new(),
        }
    }

    fn place(&self, span: Span) -> Place {
        Place { source: self.id, span }
    }

    /// The calls of a file of source code whose callee `wanted` takes.
    fn calls(&self, wanted: impl Fn(&str, bool) -> bool) -> Vec<Call> {
        let reader = code::Reader::new(self.files, self.id);
        reader.map(|reader| reader.calls(wanted)).unwrap_or_default()
    }

    /// The same, told beforehand by which names calls end.
    fn calls_of(&self, named: impl Fn(&str) -> bool, wanted: impl Fn(&str, bool) -> bool) -> Vec<Call> {
        let reader = code::Reader::new(self.files, self.id);
        reader.map(|reader| reader.calls_of(named, wanted)).unwrap_or_default()
    }

    /// What each function of a file of source code returns that has this name.
    fn returned(&self, name: &str) -> Vec<Arc<Value>> {
        if !self.contains(name) {
            return Vec::new();
        }
        let reader = code::Reader::new(self.files, self.id);
        reader.map(|reader| reader.returned_by(name)).unwrap_or_default()
    }

    fn whole(&self) -> Span {
        let (body, start) = self.source.body();
        Span::new(start, start + body.len())
    }

    /// Whether the file is YAML by its name.
    fn is_yaml(&self) -> bool {
        matches!(self.source.extension(), "yaml" | "yml")
    }

    fn contains(&self, needle: &str) -> bool {
        memchr::memmem::find(self.source.text.as_bytes(), needle.as_bytes()).is_some()
    }

    /// The file's YAML documents, parsed once for all formats.
    fn yaml(&self) -> &yaml::Parsed {
        self.yaml.get_or_init(|| {
            let (body, start) = self.source.body();
            yaml::parse(body, start)
        })
    }

    /// The file's JSON value, parsed once for all formats.
    fn json(&self) -> &Result<Node, SyntaxError> {
        self.json.get_or_init(|| {
            let (body, start) = self.source.body();
            json::parse(body, start)
        })
    }

    /// The error of a YAML file that was recognized or named; a template of another tool (Helm, Ansible) is not ours
    /// to report on.
    fn yaml_error(&self) -> Option<SyntaxError> {
        let error = self.yaml().error.clone()?;
        let templated = self.contains("{{") || self.contains("{%");
        (self.source.named || !templated).then_some(error)
    }
}

/// Extensions of files that some format may read; a walk opens no others but those in prompt places.
pub fn may_be_ours(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    const EXTENSIONS: &[&str] = &[
        "yaml",
        "yml",
        "json",
        "jsonl",
        "prompty",
        "j2",
        "jinja",
        "jinja2",
        "mustache",
        "hbs",
        "handlebars",
        "py",
        "ipynb",
        "ts",
        "tsx",
        "mts",
        "cts",
        "js",
        "jsx",
        "mjs",
        "cjs",
        "vue",
        "svelte",
        "sh",
        "bash",
        "zsh",
        "ksh",
        "slurm",
        "sbatch",
        "service",
        "baml",
        "prompt",
        "rail",
        "pbtxt",
    ];
    if agent_files::is_private(path) {
        return agent_files::is_name(path);
    }
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
        || dockerfile::is_name(name)
        || makefile::is_name(name)
        || procfile::is_name(name)
        || agent_files::is_name(path)
        || name == semantic_kernel::TEXT_FILE
        || prompt_file::is_template_in_prompt_folder(path)
        || modelfile::is_name(name)
}

/// Whether a hidden file or folder may hold what is ours; a walk passes all others over.
pub fn is_hidden_place(name: &str) -> bool {
    agent_files::is_hidden_place(name) || name.starts_with(".dstack.y")
}

/// Whether a file's name alone says that it is ours.
pub fn is_ours_by_name(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    extension.eq_ignore_ascii_case(prompty::NAME)
}

/// Whether a Python file is a test by its name.
fn is_python_test(name: &str) -> bool {
    name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py"
}

/// Numbers units whose names are the same (two pods of one object that call their container alike), the second on.
fn tell_apart(units: &mut [Unit]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for unit in units {
        let name = unit.name_mut();
        let times = seen.entry(name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            *name = format!("{name}#{times}");
        }
    }
}

/// Works out what the files of a run have to know of each other before each is read.
pub fn prepare(files: &Files<'_>) {
    calls::prepare(files);
}

/// Reads a file of the run as the first format that takes it.
pub fn read(files: &Files<'_>, id: SourceId, prompt_place: bool) -> Outcome {
    let reading = Reading::new(files, id, prompt_place);
    let source = reading.source;
    if source.looked_up {
        return Outcome::LeftAlone("looked up because code names it, and not judged itself".to_owned());
    }
    if reading.whole().is_empty() || source.body().0.trim().is_empty() {
        return Outcome::LeftAlone("empty".to_owned());
    }
    for format in FORMATS {
        if let Some(mut read) = (format.read)(&reading) {
            // Code that starts an engine or trains a model may call one too.
            if matches!(format.name, training::python::NAME | python_serving::NAME)
                && let Some(calls) = calls::read(&reading)
            {
                read.units.extend(calls.units);
            }
            tell_apart(&mut read.units);
            return Outcome::Read(format.name, read);
        }
    }
    if source.named
        && let Some(error) = reading.named_error()
    {
        return Outcome::Read(
            "unrecognized",
            Read {
                errors: vec![error],
                ..Read::default()
            },
        );
    }
    Outcome::LeftAlone(reading.why_not())
}

/// Most files that one core takes at once: long ones stand side by side in a folder, and the last core to finish is waited
/// for.
pub const AT_ONCE: usize = 8;

/// Most paths that code may lead to: a tree of 12,000 files asks for 13,000, most of them packages of others.
const MAX_LEADS: usize = 100_000;

/// The paths from the root that calls in the code of those of these files lead to that are `asked`, and that are none of
/// these files; some are only where a module of that name would stand. Sorted.
pub fn leads_to(sources: &[Source], asked: impl Fn(&Source) -> bool + Sync) -> BTreeSet<String> {
    let files = Files::new(sources);
    let leads = |id: &SourceId| {
        let source = files.source(*id);
        if source.looked_up || !asked(source) {
            return HashSet::new();
        }
        let noting = files.noting();
        drop(calls::read(&Reading::new(&noting, *id, false)));
        let mut asked = noting.asked();
        asked.retain(|path| !files.has(path));
        asked
    };
    let all: BTreeSet<String> = files
        .ids()
        .par_iter()
        .with_max_len(AT_ONCE)
        .flat_map_iter(leads)
        .collect();
    // Whichever file asks first, the same ones are kept.
    all.into_iter().take(MAX_LEADS).collect()
}

impl Reading<'_> {
    /// The syntax error of a file that was named on the command line and that no format took.
    fn named_error(&self) -> Option<SyntaxError> {
        match self.source.extension() {
            "yaml" | "yml" => self.yaml().error.clone(),
            "json" => self.json().as_ref().err().cloned(),
            "jsonl" => {
                let (body, start) = self.source.body();
                json::parse_lines(body, start).find_map(|(_, line)| line.err())
            }
            _ => None,
        }
    }

    fn why_not(&self) -> String {
        match self.source.extension() {
            "yaml" | "yml" if self.yaml.get().is_some_and(|parsed| parsed.error.is_some()) => {
                "does not parse as YAML, and nothing shows that it is one of our formats"
            }
            "yaml" | "yml" => "YAML, but neither a chat request nor a manifest that runs an engine",
            "json" | "jsonl" => "JSON, but no chat request",
            extension
                if Language::of_extension(extension) == Some(Language::TypeScript)
                    && code::is_generated(self.source.file_name(), self.source.body().0) =>
            {
                "a bundle or type declarations, which a program wrote: passed over"
            }
            _ => "nothing shows that it is a prompt",
        }
        .to_owned()
    }
}
