"""What does somebody mean who mistypes a command or an option? The nearest names, said where typer would only say that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from studio.kernel.names import nearest


class Command(TyperCommand):
    """A command that knows what its options are mistaken for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except TyperException as error:
            _explain_option(error, _options(self))
            raise


class Commands(TyperGroup):
    """All commands; what is not theirs is told those that there are, and an option before its command where it belongs."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except TyperException as error:
            known = _options(self)
            for name, command in self.commands.items():
                known = {option: f"{name} {shown}" for option, shown in _options(command).items()} | known
            _explain_option(error, known)
            raise

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except TyperException as error:
            error.message += f" {_meant(args[0], {name: name for name in self.commands})}"
            raise


def _options(command: Any) -> dict[str, str]:
    """The command's long options: without their dashes, which make no likeness, and with them."""
    options = [option for param in command.params for option in param.opts]
    return {option[2:]: option for option in options if option.startswith("--")}


def _explain_option(error: Any, known: Mapping[str, str]) -> None:
    """Adds what was meant to the error about an option that there is not; other errors stay as they are."""
    if hasattr(error, "possibilities"):  # typer keeps the class of these errors to itself
        error.possibilities = None
        error.message += f". {_meant(error.option_name.lstrip('-'), known)}"


def _meant(given: str, known: Mapping[str, str]) -> str:
    near = nearest(given, known, most=2)
    if near:
        return f"Did you mean {' or '.join(repr(known[name]) for name in near)}?"
    return f"Known: {', '.join(sorted(known.values()))}."
