"""Studio: draw, run and keep database workflows.

The public names are loaded when they are first used, so that a window opens without waiting for a database driver.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from studio.dataflow import (
        AsyncLocalRuntime,
        DataFlow,
        DataFlowConfig,
        LocalRuntime,
        WorkflowBuilder,
    )
    from studio.kernel.errors import BuildError, StudioError
    from studio.models import Field, ModelSpec, Text
    from studio.runtime import RunResult
    from studio.workflow import Workflow

__version__ = "0.1.0"
__all__ = [
    "AsyncLocalRuntime",
    "BuildError",
    "DataFlow",
    "DataFlowConfig",
    "Field",
    "LocalRuntime",
    "ModelSpec",
    "RunResult",
    "StudioError",
    "Text",
    "Workflow",
    "WorkflowBuilder",
]

_HOMES: Final = {
    "AsyncLocalRuntime": "studio.dataflow",
    "BuildError": "studio.kernel.errors",
    "DataFlow": "studio.dataflow",
    "DataFlowConfig": "studio.dataflow",
    "Field": "studio.models",
    "LocalRuntime": "studio.dataflow",
    "ModelSpec": "studio.models",
    "RunResult": "studio.runtime",
    "StudioError": "studio.kernel.errors",
    "Text": "studio.models",
    "Workflow": "studio.workflow",
    "WorkflowBuilder": "studio.dataflow",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'studio' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *(name for name in __all__ if name not in globals())]
