"""What is a graph?"""

from studio.workflow.graph import Bookmark, Edge, Frame, Node, Note, Pin, Place, Workflow, WorkflowInput
from studio.workflow.spec import AFTER, DONE, ERROR_PORT, Catalogue, NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import PortType, clash

__all__ = [
    "AFTER",
    "DONE",
    "ERROR_PORT",
    "Bookmark",
    "Catalogue",
    "Edge",
    "Frame",
    "Node",
    "NodeSpec",
    "Note",
    "ParamSpec",
    "Pin",
    "Place",
    "PortSpec",
    "PortType",
    "Workflow",
    "WorkflowInput",
    "clash",
]
