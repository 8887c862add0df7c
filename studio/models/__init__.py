"""What is a data model?"""

from studio.models.declare import Field, Text, build_model, model_from_class
from studio.models.spec import (
    HOOK_EVENTS,
    MANAGED,
    MISSING,
    FieldSpec,
    Hook,
    HookEvent,
    IndexSpec,
    Kind,
    ModelSpec,
)

__all__ = [
    "HOOK_EVENTS",
    "MANAGED",
    "MISSING",
    "Field",
    "FieldSpec",
    "Hook",
    "HookEvent",
    "IndexSpec",
    "Kind",
    "ModelSpec",
    "Text",
    "build_model",
    "model_from_class",
]
