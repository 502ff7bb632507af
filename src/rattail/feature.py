"""What a feature declares: everything about it that the rest of the house needs to know."""

from typing import NamedTuple

from rattail.appdir.folder import AppFile, Folder
from rattail.config.option import Option


class Command(NamedTuple):
    """One command line verb. `target` is the dotted name `module:function` of a click command."""

    name: str
    help: str
    target: str
    aliases: tuple[str, ...] = ()
    group: str = ""  # heading in the help; default: the feature's title


PUBLIC = "public"
SIGNED_IN = "signed in"
GET = ("GET",)
POST = ("POST",)
FORM = ("GET", "POST")


class Permission(NamedTuple):
    """What somebody may do with a feature: `name` is `feature.verb`, `roles` the ready roles that may.

    The verbs are view, create, execute, undo, delete, configure. The role `manager` may everything. What belongs to no
    store is `is_for_all_stores`: whoever has the permission for one store does not have it at all.
    """

    name: str
    title: str
    roles: tuple[str, ...] = ()
    is_for_all_stores: bool = False


class Page(NamedTuple):
    """One address of the web app: a page, or an action (`methods` is POST then).

    `path` is a route of Django's `path()`; `target` is `module:function` of a view; `needs` is the name of a
    permission, or SIGNED_IN (whoever has a session), or PUBLIC. `menu` is its label in the navigation, if any,
    `order` its place there. `is_own` pages can be reached although one's first password is still to be changed;
    on a page `for_machines` nobody asks who is there: it answers although sessions or accounts are out of order.
    """

    path: str
    name: str
    target: str
    needs: str
    methods: tuple[str, ...] = GET
    menu: str = ""
    order: int = 100
    is_own: bool = False
    for_machines: bool = False


class JobKind(NamedTuple):
    """One kind of background job. `target` is `module:function`, called with a `rattail.jobs.running.Running`
    and the job's arguments as keywords.

    `tries`: how often it is tried in all where it fails; 1 where trying again could do harm or helps nobody.
    `limit_s`: how long one try may last, in seconds.
    """

    name: str
    title: str
    target: str
    tries: int = 1
    limit_s: int = 3600


class Recurring(NamedTuple):
    """A job that runs by itself: every day at `at` ("03:15", in the shop's time zone), or every `every_s` seconds.

    `at` may name an option instead ("backups.at"), whose value is such a time; an empty value means never.
    `only_if` names a function `(site, *, now) -> bool` that is asked first: a cheap look whether there is anything to
    do spares a job that does nothing.
    """

    job: str
    at: str = ""
    every_s: int = 0
    only_if: str = ""


class List(NamedTuple):
    """One list that can be looked at and downloaded: `target` is `module:NAME` of a `rattail.web.listing.Listing`."""

    name: str
    target: str
    needs: str


class RowFiles(NamedTuple):
    """The files that rows of a table name. A plain copy of the folder may lack some, and whoever restores it is told.

    `table` is the database's own name of it; `path` is the logical path of a row's file, with columns in braces:
    "data/own/{number:08d}/{file_name}". `only` is a column and the value that a row has there, where not all name one.
    """

    table: str
    path: str
    only: tuple[str, str] | None = None


class Feature(NamedTuple):
    """A feature's declaration, cheap to import: names and dotted strings, nothing that runs.

    `checks` are dotted names of functions that take a `rattail.appdir.inspect.Looking` and yield
    findings. `tables` are titles of settings tables other than the feature's own. `apps` are the
    packages with `models` and `migrations` (Django apps). `middleware` are dotted names of Django
    middleware; their order among features means nothing. `access` is the dotted name of the function that knows who
    sends a request (`rattail.web.access`). `templates` and `static` in a feature's package are found by themselves.
    """

    name: str
    title: str
    folders: tuple[Folder, ...] = ()
    files: tuple[AppFile, ...] = ()
    options: tuple[Option, ...] = ()
    checks: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    tables: tuple[tuple[str, str], ...] = ()
    apps: tuple[str, ...] = ()
    row_files: tuple[RowFiles, ...] = ()
    permissions: tuple[Permission, ...] = ()
    pages: tuple[Page, ...] = ()
    lists: tuple[List, ...] = ()
    jobs: tuple[JobKind, ...] = ()
    recurring: tuple[Recurring, ...] = ()
    middleware: tuple[str, ...] = ()
    access: str = ""
