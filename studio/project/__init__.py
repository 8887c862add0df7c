"""What is being edited, and how is it undone?"""

from studio.project.changes import Change, Group
from studio.project.history import History
from studio.project.state import Connection, ModelEntry, Project

__all__ = ["Change", "Connection", "Group", "History", "ModelEntry", "Project"]
