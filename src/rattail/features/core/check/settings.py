"""Are the settings and the secrets what they should be?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from rattail.appdir.hints import pasted_line
from rattail.appdir.inspect import Finding, Looking, found
from rattail.config.load import Settings
from rattail.config.toml_text import SECRETS_FILE, SETTINGS_FILE, STRANGER

SHORTEST_GENERATED = 32
_FEWEST_CHARACTERS = 8
_EXAMPLES = frozenset(
    (
        "admin",
        "administrator",
        "changeit",
        "changeme",
        "default",
        "dummy",
        "example",
        "fixme",
        "geheim",
        "insecure",
        "letmein",
        "mypassword",
        "mysecret",
        "none",
        "null",
        "pass",
        "passwd",
        "password",
        "placeholder",
        "postgres",
        "pw",
        "qwerty",
        "rattail",
        "replaceme",
        "root",
        "sample",
        "secret",
        "secretkey",
        "tbd",
        "test",
        "todo",
        "unset",
        "xxx",
        "yourpassword",
        "yoursecret",
        "yoursecretkey",
    )
)
_IN_GENERATED = ("changeme", "todo", "example", "insecure", "secret", "password", "replace")
_FAULTS = {
    "syntax": "core.E018",
    "unreadable": "core.E019",
    "value": "core.E020",
    "unknown": "core.W015",
    STRANGER: "core.W015",
}


def check_settings(settings: Settings, looking: Looking) -> Iterator[Finding]:
    """Every fault of the settings files and of the environment variables, each a finding."""
    for fault in settings.faults:
        file = fault.where.partition(":")[0]
        if fault.kind == "misplaced":
            identifier = "core.E021" if file == SETTINGS_FILE else "core.W016"
        else:
            identifier = _FAULTS.get(fault.kind, "core.E020")
        is_file = file in (SETTINGS_FILE, SECRETS_FILE)
        hint = f"mend {file}" if is_file else f"unset or mend the environment variable {file}"
        if is_file and fault.kind == "unreadable" and _is_closed(f"{looking.root}/{file}", looking.owner.uid):
            hint = pasted_line("chmod", "u+rw", f"{looking.root}/{file}")
        if identifier == "core.E021":
            hint = f"move it to {SECRETS_FILE}, and give it a new value if anybody may have read it"
        yield found(identifier, file if is_file else "", fault.message, hint=hint)


def _is_closed(path: str, uid: int) -> bool:
    """True for a file of the owner's that its mode keeps even from them."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_uid == uid and not found.st_mode & stat.S_IRUSR


def check_environment(settings: Settings) -> Iterator[Finding]:
    """Every environment variable that looks as if it were ours and steers nothing."""
    known = {setting.option.environment_variable for setting in settings.by_key.values()}
    for variable in settings.unknown_variables:
        from difflib import get_close_matches

        near = get_close_matches(variable, sorted(known), 1)
        also = f" Did you mean {near[0]}?" if near else ""
        text = f"the environment variable {variable} belongs to no option and has no effect.{also}"
        yield found("core.W017", "", text, hint=f"unset {variable}")


def check_secrets(settings: Settings, looking: Looking) -> Iterator[Finding]:
    """No secret is missing, an example, or the same as another. No value is ever shown."""
    named = {fault.where for fault in settings.faults}
    is_readable = SECRETS_FILE not in named and os.path.lexists(f"{looking.root}/{SECRETS_FILE}")
    seen: dict[str, str] = {}
    for key, setting in sorted(settings.by_key.items()):
        option = setting.option
        if not option.is_secret:
            continue
        value = str(setting.value)
        if not value:
            if option.is_generated and is_readable and f"{SECRETS_FILE}:{key}" not in named:
                yield found(
                    "core.E023",
                    SECRETS_FILE,
                    f"the secret {key} is missing; make-appdir generates it.",
                    hint=looking.command("make-appdir"),
                    can_be_fixed=True,
                )
            continue
        path = SECRETS_FILE if setting.source == SECRETS_FILE else ""
        reason = _weakness(value, is_generated=option.is_generated)
        hint = looking.command("set-option", key)
        if not path:
            hint = f"give the environment variable {setting.source} another value"
        if reason:
            yield found(
                "core.E024",
                path,
                f"the secret {key} ({setting.source}) {reason}; give it a new one.",
                hint=hint,
            )
        if value in seen:
            text = f"the secrets {seen[value]} and {key} are the same: who learns one has both."
            yield found("core.I004", path, text, hint=hint)
        seen.setdefault(value, key)


def _weakness(value: str, *, is_generated: bool) -> str:
    """Why a secret is none; empty where nothing speaks against it."""
    letters = "".join(letter for letter in value.casefold() if letter.isalpha())
    if letters in _EXAMPLES:
        return "is an example, not a secret"
    if len(set(value)) == 1:
        return "is one character, repeated"
    if not is_generated:
        return ""
    if any(word in letters for word in _IN_GENERATED):
        return "looks like an example, not like a generated secret"
    if len(value) < SHORTEST_GENERATED:
        return f"has {len(value)} characters; expected {SHORTEST_GENERATED} or more, generated at random"
    if len(set(value)) < _FEWEST_CHARACTERS:
        return "is made of very few different characters; expected one generated at random"
    return ""
