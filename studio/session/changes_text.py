"""How is what a run changed written down? As JSON with the records before and after, or as SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from studio.kernel.errors import WorkflowError

if TYPE_CHECKING:
    from studio.models.spec import ModelSpec
    from studio.project.state import Project
    from studio.runtime import Changeset
    from studio.session.databases import Databases
    from studio.session.runs import RunHandle


def changes_to_json(changes: Changeset) -> str:
    """`counts`, and `changes` in order, each with its operation, model, node, key, `before` and `after`; says how many are not listed."""
    import orjson

    document = {
        "counts": [
            {"model": model, "operation": operation, "count": count}
            for (model, operation), count in changes.counts.items()
        ],
        "not_listed": changes.total - len(changes.entries),
        "changes": [
            {
                "operation": entry.operation,
                "model": entry.model,
                "node": entry.node,
                "key": entry.key,
                "before": dict(entry.before) if entry.before is not None else None,
                "after": dict(entry.after) if entry.after is not None else None,
            }
            for entry in changes.entries
        ],
    }
    return orjson.dumps(
        document, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    ).decode()


def changes_to_sql(changes: Changeset, models: Mapping[str, ModelSpec], dialect: str) -> str:
    """One statement a line, for the SQL of `dialect`."""
    from studio.database.change_script import script

    lines = list(script(changes.entries, models, dialect))
    missing = changes.total - len(changes.entries)
    if missing:
        lines.insert(0, f"-- {missing:,} more changes were counted, not recorded.")
    return "\n".join([*lines, ""])


def run_to_sql(run: RunHandle, project: Project, databases: Databases) -> str:
    """What a run of the project changed, for the database of the first model it changed; raises WorkflowError when that was not kept."""
    if run.changes is None:
        raise WorkflowError("The changes of this run are not kept.", hint="Run it again.")
    entries = project.models.values()
    models = {entry.name: entry.spec for entry in entries if entry.spec is not None}
    used = {entry.model for entry in run.changes.entries}
    wanted = [entry.connection for entry in entries if entry.name in used]
    connection = project.connections.get(wanted[0] if wanted else project.default_connection)
    dialect = databases.describe(connection).dialect if connection is not None else "sqlite"
    return changes_to_sql(run.changes, models, dialect)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return dict(value) if isinstance(value, Mapping) else str(value)
