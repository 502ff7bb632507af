"""What a command returns: data for machines, lines for people, and what else there is to say."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from rattail.errors import RattailError

Level = Literal["note", "warning"]


class Message(NamedTuple):
    """A remark beside the result: it goes to the error stream, or into `messages` of the JSON."""

    level: Level
    text: str


class Outcome(NamedTuple):
    """The result of a command. With an `error` the command failed, and still has something to show."""

    data: Mapping[str, object]
    lines: Iterable[str] = ()
    messages: tuple[Message, ...] = ()
    error: RattailError | None = None
    #: Lines that are asked for, such as a value to use in a script: printed even with --quiet.
    is_answer: bool = False
