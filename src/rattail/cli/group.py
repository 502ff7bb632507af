"""The command `rattail`: its verbs come from a table, and only the one that runs is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from rattail.registry import Registry, load_target

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyGroup(click.Group):
    """A group of commands whose help needs no import of any of them."""

    def __init__(self, registry: Registry, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.registry = registry
        self._targets: dict[str, str] = {}
        for _, command in registry.commands:
            for name in (command.name, *command.aliases):
                self._targets[name] = command.target

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [command.name for _, command in self.registry.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = self._targets.get(cmd_name)
        if target is None:
            return None
        command = load_target(target)
        assert isinstance(command, click.Command), f"{target} is not a command"
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self._targets and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, self._targets, 1)
            also = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"there is no command '{name}'.{also}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for feature, command in self.registry.commands:
            also = f" (also: {', '.join(command.aliases)})" if command.aliases else ""
            groups.setdefault(command.group or feature.title, []).append((command.name, command.help + also))
        for title, rows in groups.items():
            with formatter.section(title):
                formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What may come next, from the table of commands: no command has to be imported for it."""
        from click.shell_completion import CompletionItem

        names = {command.name: command.help for _, command in self.registry.commands}
        if incomplete:
            names.update((alias, command.help) for _, command in self.registry.commands for alias in command.aliases)
        fitting = [CompletionItem(name, help=names[name]) for name in names if name.startswith(incomplete)]
        return [*fitting, *click.Command.shell_complete(self, ctx, incomplete)]


def build_group(registry: Registry, *, version: str, on_version: Callable[[], None]) -> LazyGroup:
    """The whole command line over the features of this installation."""

    def show_version(context: click.Context, _: click.Parameter, value: bool) -> None:
        if value and not context.resilient_parsing:
            on_version()
            context.exit()

    option = click.Option(
        ["--version"], is_flag=True, expose_value=False, is_eager=True, callback=show_version, help="Print the version."
    )
    return LazyGroup(
        registry,
        name="rattail",
        help=f"A back office in one folder (version {version}). Every command has its own --help.",
        params=[option],
        context_settings={"help_option_names": ["-h", "--help"], "terminal_width": _help_width_columns()},
    )


def _help_width_columns() -> int:
    """The terminal's width, within reason: asked here because click would import much to ask the same."""
    try:
        columns = int(os.environ.get("COLUMNS") or os.get_terminal_size(sys.stdout.fileno()).columns)
    except (ValueError, OSError, AttributeError):
        columns = 80
    return max(50, min(columns, 100) - 2)
