"""What does a person type in a terminal? The commands' arguments and help; what they do stands in `commands`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from studio import __version__
from studio.cli import commands
from studio.cli.asking import TerminalAsker
from studio.cli.usage import Command, Commands
from studio.kernel.behalf import on_behalf_of
from studio.session import Environment

Format = Annotated[
    Literal["table", "json"], typer.Option("--format", help="How results are written to stdout.")
]

app = typer.Typer(
    name="studio",
    add_completion=False,
    no_args_is_help=True,
    cls=Commands,
    suggest_commands=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Draw, run and keep database workflows. [bold]studio[/] opens the window; [bold]studio FILE[/] opens a project in it,"
    " [bold]studio --new-window FILE[/] in one of its own. [bold]--portable[/] before all else keeps everything beside the program.",
    epilog="Exit codes: 0 all is well, 1 a run failed, 2 usage or a bad file, 3 problems were found, 130 stopped.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"studio {__version__}")
        raise typer.Exit


@app.callback()
def studio(
    _version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Say which Studio this is."),
    ] = False,
) -> None:
    """What is common to all commands."""


@app.command(cls=Command)
def run(  # noqa: PLR0913, PLR0917 - one for each option of the command
    source: Annotated[
        str,
        typer.Argument(
            metavar="STORE-OR-YAML", help="A project (.studio, postgresql://…) or a text (.yaml)."
        ),
    ],
    workflow: Annotated[
        str | None,
        typer.Option("--workflow", "-w", help="Which workflow, by name; needed when there are several."),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            metavar="NAME=VALUE",
            help="A value for an input of the workflow; may be repeated.",
        ),
    ] = None,
    connection: Annotated[
        str | None,
        typer.Option(
            "--connection",
            "-c",
            metavar="NAME",
            help="Use this connection of the project (or this URL) instead of the default one.",
        ),
    ] = None,
    output: Format = "table",
    mode: Annotated[
        Literal["auto", "atomic", "review", "dry"],
        typer.Option(
            "--mode",
            help="auto: each node commits; atomic: all or nothing; review: all or nothing, and asks before it commits"
            " (without a terminal it rolls back); dry: nothing is kept.",
        ),
    ] = "auto",
    until: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="NODE", help="Run only this node (its id or title) and what leads to it."
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NODE",
            help="Run only this node and what follows from it; what it needs is taken from pinned values or read again.",
        ),
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Let the project's Python nodes run.")] = False,
    tenant: Annotated[
        str | None,
        typer.Option(
            "--tenant", metavar="ID", help="Whose records are meant, in models that keep them by tenant."
        ),
    ] = None,
    actor: Annotated[
        str | None, typer.Option("--actor", metavar="ID", help="Who acts, for the audit trail.")
    ] = None,
) -> None:
    """Run a workflow and print what its Output nodes give."""
    with on_behalf_of(tenant=tenant or None, actor=actor or None):
        code = commands.run(
            Environment.default(TerminalAsker()),
            source,
            workflow=workflow,
            params=param or [],
            connection=connection,
            form=output,
            mode=mode,
            until=until,
            start=start,
            trust=trust,
        )
    raise typer.Exit(code)


@app.command(cls=Command)
def check(
    source: Annotated[str, typer.Argument(metavar="STORE-OR-YAML", help="A project or a text.")],
    output: Format = "table",
) -> None:
    """Look for problems in all workflows, without running anything."""
    raise typer.Exit(commands.check(Environment.default(TerminalAsker()), source, form=output))


@app.command(cls=Command)
def nodes(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[STORE-OR-YAML]", help="A project or a text; without it, what every project has."
        ),
    ] = None,
    output: Format = "table",
) -> None:
    """List the kinds of node that a project's workflows can use."""
    raise typer.Exit(commands.nodes(Environment.default(TerminalAsker()), source, form=output))


@app.command(cls=Command)
def lineage(
    source: Annotated[str, typer.Argument(metavar="STORE-OR-YAML", help="A project or a text.")],
    field: Annotated[
        str,
        typer.Argument(
            metavar="MODEL.FIELD",
            help="The field, as User.email; User for all of its fields, shop:User.email on one connection.",
        ),
    ],
    output: Format = "table",
) -> None:
    """List the nodes that read a field, write it, filter or sort by it or pass it on, without running anything."""
    raise typer.Exit(commands.lineage(Environment.default(TerminalAsker()), source, field, form=output))
