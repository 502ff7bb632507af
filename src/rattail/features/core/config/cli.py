"""`rattail show-config`, `get-option`, `set-option`, `make-config`, `diff-config`, `accept-config`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import groupby

import click

from rattail.appdir.hints import move_contents, pasted_line
from rattail.appdir.refusal import shown
from rattail.cli.command import command
from rattail.cli.console import table
from rattail.cli.outcome import Message, Outcome
from rattail.cli.session import Session
from rattail.config.load import Setting, Settings, environment_variables
from rattail.config.option import Option, Value
from rattail.config.render import by_table, toml_value
from rattail.config.toml_text import SECRETS_FILE, SETTINGS_FILE, STRANGER
from rattail.config.values import text_of
from rattail.errors import ConfigInvalid, InputRejected, NoSuchThing, WrongUsage
from rattail.features.core.config import offering
from rattail.features.core.config.service import Change, Move, find_option, parsed
from rattail.features.core.config.service import set_option as change_option

_LARGEST_SECRET_BYTES = 64 << 10
_WIDEST_VALUE = 60
_STDOUT_FD = 1


@command("show-config")
@click.argument("table_name", metavar="[TABLE]", required=False)
def show_config(session: Session, table_name: str | None) -> Outcome:
    """Show every option, or those of one TABLE: its value, where it comes from, when a change takes effect.

    Secrets are masked. Where settings are wrong, what can be shown is, and then every fault is named.
    """
    root = _require_appdir(session)
    settings = session.settings
    by_key = settings.by_key
    tables = dict(by_table(one.option for one in by_key.values() if table_name in (None, one.option.table)))
    found = [by_key[option.key] for options in tables.values() for option in options]
    if not found:
        raise _no_such_table(settings, table_name or "")
    messages = [*_missing_files(session, root), *_unknown_variables(settings)]
    error = None
    serious = [fault.message for fault in settings.faults if fault.kind != STRANGER]
    if serious:
        error = ConfigInvalid(serious, hint="mend the lines and variables named")
    data = {"appdir": root, "options": [_option_data(one) for one in found]}
    lines = [*_config_lines(found, is_verbose=session.console.is_verbose), *_maker_of_backups(found)]
    return Outcome(data, lines, tuple(messages), error, is_answer=True)


@command("get-option")
@click.argument("key", metavar="TABLE.NAME")
def get_option(session: Session, key: str) -> Outcome:
    """Print the value of one option, and nothing else; of a secret, only whether it is set."""
    option = find_option(session.registry, key, root=session.root)
    root = _require_appdir(session)
    setting = session.settings.require_sound().by_key[option.key]
    messages: tuple[Message, ...] = ()
    if option.is_secret:
        where = shown(f"{root}/{SECRETS_FILE}") if setting.source == SECRETS_FILE else setting.source
        unset = f"is not set; to set it: {_line(session, 'set-option', key)}"
        said = f"is not shown; its value is in {where}" if setting.value else unset
        messages = (Message("note", f"{key} is a secret and {said}"),)
    text = text_of(setting.shown)
    line = offering.printable(text) if os.isatty(_STDOUT_FD) else text
    return Outcome(_option_data(setting), [line], messages, is_answer=True)


@command("set-option")
@click.argument("key", metavar="TABLE.NAME")
@click.argument("value", required=False)
@click.option("--unset", is_flag=True, help="Put the default back.")
def set_option(session: Session, key: str, value: str | None, unset: bool) -> Outcome:
    """Change one option in rattail.toml; comments and everything else in the file stay.

    The value of a secret is never an argument: it is asked for, or read from the standard input, as in
    'rattail set-option mail.password < FILE'. A list is written as a,b. Before a VALUE that begins with
    a dash put '--'.
    """
    option = find_option(session.registry, key, root=session.root)
    marker = session.marker
    if unset and value is not None:
        raise WrongUsage("give a value or --unset, not both.")
    new = None if unset else _given_value(session, option, value)
    change = change_option(session.registry, option, new, root=session.root, marker=marker, environ=dict(os.environ))
    return _change_outcome(session, change)


@command("make-config")
@click.option("--output", metavar="FILE", type=click.Path(), help="Write it there instead; '-' prints it.")
def make_config(session: Session, output: str | None) -> Outcome:
    """Write a fresh, commented rattail.toml that keeps your values.

    Where there is one already that differs, the fresh one is put beside it as rattail.toml.new.
    """
    root = _require_appdir(session)
    if output is None:
        made = offering.write_fresh_settings(session.registry, root)
        said = {
            "write": f"Wrote {shown(made.path)}.",
            "offer": f"Wrote {shown(made.path)}. See how it differs: {_line(session, 'diff-config')}. "
            f"Put it in place: {_line(session, 'accept-config', SETTINGS_FILE)}",
            "none": f"{shown(made.path)} is just what would be written: nothing to do.",
        }
        return Outcome({"path": made.path, "action": made.action}, [said[made.action]])
    if not output:
        raise InputRejected("--output is empty: expected the name of a file, or '-'.")
    wanted = offering.fresh_settings(session.registry, root)
    if output == "-":
        text = wanted.content.decode()
        return Outcome({"path": "-", "action": "print", "text": text}, text.splitlines(), is_answer=True)
    offering.write_copy(wanted, output)
    return Outcome({"path": os.path.abspath(output), "action": "write"}, [f"Wrote {shown(output)}."])


@command("diff-config")
@click.argument("name", required=False)
def diff_config(session: Session, name: str | None) -> Outcome:
    """Show how the new editions that are offered (NAME.new) differ from your files."""
    root = _require_appdir(session)
    if name is not None:
        names: tuple[str, ...] = (offering.find_generated(session.registry, name, root=root),)
    else:
        names = offering.offered_names(session.registry, root)
    differences = {one: offering.difference(session.registry, root, one) for one in names}
    lines = [line for one in differences.values() for line in one]
    same = [Message("note", f"{one}.new is the same as {one}.") for one, found in differences.items() if not found]
    data = {"offered": [{"name": one, "diff": found} for one, found in differences.items()]}
    if not names:
        return Outcome(data, [_nothing_offered(root)])
    return Outcome(data, lines, tuple(same), is_answer=True)


@command("accept-config")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Accept everything that is offered.")
@click.option("--reject", "is_rejected", is_flag=True, help="Throw it away instead; it is not offered again.")
def accept_config(session: Session, names: tuple[str, ...], is_all: bool, is_rejected: bool) -> Outcome:
    """Put an offered NAME.new in place of NAME; the old one is kept as NAME.old."""
    root = _require_appdir(session)
    if names and is_all:
        raise WrongUsage("give names or --all, not both.")
    chosen = tuple(dict.fromkeys(offering.find_generated(session.registry, name, root=root) for name in names))
    offered = offering.offered_names(session.registry, root)
    if not chosen and not offered:
        return Outcome({"accepted": [], "rejected": []}, [_nothing_offered(root)])
    if not chosen and not is_all:
        raise InputRejected(
            f"which one? Offered: {', '.join(offered)}; or --all.",
            hint=_line(session, "accept-config", offered[0]),
        )
    chosen = chosen or offered
    if is_rejected:
        for name in chosen:
            offering.reject_offer(session.registry, root, name)
        return Outcome({"accepted": [], "rejected": list(chosen)}, [f"Threw away {name}.new." for name in chosen])
    accepted = [offering.accept_offer(session.registry, root, name) for name in chosen]
    lines = [
        f"{one.name} is the new edition now" + (f"; what it was is kept as {one.kept_as}." if one.kept_as else ".")
        for one in accepted
    ]
    return Outcome({"accepted": [one._asdict() for one in accepted], "rejected": []}, lines)


def _require_appdir(session: Session) -> str:
    """The path of the app folder; refuses where there is none."""
    _ = session.marker
    return session.root


def _config_lines(found: list[Setting], *, is_verbose: bool) -> Iterator[str]:
    for number, (name, settings) in enumerate(groupby(found, lambda setting: setting.option.table)):
        yield from [""] * bool(number)
        yield f"[{name}]"
        members = list(settings)
        for setting, line in zip(members, table([_cells(one) for one in members]), strict=True):
            yield f"  {line}"
            if is_verbose:
                yield f"      {setting.option.help} Expected: {setting.option.expected}."
                yield f"      {' or '.join(environment_variables(setting.option))}"


def _maker_of_backups(found: list[Setting]) -> Iterator[str]:
    """Which of the two that could make the daily backup does."""
    values = {one.option.key: one.value for one in found}
    if "backups.made_by" not in values:
        return
    yield ""
    if values["backups.made_by"] == "timer":
        yield "The systemd timer of make-units makes the daily backup; the worker stays out of it."
    elif values.get("backups.at"):
        yield f"The worker makes the daily backup, at {values['backups.at']}; the systemd timer stays out of it."
    else:
        yield "Nobody makes a daily backup: backups.at is empty."


def _cells(setting: Setting) -> tuple[str, str, str, str]:
    value = str(setting.shown) if setting.option.is_secret else toml_value(setting.shown)
    if len(value) > _WIDEST_VALUE:
        value = value[: _WIDEST_VALUE - 3] + "..."
    if setting.option.is_secret and not value:
        value = "(not set)"
    return setting.option.name, value, setting.source, setting.option.takes_effect


def _option_data(setting: Setting) -> dict[str, object]:
    option = setting.option
    return {
        "key": option.key,
        "value": _plain(setting.shown),
        "source": setting.source,
        "default": _plain(option.default),
        "takes_effect": option.takes_effect,
        "is_secret": option.is_secret,
        "expected": option.expected,
        "help": option.help,
        "environment_variable": option.environment_variable,
    }


def _plain(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value


def _no_such_table(settings: Settings, name: str) -> NoSuchThing:
    from difflib import get_close_matches

    tables = list(dict.fromkeys(one.option.table for one in settings.by_key.values()))
    near = get_close_matches(name, tables, 1)
    meant = f" Did you mean '{near[0]}'?" if near else ""
    return NoSuchThing(f"there is no table {shown(name)}; expected one of {', '.join(tables)}.{meant}")


def _missing_files(session: Session, root: str) -> Iterator[Message]:
    make_it = _line(session, "make-appdir")
    for name in (SETTINGS_FILE, SECRETS_FILE):
        if not os.path.lexists(f"{root}/{name}"):
            yield Message("warning", f"{shown(f'{root}/{name}')} is missing; make it anew: {make_it}")


def _unknown_variables(settings: Settings) -> Iterator[Message]:
    from difflib import get_close_matches

    known = [name for one in settings.by_key.values() for name in environment_variables(one.option)]
    for variable in settings.unknown_variables:
        near = get_close_matches(variable, known, 1, cutoff=0.8)
        meant = f" Did you mean {near[0]}?" if near else ""
        yield Message("warning", f"the environment variable {variable} names no option and has no effect.{meant}")


def _given_value(session: Session, option: Option, text: str | None) -> Value:
    """The value from the argument, or of a secret from the terminal or the standard input."""
    if not option.is_secret:
        if text is None:
            raise WrongUsage(f"{option.key} needs a value: expected {option.expected}; or --unset.")
        return parsed(option, text)
    way = f"type it when asked, or add < FILE to read it from one: {_line(session, 'set-option', option.key)}"
    if text is not None:
        raise InputRejected(
            f"{option.key} is a secret, and a command line can be read by others (process list, shell history): "
            "nothing was set; choose another value.",
            hint=way,
        )
    if sys.stdin.isatty():
        secret = str(click.prompt(option.key, hide_input=True, confirmation_prompt=True, err=True))
    else:
        secret = _secret_from_stdin(option)
    if not secret:
        raise InputRejected(f"{option.key}: the value is empty; to have none, use --unset.", hint=way)
    return parsed(option, secret)


def _secret_from_stdin(option: Option) -> str:
    """All of the standard input but one line end at its end."""
    content = sys.stdin.buffer.read(_LARGEST_SECRET_BYTES + 1)
    if len(content) > _LARGEST_SECRET_BYTES:
        raise InputRejected(f"{option.key}: the value is longer than {_LARGEST_SECRET_BYTES >> 10} KiB.")
    try:
        return content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise InputRejected(f"{option.key}: the value is not UTF-8 text.") from None


def _change_outcome(session: Session, change: Change) -> Outcome:
    option = change.option
    is_default = change.value is None
    value = option.default if change.value is None else change.value
    written = "********" if option.is_secret and value else toml_value(value)
    if not change.is_changed:
        lines = [f"{option.key} is {'at its default' if is_default else written} already: nothing to do."]
    elif change.is_generated:
        lines = [f"A new {option.key} was generated, in {shown(change.path)}.", option.help]
    elif is_default:
        lines = [f"{option.key} is back at its default ({written}), in {shown(change.path)}."]
    else:
        was = "" if option.is_secret or change.was is None else f" (it was {toml_value(change.was)})"
        lines = [f"{option.key} = {written}, in {shown(change.path)}{was}."]
    next_steps = _move_steps(session, change.move) if change.move and change.is_changed else []
    if change.is_changed and not change.move:
        lines.append(f"The change takes effect {option.takes_effect}.")
    if next_steps:
        lines += ["What to do next:", *(f"  {number}. {line}" for number, line in enumerate(next_steps, 1))]
    data = {
        "key": option.key,
        "path": change.path,
        "value": written if option.is_secret and value else _plain(value),
        "is_changed": change.is_changed,
        "takes_effect": option.takes_effect,
        "overridden_by": change.overridden_by or None,
        "next": next_steps,
    }
    return Outcome(data, lines, tuple(_change_warnings(change)))


def _change_warnings(change: Change) -> Iterator[Message]:
    if change.overridden_by:
        said = f"the environment variable {change.overridden_by} is set and goes before what stands in the file."
        yield Message("warning", said)
    for fault in change.still_wrong:
        yield Message("warning", f"still wrong: {fault}")


def _move_steps(session: Session, move: Move) -> list[str]:
    steps = [pasted_line("mkdir", "-p", os.path.dirname(move.new))] if move.is_parent_missing else []
    steps.append(_line(session, "make-appdir"))
    if move.has_files:
        steps.append(move_contents(move.old, move.new))
    return steps


def _nothing_offered(root: str) -> str:
    return f"Nothing is offered: there is no .new file in {shown(root)}."


def _line(session: Session, verb: str, *words: str) -> str:
    return pasted_line(*session.program, verb, *words, *session.appdir_words)
