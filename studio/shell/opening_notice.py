"""What must a person be told of a project that has just been opened? What could not be read of it, or that it asks for their trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.kernel.problems import Severity
from studio.qt.messages import Message, message_of
from studio.shell.message_bar import MessageBar
from studio.shell.run_control import needs_trust

if TYPE_CHECKING:
    from studio.session import Session


def tell_opening(session: Session, bar: MessageBar) -> None:
    """Says it in the bar, the reservations first: there is room for one notice."""
    if not _tell_reservations(session, bar):
        _offer_trust(session, bar)


def _tell_reservations(session: Session, bar: MessageBar) -> bool:
    """Says what of the project could not be read, or that it cannot be saved here; whether there was anything to say."""
    problems = session.opening_problems
    for problem in problems:
        session.log(str(problem), level="warning")
    if len(problems) == 1:
        bar.tell(message_of(problems[0]))
    elif problems:
        told = bar.tr("The project was opened with {} reservations.").format(len(problems))
        why = "\n".join(f"• {problem}" for problem in problems)
        bar.tell(Message(what=told, why=why, severity=Severity.WARNING))
    return bool(problems)


def _offer_trust(session: Session, bar: MessageBar) -> None:
    workflows = session.project.workflows.values()
    if session.trusted or not any(needs_trust(session, workflow) for workflow in workflows):
        return
    told = bar.tr("This project contains Python nodes. They do not run until you trust it.")
    bar.tell(Message(what=told, severity=Severity.INFO), [(bar.tr("Trust this project"), session.trust)])
