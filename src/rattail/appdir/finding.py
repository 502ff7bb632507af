"""What check-appdir can say: every finding has an id that never changes its meaning."""

from typing import Literal, NamedTuple

Level = Literal["error", "warning", "info"]

LEVELS: dict[str, Level] = {"E": "error", "W": "warning", "I": "info"}


class Finding(NamedTuple):
    """One thing that was found.

    `id` is `<feature>.<E|W|I><three digits>`; the letter agrees with the level. `path` is the name
    inside the app folder, wherever it really lies; an absolute path for what lies outside; empty
    where there is none. `hint` is what to do or type next.
    """

    id: str
    level: Level
    path: str
    sentence: str
    hint: str = ""
    can_be_fixed: bool = False


class FindingKind(NamedTuple):
    """What an id stands for. A module of checks lists its own in a tuple called `KINDS`."""

    id: str
    level: Level
    title: str


def found(identifier: str, path: str, sentence: str, *, hint: str = "", can_be_fixed: bool = False) -> Finding:
    """A finding whose level is what the letter of its id says."""
    return Finding(identifier, level_of(identifier), path, sentence, hint, can_be_fixed)


def level_of(identifier: str) -> Level:
    """The level that an id's letter stands for.

    Raises:
        ValueError: it is not an id.
    """
    _, _, number = identifier.rpartition(".")
    if number[:1] not in LEVELS or len(number) != 4 or not number[1:].isdecimal():
        raise ValueError(f"{identifier!r} is not the id of a finding: expected '<feature>.<E, W or I><three digits>'")
    return LEVELS[number[0]]


_TITLES = (
    ("core.E001", "the folder has no marker"),
    ("core.E002", "the marker is damaged"),
    ("core.E003", "the folder's layout is newer than the program"),
    ("core.E004", "the folder was made by upstream Rattail and is not adopted"),
    ("core.E005", "a folder is missing"),
    ("core.E006", "something else stands where a folder should be"),
    ("core.E007", "a folder of the app is a link"),
    ("core.E008", "a folder is open to more people than it should be"),
    ("core.E009", "others can read the secrets"),
    ("core.E010", "something belongs to another user"),
    ("core.E011", "a relocated folder is gone: its disk may not be mounted"),
    ("core.E012", "a relocated folder has lost the file that says whose it is"),
    ("core.E013", "a relocated folder belongs to another app, or is another folder"),
    ("core.E014", "a relocation cannot be"),
    ("core.E015", "a folder cannot be written"),
    ("core.E016", "a file system is read-only"),
    ("core.E017", "a folder of the app cannot be looked at"),
    ("core.E018", "a settings file is not TOML"),
    ("core.E019", "a settings file cannot be read"),
    ("core.E020", "an option has a value it does not take"),
    ("core.E021", "a secret stands in the settings file"),
    ("core.E022", "the secrets file is missing"),
    ("core.E023", "a secret that should have been generated is missing"),
    ("core.E024", "a secret is an example or can be guessed"),
    ("core.E025", "the distribution 'rattail' is installed as well"),
    ("core.E026", "an extension could not be loaded"),
    ("core.E027", "a check failed itself"),
    ("core.E028", "something else stands where the lock file should be"),
    ("core.W001", "a folder has another mode than it should"),
    ("core.W002", "others can read the settings"),
    ("core.W003", "a file of the app is open to more people than it should be"),
    ("core.W004", "a link leaves the app folder"),
    ("core.W005", "something is mounted inside the app folder"),
    ("core.W006", "little disk space is left"),
    ("core.W007", "few inodes are left"),
    ("core.W008", "a crash left temporary files"),
    ("core.W009", "a process ended without releasing the lock"),
    ("core.W010", "a relocation left data behind"),
    ("core.W011", "a scratch folder has no CACHEDIR.TAG"),
    ("core.W012", "a CACHEDIR.TAG is damaged"),
    ("core.W013", "a file that make-appdir writes is missing"),
    ("core.W014", "the settings file is missing"),
    ("core.W015", "a settings file has a table or option that nobody knows"),
    ("core.W016", "an option that is no secret stands in the secrets file"),
    ("core.W017", "an environment variable RATTAIL_... means nothing"),
    ("core.W018", "a file runs as its owner or group (set-uid, set-gid)"),
    ("core.W019", "everybody can write something in the app folder"),
    ("core.W020", "a device file lies in a folder that is backed up"),
    ("core.W021", "everybody can replace a folder above the app folder"),
    ("core.W022", "an installed file was edited"),
    ("core.W023", "an installed file is missing"),
    ("core.W024", "[check] accept names no finding"),
    ("core.W025", "Python cannot use SQLite"),
    ("core.W026", "a cleaning was cut off"),
    ("core.W027", "a CACHEDIR.TAG keeps a folder out of backups that belongs in them"),
    ("core.I001", "a link points to nothing"),
    ("core.I002", "the lock has been held for more than an hour"),
    ("core.I003", "a new edition of a file waits beside yours"),
    ("core.I004", "two options have the same secret"),
    ("core.I005", "a pipe or socket lies in a folder that is backed up"),
    ("core.I006", "a name is not UTF-8"),
    ("core.I007", "a file is dated in the future"),
    ("core.I008", "the linked SQLite has the WAL-reset fault"),
    ("core.I009", "entries of your own, counted as essential"),
    ("core.I010", "an app folder of upstream Rattail lies beside"),
    ("core.I011", "something of your own cannot be looked at"),
    ("core.I012", "folders are nested too deep to be looked at"),
)

KINDS = tuple(FindingKind(identifier, level_of(identifier), title) for identifier, title in _TITLES)
