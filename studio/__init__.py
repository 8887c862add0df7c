"""Studio: draw, run and keep database workflows.

The public names are loaded when they are first used, so that a window opens without waiting for a database driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.kernel.lazy import lazily

if TYPE_CHECKING:
    from studio.dataflow import (
        AsyncLocalRuntime,
        AuditTrailManager,
        DataFlow,
        DataFlowConfig,
        LocalRuntime,
        WorkflowBuilder,
    )
    from studio.kernel.behalf import ActorContext, TenantContext
    from studio.kernel.errors import BuildError, StudioError
    from studio.models import Field, Hook, ModelSpec, Text, Vector
    from studio.runtime import RunResult
    from studio.workflow import Workflow

__version__ = "0.1.0"
__all__ = [
    "ActorContext",
    "AsyncLocalRuntime",
    "AuditTrailManager",
    "BuildError",
    "DataFlow",
    "DataFlowConfig",
    "Field",
    "Hook",
    "LocalRuntime",
    "ModelSpec",
    "RunResult",
    "StudioError",
    "TenantContext",
    "Text",
    "Vector",
    "Workflow",
    "WorkflowBuilder",
]

__getattr__ = lazily(
    __name__,
    {
        "ActorContext": "kernel.behalf",
        "AsyncLocalRuntime": "dataflow",
        "AuditTrailManager": "dataflow",
        "BuildError": "kernel.errors",
        "DataFlow": "dataflow",
        "DataFlowConfig": "dataflow",
        "Field": "models",
        "Hook": "models",
        "LocalRuntime": "dataflow",
        "ModelSpec": "models",
        "RunResult": "runtime",
        "StudioError": "kernel.errors",
        "TenantContext": "kernel.behalf",
        "Text": "models",
        "Vector": "models",
        "Workflow": "workflow",
        "WorkflowBuilder": "dataflow",
    },
)
