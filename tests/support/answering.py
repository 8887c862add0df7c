"""Somebody who answers when asked for a password: each question with the next of the answers prepared."""

from __future__ import annotations


class Answering:
    def __init__(self, *answers: str | None) -> None:
        self.answers: list[str | None] = list(answers)
        self.asked: list[tuple[object, ...]] = []

    def password(self, connection: object) -> str | None:
        self.asked.append(("password", getattr(connection, "name", "")))
        return self.answers.pop(0)

    def passphrase(self, file: object, *, is_new: bool, attempt: int) -> str | None:
        self.asked.append(("passphrase", is_new, attempt))
        return self.answers.pop(0)
