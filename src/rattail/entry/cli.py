"""The program `rattail`: from the words of the command line to an exit code."""

from __future__ import annotations

import os
import sys

import click

from rattail import __version__
from rattail.cli.console import Console
from rattail.cli.group import build_group
from rattail.errors import RattailError, WrongUsage
from rattail.registry import load_registry

INTERRUPTED = 130


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; a fault of ours shows its traceback."""
    registry = load_registry()
    group = build_group(registry, version=__version__, on_version=lambda: click.echo(f"rattail {__version__}"))
    console = Console(is_json="--json" in arguments)
    try:
        result = group.main(args=arguments, prog_name="rattail", standalone_mode=False, obj=registry)
    except click.UsageError as error:
        return _usage_error(error, console)
    except click.ClickException as error:
        return console.fail(RattailError(error.format_message()))
    except RattailError as error:
        return console.fail(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, click.Abort):
        console.say("interrupted; run the same command again to complete it.", level="warning")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a fault of ours, shown whole
        return _fault_of_ours(error)
    return result if isinstance(result, int) else 0


def _usage_error(error: click.UsageError, console: Console) -> int:
    if not console.is_json:
        error.show()
        return error.exit_code
    program = error.ctx.command_path if error.ctx else "rattail"
    return console.fail(WrongUsage(error.format_message(), hint=f"{program} --help"))


def _fault_of_ours(error: Exception) -> int:
    import traceback

    text = "".join(traceback.format_exception(error))
    sys.stderr.write(
        f"{text}rattail {__version__}: this is a fault in rattail, not yours. Please report the lines above.\n"
    )
    return RattailError.exit_code
