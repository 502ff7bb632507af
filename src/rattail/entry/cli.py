"""The program `rattail`: from the words of the command line to an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

import click

from rattail.appdir.hints import pasted_line
from rattail.cli.console import Console, let_go, program_words
from rattail.cli.group import LazyGroup, build_group
from rattail.errors import RattailError, WrongUsage
from rattail.registry import load_registry
from rattail.version import VERSION

COMPLETION_VARIABLE = "_RATTAIL_COMPLETE"


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code.

    A person's mistake is a sentence; a fault of ours shows its traceback. A reader that went away
    (`rattail --help | head -1`) is neither.

    Raises:
        KeyboardInterrupt: somebody pressed Ctrl-C.
    """
    console = Console(is_json="--json" in arguments)
    try:
        return _run(arguments, console)
    except BrokenPipeError:
        let_go(sys.stdout)
        let_go(sys.stderr)
        return 0
    except click.Abort:
        raise KeyboardInterrupt from None


def _run(arguments: Sequence[str], console: Console) -> int:
    registry = load_registry()
    group = build_group(registry, version=VERSION, on_version=lambda: click.echo(f"rattail {VERSION}"))
    instruction = os.environ.get(COMPLETION_VARIABLE)
    if instruction:
        return _complete(group, instruction)
    try:
        with group.make_context("rattail", list(arguments), obj=registry) as context:
            result = group.invoke(context)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        return _no_arguments(error, console)
    except click.UsageError as error:
        verbs = error.ctx.command_path.split()[1:] if error.ctx else []
        return console.fail(WrongUsage(error.format_message(), hint=_help_line(*verbs)))
    except click.ClickException as error:
        return console.fail(RattailError(error.format_message()))
    except RattailError as error:
        return console.fail(error)
    except (BrokenPipeError, click.Abort):
        raise
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            return _fault_of_ours(error, console)
        let_go(sys.stdout)  # the one place that is written to without us: the text of --help
        return console.fail(RattailError(f"cannot write the output: {error.strerror}."))
    except Exception as error:  # noqa: BLE001 - a fault of ours, shown whole
        return _fault_of_ours(error, console)
    return result if isinstance(result, int) else 0


def _complete(group: LazyGroup, instruction: str) -> int:
    """Answer the shell: the script that teaches it (`bash_source`), or what may come next.

    Where the words to complete are missing or no words, there is nothing to offer.
    """
    from click.shell_completion import shell_complete

    try:
        return shell_complete(group, {"obj": group.registry}, "rattail", COMPLETION_VARIABLE, instruction)
    except (KeyError, ValueError):
        return 0


def _no_arguments(error: click.UsageError, console: Console) -> int:
    if console.is_json:
        return console.fail(WrongUsage("a command is missing.", hint=_help_line()))
    error.show()
    return error.exit_code


def _help_line(*verbs: str) -> str:
    return pasted_line(*program_words(), *verbs, "--help")


def _fault_of_ours(error: Exception, console: Console) -> int:
    import traceback

    text = "".join(traceback.format_exception(error))
    sys.stderr.write(
        f"{text}rattail {VERSION}: this is a fault in rattail, not yours. Please report the lines above.\n"
    )
    if not console.is_json:
        return RattailError.exit_code
    said = f"a fault in rattail, not yours: {type(error).__name__}."
    return console.fail(RattailError(said, hint="report the traceback on the error stream"))
