"""How a command is written: a function that takes the session and its own options, and returns."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from rattail.cli.console import Console
from rattail.cli.outcome import Outcome
from rattail.cli.session import Session
from rattail.errors import RattailError


def command(verb: str, *, acts_as_owner: bool = True) -> Callable[[Callable[..., Outcome]], click.Command]:
    """Make a click command of a function; it gets the session first, then its own parameters.

    Every command understands --appdir, --json, --quiet and --verbose. Unless it says otherwise it
    goes on as the owner of the app folder when root runs it, and refuses everybody else.
    """

    def wrap(function: Callable[..., Outcome]) -> click.Command:
        @wraps(function)
        def callback(*, appdir: str | None, is_json: bool, is_quiet: bool, is_verbose: bool, **own: Any) -> int:
            console = Console(is_json=is_json, is_quiet=is_quiet, is_verbose=is_verbose)
            session = Session(click.get_current_context().obj, console, verb, appdir)
            for text in session.registry.warnings:
                console.say(text, level="warning")
            try:
                if acts_as_owner:
                    session.act_as_owner()
                return console.show(function(session, **own))
            except RattailError as error:
                return console.fail(error)
            except (BrokenPipeError, click.ClickException, click.Abort, click.exceptions.Exit):
                raise
            except Exception as error:
                told = session.refused_by_database(error)
                if told is not None:
                    return console.fail(told)
                from rattail.cli.faults import record_fault

                record_fault(session, error)
                raise
            finally:
                session.close()

        made = click.command(verb)(callback)
        made.params.extend(_common_options())
        return made

    return wrap


def _common_options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--appdir"],
            metavar="PATH",
            type=click.Path(readable=False),
            help="The app folder to work on, instead of the environment's own.",
        ),
        click.Option(["--json", "is_json"], is_flag=True, help="Print one JSON object instead of lines."),
        click.Option(["-q", "--quiet", "is_quiet"], is_flag=True, help="Print only errors and what was asked for."),
        click.Option(
            ["-v", "--verbose", "is_verbose"], is_flag=True, help="Say more, such as which app folder and why."
        ),
    ]
