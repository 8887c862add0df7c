"""What kinds of node exist, and what do they do?"""

from studio.nodes.base import NOT_NOW, NodeContext, NodeType
from studio.nodes.catalogue import NodeCatalogue, common_types
from studio.nodes.generated import generated_specs, generated_types

__all__ = [
    "NOT_NOW",
    "NodeCatalogue",
    "NodeContext",
    "NodeType",
    "common_types",
    "generated_specs",
    "generated_types",
]
