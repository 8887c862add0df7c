"""What is a data model?"""

from studio.models.declare import Field, Text, build_model, model_from_class
from studio.models.spec import MANAGED, MISSING, FieldSpec, IndexSpec, Kind, ModelSpec

__all__ = [
    "MANAGED",
    "MISSING",
    "Field",
    "FieldSpec",
    "IndexSpec",
    "Kind",
    "ModelSpec",
    "Text",
    "build_model",
    "model_from_class",
]
