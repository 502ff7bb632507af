"""The keys of every command's JSON and their types, found by running the commands.

Every key has to be seen with something in it: a list that is never filled or a key that is always null
is an error here, so that an example has to be added to `EXAMPLES` (or, where only root could show it, a
line to `UNSEEN`).
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rattail.features.backups.keys.keys import make_key
from rattail.features.backups.shelf.state import Known, Look, write_known
from rattail.registry import load_registry
from tests.kit.extension import write_extension
from tests.kit.uploaded import put_uploads
from tests.kit.upstream import make_upstream

NAMES = {bool: "true or false", int: "number", float: "number", str: "text", type(None): "null"}
ORDER = ("text", "number", "true or false", "list of text", "list of object", "object", "null")
#: An option of each kind of value there is, whatever the built-in features use.
KINDS = """
FEATURE = Feature(
    name="kinds",
    title="Kinds",
    options=(
        Option("flag", "A flag.", kind="boolean", default=False),
        Option("names", "Names.", kind="list", default=("a", "b")),
    ),
)
"""
#: What only root could show (a folder given away), or only somebody who is not (one that cannot be read).
UNSEEN = {
    ("make-appdir", "given_to"): "text",
    ("show-appdir", "folders[].problem"): "text",
    ("restore-backup", "migrations"): "list of text",
    ("restore-backup", "missing_files"): "list of text",
    ("restore-backup", "errors"): "list of text",
}

#: Keys of which every name inside depends on the shop, the kind of batch or the record: not followed further.
OPEN = {
    *("settings", "statuses", "before", "after", "expected", "found", "mapping", "why", "made", "executed", "undone"),
    *("row_list", "preview", "row", "fields"),
    *("arguments", "result"),
}
#: What keys of batches hold where no example does: the same everywhere.
EVERYWHERE = {
    "not_used": "list of text",
    "suggested_retail": "text",
    "spared": "list of object",
    "remarks": "list of text",
    "executed": "object",
    "undone": "object",
    "store": "text",
    "vendor": "text",
    # of jobs, depending on their state
    "run_at": "text",
    "started_at": "text",
    "ended_at": "text",
    "total": "number",
    "remaining_s": "number",
    "result": "object",
}


class Example(NamedTuple):
    """One run of a command: `prepare` is done to the app folder before it."""

    words: tuple[str, ...] = ()
    prepare: Callable[[Path], object] = lambda _: None


def _lose_folder(root: Path) -> None:
    (root / "work" / "csv").rename(root / "of-my-own")


def _damage(root: Path) -> None:
    """Two findings on any machine: one that can be repaired, one that cannot."""
    (root / "leads-nowhere").symlink_to("nowhere")


def _grow_old(root: Path) -> None:
    """One file that is too old, and one thing as old that is spared."""
    old = root / "work" / "csv" / "old.csv"
    old.write_text("old")
    os.mkfifo(root / "work" / "csv" / "pipe")
    for one in (old, root / "work" / "csv" / "pipe"):
        os.utime(one, (0, 0))


def _offer(root: Path) -> None:
    (root / "rattail.toml.new").write_text((root / "rattail.toml").read_text() + "# newer\n")


def _edit_cost(root: Path) -> None:
    """A hand's change of a record that batch 1 made, so that it could not be undone."""
    with sqlite3.connect(root / "data" / "rattail.sqlite3") as connection:
        connection.execute("UPDATE retail_vendorcost SET case_cost = case_cost + 1 WHERE batch = 1")


def _log_in(root: Path) -> None:
    """Somebody was in the web app."""
    with sqlite3.connect(root / "data" / "rattail.sqlite3") as connection:
        connection.execute("UPDATE accounts_user SET last_login = '2026-11-22 12:00:00' WHERE name = 'alice'")


def _upstream(root: Path) -> None:
    make_upstream(root.parent / "old")
    (root.parent / "new").mkdir()


def _have_jobs(root: Path) -> None:
    """One job that waits, and one that runs."""
    names = "state, kind, arguments, actor, created_at, run_at, done, total, started_at, subject, message"
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    later = "2100-01-01 00:00:00"
    rest = "0, 0, 0, '', 0, '', ''"
    with sqlite3.connect(root / "data" / "rattail.sqlite3") as connection:
        for state, run_at, began in (("ready", later, None), ("running", now, "2000-01-01 00:00:00")):
            connection.execute(
                f"INSERT INTO jobs_job ({names}, tries, deaths, token, worker, is_cancel_wanted, reason, failure) "
                f"VALUES (?, 'jobs.forget', '{{}}', 'alice', ?, ?, 50, 100, ?, '', '', {rest})",
                (state, now, run_at, began),
            )


def _set(root: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "rattail", "set-option", *words, "--appdir", str(root), "-q"], check=True)


def _have_shelf(root: Path) -> None:
    """Places for backups and their copies."""
    (root.parent / "far").mkdir()
    _set(root, "backups.target", str(root.parent / "shelf"))
    _set(root, "backups.copy_to", str(root.parent / "far"))


def _have_two_keys(root: Path) -> None:
    """One that was just made, and one that nobody has."""
    public = (root.parent / "key.txt").read_text().rpartition("# public key: ")[2].split()[0]
    _set(root, "backups.encrypt_to", f"{public},{make_key().public}")


def _have_old_backup(root: Path) -> None:
    """One that is damaged, and what a run left that was killed."""
    shelf = root.parent / "shelf"
    (shelf / ".tmp-0123456789abcdef").touch()
    app = next(shelf.glob("*.tar")).name.rpartition("-")[0]
    old = shelf / f"{app}-20200101T000000Z.tar"
    old.touch()
    write_known(str(old), Known(read_back=Look(datetime.now(UTC), "a byte differs")))


def _have_environment(root: Path) -> None:
    """An empty one to restore into, and the backup that was made under a name that is known."""
    (root.parent / "env").mkdir()
    (root.parent / "env" / "pyvenv.cfg").touch()
    made = max((root.parent / "shelf").glob("*.tar"), key=lambda path: path.stat().st_size)
    (root.parent / "backup.tar").symlink_to(made)


def _edit_restored(root: Path) -> None:
    (root.parent / "env" / "app" / "own.txt").touch()
    (root.parent / "env" / "app" / "README.txt").write_text("mine")


#: A mail server that nobody has: a test mail says so.
MAIL = {"RATTAIL_MAIL_HOST": "mail.example", "RATTAIL_MAIL_FROM": "a@mail.example", "RATTAIL_MAIL_TO": "b@mail.example"}

# These run in this order, on one app folder. {scratch} is the folder around it.
EXAMPLES: dict[str, tuple[Example, ...]] = {
    "make-appdir": (
        Example(),
        Example(("--adopt", "{scratch}/old", "--path", "{scratch}/new/app", "--dry-run"), _upstream),
        Example(("--adopt", "--path", "{scratch}/app"), lambda root: (root / "app-folder.json").unlink()),
    ),
    "show-appdir": (Example(), Example(prepare=_lose_folder)),
    "check-appdir": (Example(("--fix",), _damage),),
    "clean-appdir": (Example(("--dry-run",), _grow_old), Example()),
    "show-config": (Example(),),
    "get-option": (
        Example(("app.title",)),
        Example(("mail.port",)),
        Example(("kinds.flag",)),
        Example(("kinds.names",)),
    ),
    "set-option": (
        Example(("app.title", "Our Shop")),
        Example(("mail.port", "25")),
        Example(("kinds.flag", "true")),
        Example(("kinds.names", "c")),
        Example(("mail.host", "overridden")),
        Example(("folders.data/uploads", "{scratch}/elsewhere")),
        Example(("folders.data/uploads", "--unset")),
    ),
    "make-config": (Example(), Example(("--output", "-"))),
    "diff-config": (Example(prepare=_offer),),
    "accept-config": (Example(("rattail.toml",)), Example(("--all", "--reject"), _offer)),
    "migrate-db": (Example(),),
    "setup": (Example(("--store", "Corner", "--admin", "boss")),),
    "make-units": (Example(("--output", "{scratch}/units")),),
    "note-failure": (Example(("rattail-shop.service",)),),
    "make-sample": (Example(("--products", "200", "--output", "{scratch}/samples")),),
    "make-store": (Example(("9", "North")),),
    "make-user": (
        Example(("alice", "--role", "manager", "--generate")),
        Example(("bob", "--display-name", "Bob", "--email", "bob@example.org", "--generate")),
    ),
    "set-password": (Example(("bob", "--generate")),),
    "give-role": (Example(("bob", "viewer", "--store", "9")),),
    "take-role": (Example(("bob", "viewer", "--store", "9")),),
    "disable-user": (Example(("bob",)),),
    "enable-user": (Example(("bob",)),),
    "list-users": (Example(prepare=_log_in),),
    "list-roles": (Example(),),
    "make-vendor": (Example(("acme", "Acme", "--identifier", "0012345000003")),),
    "list-vendors": (Example(),),
    "export-csv": (Example(("--output", "{scratch}/tables")),),
    "make-batch": (
        Example(("vendor_catalog", "{scratch}/samples/unfi-catalog.tsv", "--vendor", "unfi")),
        Example(("inventory", "{scratch}/samples/wis-count.txt", "--store", "1", "--mode", "replace")),
        Example(("vendor_catalog", "{scratch}/samples/832.x12", "--vendor", "unfi", "--dry-run")),
    ),
    "list-batches": (Example(),),
    "change-row": (Example(("1", "1", "--set", "case_cost=40")),),
    "add-row": (Example(("1", "vendor_code=X1", "code=074305001321", "case_size=12", "case_cost=24")),),
    "remove-rows": (Example(("1", "2")),),
    "show-batch": (Example(("1",)),),
    "execute-batch": (Example(("1",)), Example(("2",))),
    "check-batch": (Example(("1",), _edit_cost), Example(("2",))),
    "approve-products": (Example(), Example(("--all",))),
    "undo-batch": (Example(("1", "--partial")), Example(("2",))),
    "import-csv": (Example(("{scratch}/tables/products.csv",)),),
    "delete-batch": (Example(("2",)),),
    "purge-batches": (Example(("--before", "2100-01-01")),),
    "make-vendor-mapping": (Example(("acme", "{scratch}/samples/catalog.xlsx")),),
    "list-formats": (Example(),),
    "list-uploads": (Example(prepare=put_uploads),),
    "purge-uploads": (Example(("--older-than", "0")),),
    "send-test-mail": (Example(),),
    "list-jobs": (Example(prepare=_have_jobs),),
    "cancel-job": (Example(("1",)),),
    "retry-job": (Example(("1",)),),
    "show-job": (Example(("1",)), Example(("2",))),
    "run-jobs": (Example(),),
    "make-backup": (Example(("--dry-run",), _have_shelf), Example(("--no-wheels",))),
    "copy-records": (Example(),),
    "copy-backup": (Example(),),
    "prove-backup": (Example(),),
    "make-backup-key": (Example(("--output", "{scratch}/key.txt")),),
    "prove-backup-key": (Example(("--identity", "{scratch}/key.txt"), _have_two_keys),),
    "list-backups": (Example(),),
    "prune-backups": (Example(prepare=_have_old_backup),),
    "restore-backup": (
        Example(("{scratch}/backup.tar", "--into", "{scratch}/env", "--dry-run"), _have_environment),
        Example(("{scratch}/backup.tar", "--into", "{scratch}/env")),
        Example(("{scratch}/backup.tar", "--into", "{scratch}/env", "--dry-run"), _edit_restored),
        Example(("{scratch}/backup.tar", "--tables", "stores", "--to", "{scratch}/taken")),
        Example(("--into", "{scratch}/env")),
    ),
}

#: Commands that run until they are told to stop, and what they print then.
LASTING = {"serve": [("appdir", "text"), ("parts", "list of text"), ("url", "text")]}


def data_rows(scratch: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each command with the keys of its `data` and their types.

    Raises:
        KeyError: a command has no line in `EXAMPLES`.
        AssertionError: no example shows what a key holds.
    """
    root = scratch / "app"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RATTAIL_")}
    environ |= write_extension(scratch / "site", "kinds", KINDS) | MAIL
    found: dict[str, list[tuple[str, str]]] = {**LASTING}
    for verb, examples in EXAMPLES.items():
        types: dict[str, set[str]] = {}
        always: set[str] | None = None
        for example in examples:
            example.prepare(root)
            words = [word.format(scratch=scratch) for word in example.words]
            data = _run(verb, *words, root=root, environ=environ)
            _collect("", data, types)
            always = set(data) if always is None else always & set(data)
        for (name, key), kind in UNSEEN.items():
            if name == verb:
                types[key].add(kind)
        found[verb] = [(key, _spoken(verb, key, types[key], always or set())) for key in sorted(types)]
    for _, command in load_registry().commands:
        yield command.name, found[command.name]


def _run(*words: str, root: Path, environ: dict[str, str]) -> dict[str, object]:
    where = () if "--path" in words else ("--appdir", str(root))
    command = [sys.executable, "-m", "rattail", *words, *where, "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, env=environ, stdin=subprocess.DEVNULL, check=False)
    envelope = json.loads(ran.stdout)
    data = envelope["data"]
    assert isinstance(data, dict), f"{words}: {envelope['errors']}"
    return data


def _collect(above: str, value: object, types: dict[str, set[str]]) -> None:
    """Add the key paths in `value` and the types seen there to `types`."""
    if above.rpartition(".")[2] in OPEN and not isinstance(value, str):
        kind = "list of object" if isinstance(value, list) else "null" if value is None else "object"
        types.setdefault(above, set()).add(kind)
    elif isinstance(value, dict):
        if above.removesuffix("[]") == above != "":
            types.setdefault(above, set()).add("object")
        for key, inner in value.items():
            _collect(f"{above}.{key}" if above else key, inner, types)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        types.setdefault(above, set()).add("list of object")
        for one in value:
            _collect(f"{above}[]", one, types)
    elif isinstance(value, list):
        assert all(isinstance(one, str) for one in value), above
        types.setdefault(above, set()).add("list of text" if value else "list")
    else:
        types.setdefault(above, set()).add(NAMES[type(value)])


def _spoken(command: str, key: str, seen: set[str], always: set[str]) -> str:
    """A few types as words, and whether the key may be missing."""
    also = EVERYWHERE.get(key.rpartition(".")[2], "")
    seen = seen | {also} if also else seen
    if any(name.startswith("list of") for name in seen):
        seen = seen - {"list"}
    is_shown = "list" not in seen and seen != {"null"}
    assert is_shown, f"{command}: no example shows what is in {key!r}"
    names = [name for name in ORDER if name in seen]
    said = ", ".join(names) if len(names) > 2 else " or ".join(names)
    return said if key in always or "." in key else f"{said}; not always there"
