"""What is a data model?"""

from studio.models.declare import Field, Text, Vector, build_model, model_from_class
from studio.models.relations import Family, Include
from studio.models.spec import (
    HOOK_EVENTS,
    MANAGED,
    MISSING,
    CheckSpec,
    FieldSpec,
    Hook,
    HookEvent,
    IndexSpec,
    Kind,
    ModelSpec,
    RelationSpec,
)

__all__ = [
    "HOOK_EVENTS",
    "MANAGED",
    "MISSING",
    "CheckSpec",
    "Family",
    "Field",
    "FieldSpec",
    "Hook",
    "HookEvent",
    "Include",
    "IndexSpec",
    "Kind",
    "ModelSpec",
    "RelationSpec",
    "Text",
    "Vector",
    "build_model",
    "model_from_class",
]
