"""What does the visual layer keep? Organizations, users, agents, orchestrations, deployments, executions and templates.

A store has all ten, so that what is deployed from Studio finds its own; a project itself uses `Orchestration`, one for each workflow. The six
models that only Studio needs stand in `project_models`.
"""

from __future__ import annotations

from typing import Any, Final

from studio.models.declare import Text


class Organization:
    """Multi-tenant organization."""

    id: str
    name: str
    slug: str
    plan_tier: str
    status: str


class User:
    """User account."""

    id: str
    organization_id: str
    email: str
    name: str
    role: str
    status: str
    preferences: dict[str, Any]


class APIProviderConfig:
    """How a provider of language models is reached; `user_id` is null for the whole organization."""

    id: str
    organization_id: str
    user_id: str | None
    provider: str
    name: str
    api_key_encrypted: str
    api_base_url: str | None
    default_model: str
    budget_limit_usd: float | None
    current_spend_usd: float
    is_default: bool
    is_active: bool


class Agent:
    """Agent definition: signature and configuration."""

    id: str
    organization_id: str
    user_id: str
    name: str
    description: str
    config_yaml: Text
    agent_type: str
    version: str
    status: str
    is_public: bool


class AgentVersion:
    """An agent as it was published once."""

    id: str
    agent_id: str
    version: str
    config_yaml: Text
    change_summary: str
    published_at: str


class Orchestration:
    """A workflow: `config_yaml` holds its graph, and its layout apart."""

    id: str
    organization_id: str
    user_id: str
    name: Text
    description: Text
    pattern: str
    config_yaml: Text
    agent_ids: dict[str, Any]
    status: str


class Deployment:
    """Where an agent or an orchestration is served."""

    id: str
    organization_id: str
    agent_id: str | None
    orchestration_id: str | None
    name: str
    channels: dict[str, Any]
    api_url: str | None
    mcp_port: int | None
    status: str
    started_at: str | None


class AgentExecution:
    """One execution of an agent, for usage and cost."""

    id: str
    agent_id: str
    orchestration_id: str | None
    deployment_id: str | None
    organization_id: str
    user_id: str
    input_data: dict[str, Any]
    output_data: dict[str, Any]
    status: str
    error_message: str | None
    started_at: str
    completed_at: str | None
    execution_time_ms: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    trace_id: str | None


class AgentTemplate:
    """An agent to begin with."""

    id: str
    name: str
    description: str
    category: str
    config_yaml: Text
    icon: str
    is_official: bool
    downloads: int


class OrchestrationTemplate:
    """A workflow to begin with."""

    id: str
    name: str
    description: str
    pattern: str
    config_yaml: Text
    agent_template_ids: dict[str, Any]
    is_official: bool
    downloads: int


VISUAL_MODELS: Final[tuple[type, ...]] = (
    Organization, User, APIProviderConfig, Agent, AgentVersion, Orchestration, Deployment, AgentExecution, AgentTemplate,
    OrchestrationTemplate,
)  # fmt: skip
