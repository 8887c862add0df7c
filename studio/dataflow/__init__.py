"""What is the public face? Declaring models, building workflows, running them."""

from studio.dataflow.audit import AuditTrailManager
from studio.dataflow.builder import BuiltWorkflow, WorkflowBuilder
from studio.dataflow.config import DataFlowConfig
from studio.dataflow.dataflow import DataFlow
from studio.dataflow.runtimes import AsyncLocalRuntime, LocalRuntime

__all__ = [
    "AsyncLocalRuntime",
    "AuditTrailManager",
    "BuiltWorkflow",
    "DataFlow",
    "DataFlowConfig",
    "LocalRuntime",
    "WorkflowBuilder",
]
