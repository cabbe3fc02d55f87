//! Frameworks of agents: what is stated once and sent with every step. OpenAI Agents
//! (<https://openai.github.io/openai-agents-python/>), Pydantic AI (<https://ai.pydantic.dev/api/agent/>), CrewAI
//! (<https://docs.crewai.com/concepts/agents>), AutoGen (<https://microsoft.github.io/autogen/stable/>), DSPy
//! (<https://dspy.ai/api/>).

use super::{NONE, Shape, What};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        what: What::Agent,
        packages: &["agents", "@openai/agents"],
        calls: &["=Agent"],
        system: &["instructions"],
        max_output_tokens: &["model_settings.max_tokens", "modelSettings.maxTokens"],
        tools: &["tools", "handoffs", "mcp_servers", "mcpServers"],
        response_format: &["output_type", "outputType"],
        effort: &["model_settings.reasoning.effort"],
        sampling: &[("model_settings.temperature", "temperature")],
        ..NONE
    },
    Shape {
        what: What::Agent,
        packages: &["pydantic_ai"],
        calls: &["=Agent", "agent.Agent"],
        model: &["model.model_name", "0.model_name", "model.0", "0.0", "model", "0"],
        system: &["system_prompt", "instructions"],
        max_output_tokens: &["model_settings.max_tokens"],
        tools: &["tools", "toolsets", "builtin_tools", "mcp_servers"],
        response_format: &["output_type", "result_type"],
        sampling: &[("model_settings.temperature", "temperature")],
        ..NONE
    },
    Shape {
        what: What::Part,
        packages: &["crewai"],
        calls: &["=Agent", "agent.Agent"],
        model: &["llm.model", "llm.0", "llm"],
        system: &["role", "goal", "backstory"],
        max_output_tokens: &["llm.max_tokens"],
        tools: &["tools", "mcps", "apps"],
        sampling: &[("llm.temperature", "temperature")],
        ..NONE
    },
    Shape {
        packages: &["crewai"],
        calls: &["=Task", "task.Task"],
        model: &["agent.llm.model", "agent.llm.0", "agent.llm"],
        messages: &["description", "expected_output"],
        system: &["agent.role", "agent.goal", "agent.backstory"],
        max_output_tokens: &["agent.llm.max_tokens"],
        tools: &["tools", "agent.tools", "agent.mcps", "agent.apps"],
        response_format: &["output_pydantic", "output_json"],
        ..NONE
    },
    Shape {
        what: What::Agent,
        packages: &["autogen", "autogen_agentchat", "ag2", "pyautogen"],
        calls: &["AssistantAgent", "ConversableAgent"],
        model: &[
            "model_client.model",
            "llm_config.model",
            "llm_config.config_list.0.model",
        ],
        system: &["system_message"],
        max_output_tokens: &["model_client.max_tokens"],
        tools: &["tools", "handoffs", "workbench"],
        sampling: &[("llm_config.temperature", "temperature")],
        ..NONE
    },
    Shape {
        what: What::Fields,
        packages: &["dspy"],
        calls: &[
            "=Predict",
            "=ChainOfThought",
            "=ReAct",
            "=ProgramOfThought",
            "=TypedPredictor",
            "=TypedChainOfThought",
        ],
        model: &[],
        system: &["0", "signature"],
        ..NONE
    },
    Shape {
        packages: &["dspy"],
        calls: &["LM.__call__"],
        model: &["^model", "^0"],
        messages: &["prompt", "messages", "0"],
        max_output_tokens: &["max_tokens", "^max_tokens"],
        sampling: &[("^temperature", "temperature")],
        ..NONE
    },
];
