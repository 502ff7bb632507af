"""Passwords on the command line: never as a word of it, which others could read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import click

from rattail.cli.session import Session
from rattail.errors import InputRejected, RattailError

F = TypeVar("F", bound=Callable[..., Any])
_LARGEST_BYTES = 4096


class Typed(NamedTuple):
    """A password, and whether we made it up: then it is printed, once."""

    password: str
    is_generated: bool


def password_options(function: F) -> F:
    """The options of a command that takes a password."""
    for option in (
        click.option(
            "--keep-password",
            "is_kept",
            is_flag=True,
            help="The password stays: it need not be changed at the first login.",
        ),
        click.option("--generate", "is_generated", is_flag=True, help="Make a password up, and print it once."),
        click.option(
            "--password-stdin",
            "is_stdin",
            is_flag=True,
            help="Read the password from the standard input: its first line.",
        ),
    ):
        function = option(function)
    return function


def typed_password(session: Session, *, is_stdin: bool, is_generated: bool) -> Typed:
    """The password as the person wants to give it.

    Raises:
        InputRejected: there is nobody to ask, or what came is no text.
    """
    from rattail.features.accounts.passwords import generated

    if is_stdin and is_generated:
        raise InputRejected("--password-stdin and --generate are both given.", hint="choose one of them")
    if is_generated:
        return Typed(generated(session.settings.integer("accounts.least_password_length")), True)
    if is_stdin:
        return Typed(_first_line(), False)
    if not sys.stdin.isatty() or session.console.is_json:
        raise InputRejected(
            "there is nobody to ask for the password.",
            hint="add --generate to have one made up, or --password-stdin to read it from the standard input",
        )
    return Typed(str(click.prompt("password", hide_input=True, confirmation_prompt=True, err=True)), False)


def forget_sessions(session: Session, name: str) -> None:
    """Remove the sessions of somebody who was logged out everywhere: they open nothing any more, and would only be
    listed still. Where that cannot be done just now, they go when they are too old."""
    from rattail.site import open_site
    from rattail.web.sessions import end_sessions

    try:
        open_site(session.root)
        end_sessions(name)
    except RattailError as error:
        if session.console.is_verbose:
            session.console.say(f"the files of their sessions stay for now: {error}")


def _first_line() -> str:
    content = sys.stdin.buffer.read(_LARGEST_BYTES)
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError:
        raise InputRejected("the standard input is not UTF-8 text.") from None
    if len(lines) != 1:
        raise InputRejected(f"the standard input has {len(lines)} lines: expected one, the password.")
    return lines[0]
