"""How is a project kept?"""

from studio.persistence.journal import Recovery
from studio.persistence.project_text import project_from_yaml, project_to_yaml
from studio.persistence.runs import NodeRunRecord, RunRecord
from studio.persistence.store import ProjectStore

__all__ = ["NodeRunRecord", "ProjectStore", "Recovery", "RunRecord", "project_from_yaml", "project_to_yaml"]
