"""What every command needs to know: which app folder, which settings, who acts."""

from __future__ import annotations

import os
import sys
from functools import cached_property

from rattail.appdir.layout import Place
from rattail.appdir.locate import ENVIRONMENT_VARIABLE, Located, locate_appdir
from rattail.appdir.marker import Marker, require_marker
from rattail.appdir.owner import act_as, owner_of
from rattail.appdir.refusal import shown
from rattail.cli.console import Console, program_words
from rattail.config.load import Settings, load_settings
from rattail.errors import RattailError
from rattail.registry import Registry

_OPTIONS_WITH_A_PATH = ("--appdir", "--path", "--adopt", "--output")


class Session:
    """One run of one command. Everything in it is looked up when first asked for."""

    def __init__(self, registry: Registry, console: Console, verb: str, given_appdir: str | None) -> None:
        self.registry = registry
        self.console = console
        self.verb = verb
        self.given_appdir = given_appdir
        self.flag = "--appdir"
        self._has_database = False
        self._typed_by = os.geteuid()  # before root goes on as the owner

    @cached_property
    def located(self) -> Located:
        located = locate_appdir(self.given_appdir, flag=self.flag, environ=os.environ)
        self.console.root_to_name = "" if located.is_default else located.root
        if self.console.is_verbose:
            self.console.say(f"app folder: {shown(located.root)}, {located.reason}")
        return located

    @property
    def root(self) -> str:
        return self.located.root

    @cached_property
    def settings(self) -> Settings:
        settings = load_settings(self.registry.options, root=self.root, environ=os.environ)
        for text in settings.strangers:
            self.console.say(text, level="warning")
        return settings

    @cached_property
    def marker(self) -> Marker:
        return require_marker(self.root)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where every folder lies; asks for sound settings and a folder with a marker."""
        relocations = self.settings.require_sound().relocations(self.root)
        return self.registry.layout.place(self.root, relocations, app_id=self.marker.app_id)

    def open_database(self, *, may_create: bool = False) -> None:
        """Connect to the records, whatever the age of their tables.

        Raises:
            LayoutOutdated: there is no database file yet, and none may be created.
        """
        from rattail.database.setup import connect, open_django, require_file, whereabouts

        settings = self.settings.require_sound()
        folders = {place.path: place.location for place in self.places}
        where = whereabouts(
            data_folder=folders["data"], url=settings.text("database.url"), password=settings.text("database.password")
        )
        require_file(where, may_create=may_create)
        self._has_database = True
        open_django(where, apps=self.registry.apps, time_zone=settings.text("app.time_zone"))
        connect()

    def open_records(self) -> None:
        """Connect to the records and make sure that their tables are those of this code.

        Raises:
            DatabaseUnreachable: the database does not answer.
            LayoutOutdated: `migrate-db` has not been run.
        """
        from rattail.database.migrate import require_migrated

        self.open_database()
        require_migrated(self.registry.apps)

    def refused_by_database(self, error: Exception) -> RattailError | None:
        """What a database refused for the outside world's sake, as a sentence; None for everything else."""
        if not self._has_database:
            return None
        from rattail.database.refused import in_sentences

        try:
            with in_sentences():
                raise error
        except RattailError as told:
            return told
        except Exception:  # noqa: BLE001 - a fault of ours, which the caller shows
            return None

    def close(self) -> None:
        """Let go of the database, so that SQLite can tidy its files up."""
        if self._has_database:
            from django.db import connections

            connections.close_all()

    @property
    def actor(self) -> str:
        """Who acts, as the records remember it: `os:alice`."""
        from rattail.appdir.refusal import user_name

        return f"os:{user_name(self._typed_by)}"

    def act_as_owner(self) -> None:
        """Go on as the owner of the app folder, or refuse; nothing to do where there is no folder."""
        owner = owner_of(self.root)
        if owner is not None and act_as(owner, root=self.root, command_line=self.command_line):
            self.console.say(f"going on as {owner}, whose folder this is") if self.console.is_verbose else None

    @property
    def program(self) -> list[str]:
        """How this program is called from anywhere: for hints that can be pasted."""
        return program_words()

    @property
    def command_line(self) -> list[str]:
        """What the person typed, such that it means the same for another user and in another folder."""
        words = sys.argv[1:]
        for index, word in enumerate(words):
            if index and words[index - 1] in _OPTIONS_WITH_A_PATH and not word.startswith("-"):
                words[index] = os.path.abspath(word)
        if self.given_appdir is None and ENVIRONMENT_VARIABLE in os.environ:
            words += ["--appdir", self.root]  # sudo does not pass variables on
        return [*self.program, *words]

    def hint_line(self, *words: str) -> str:
        """A command on this same app folder, as a line that can be pasted."""
        from rattail.appdir.hints import pasted_line

        return pasted_line(*self.program, *words, *self.appdir_words)

    @property
    def appdir_words(self) -> list[str]:
        """The words that make another command work on this same app folder."""
        return [] if self.located.is_default else ["--appdir", self.root]
