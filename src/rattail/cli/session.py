"""What every command needs to know: which app folder, which settings, who acts."""

from __future__ import annotations

import os
import sys
from functools import cached_property

from rattail.appdir.layout import Place
from rattail.appdir.locate import Located, locate_appdir
from rattail.appdir.marker import Marker, require_marker
from rattail.appdir.owner import act_as, owner_of
from rattail.appdir.refusal import shown
from rattail.cli.console import Console
from rattail.config.load import Settings, load_settings
from rattail.registry import Registry


class Session:
    """One run of one command. Everything in it is looked up when first asked for."""

    def __init__(self, registry: Registry, console: Console, verb: str, given_appdir: str | None) -> None:
        self.registry = registry
        self.console = console
        self.verb = verb
        self.given_appdir = given_appdir
        self.flag = "--appdir"

    @cached_property
    def located(self) -> Located:
        located = locate_appdir(self.given_appdir, flag=self.flag, environ=os.environ)
        if self.console.is_verbose:
            self.console.say(f"app folder: {shown(located.root)}, {located.reason}")
        return located

    @property
    def root(self) -> str:
        return self.located.root

    @cached_property
    def settings(self) -> Settings:
        return load_settings(self.registry.options, root=self.root, environ=os.environ)

    @cached_property
    def marker(self) -> Marker:
        return require_marker(self.root)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where every folder lies; asks for sound settings and a folder with a marker."""
        relocations = self.settings.require_sound().relocations(self.root)
        return self.registry.layout.place(self.root, relocations, app_id=self.marker.app_id)

    def act_as_owner(self) -> None:
        """Go on as the owner of the app folder, or refuse; nothing to do where there is no folder."""
        owner = owner_of(self.root)
        if owner is not None and act_as(owner, root=self.root, command_line=self.command_line):
            self.console.say(f"going on as {owner}, whose folder this is") if self.console.is_verbose else None

    @property
    def program(self) -> list[str]:
        """How this program is called from anywhere: for hints that can be pasted."""
        name = sys.argv[0]
        if name.endswith("__main__.py"):
            return [sys.executable, "-m", "rattail"]
        return [os.path.abspath(name) if os.sep in name else name]

    @property
    def command_line(self) -> list[str]:
        """What the person typed, with the program's full path."""
        return [*self.program, *sys.argv[1:]]

    @property
    def appdir_words(self) -> list[str]:
        """The words that make another command work on this same app folder."""
        return [] if self.located.is_default else ["--appdir", self.root]
