"""Commands on ground of their own, to be struck: what each of them does, and what has to hold whatever fails.

After a strike no backup that is listed as good is bad, and what was there is exactly the old or exactly the new.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from rattail.appdir.names import CLEANING_PREFIX
from rattail.database.setup import DATABASE_FILE
from rattail.features.backups.archive.opened import open_archive
from rattail.features.backups.making.make import make_backup
from rattail.features.backups.making.readback import read_back
from rattail.features.backups.restoring.restore import restore
from rattail.features.backups.retention.prune import PrunePlan, plan_prune, prune
from rattail.features.backups.retention.rules import Rules
from rattail.features.backups.shelf.shelf import find_backup, leftovers, list_backups, remove_parts
from rattail.features.backups.shelf.state import Known, Look, State, write_known
from rattail.features.backups.targets.copying import CopyRequest, copy_backup
from rattail.registry import Registry
from tests.appdir.test_clean import Cleaning, old
from tests.faults.striking import Trial
from tests.features.backups.making.backing import NOW, request_of
from tests.features.backups.restoring.shelf import Shop, empty_shop, made_shop, make_app
from tests.features.backups.shelf.on_shelf import put
from tests.kit.faults import Ended, unstruck
from tests.kit.snapshot import Entry, snapshot
from tests.kit.warm import warm_up

_OF_NOBODY = ("-wal", "-shm", ".lock")
Content = dict[str, Entry]


class MakeTrial(Trial):
    """make-backup of a small folder with records in SQLite; one backup is there already."""

    records_file = DATABASE_FILE

    def __init__(self, base: Path, registry: Registry, *, size_bytes: int = 2 << 20, files: int = 12) -> None:
        warm_up(registry)
        self._root = self.make_shop(base / "shop", registry).app
        for number in range(files):
            (self._root / f"data/own/{number}.txt").write_text(f"{number}\n" * 50)
        (self._root / "data/own/big.bin").write_bytes(os.urandom(size_bytes))
        self._shelf = base / "backups"
        self._request = request_of(self._root, registry, target=self._shelf)
        self._first = make_backup(self._request._replace(now=NOW - timedelta(days=1))).path
        self._before = self._of_the_shop()

    def make_shop(self, path: Path, registry: Registry) -> Shop:
        return made_shop(path, registry)

    def act(self) -> object:
        return make_backup(self._request._replace(now=NOW + timedelta(seconds=self.runs)), progress=self.progress)

    def require_sound(self, ended: Ended) -> None:
        assert self._of_the_shop() == self._before
        backups = list_backups(str(self._shelf))
        assert backups[-1].path == self._first
        for one in backups:
            assert one.state is State.READ_BACK
            if one.path != self._first:
                assert read_back(one.path, scratch=str(self._shelf)).problem == ""
        if ended.how == "told":
            assert not list(self._shelf.glob("*.part"))

    def require_done(self) -> None:
        self.require_sound(Ended("quiet"))
        backups = list_backups(str(self._shelf))
        assert len(backups) > 1
        expected = {name for one in backups for name in (one.file_name, f"{one.file_name}.json")}
        assert set(os.listdir(self._shelf)) == {*expected, "backups.lock"}
        assert set(os.listdir(self._root / "data/database")) == {self.records_file, "records.json"}

    def reset(self) -> None:
        for one in list_backups(str(self._shelf)):
            if one.path != self._first:
                os.unlink(one.path)
                os.unlink(f"{one.path}.json")

    def _of_the_shop(self) -> Content:
        """But for the copy of the records, which a backup renews."""
        return {path: one for path, one in _content(self._root).items() if not path.startswith("data/database/")}


class RestoreTrial(Trial):
    """restore-backup into an environment: where no folder is, over one that changed since, or a part of it."""

    def __init__(
        self, base: Path, registry: Registry, *, over: bool = True, only: Sequence[str] = (), is_plain: bool = False
    ) -> None:
        warm_up(registry)
        self._shop = self.make_shop(base / "envs" / "poser", registry)
        archive = self._shop.backup(base / "backups")
        with open_archive(archive) as opened, opened.manifest() as (_, entries):
            held = {entry.path for entry in entries} | {".", f"data/{DATABASE_FILE}"}
        self._source = str(base / "copy") if is_plain else archive
        if is_plain:
            shutil.copytree(self._shop.app, self._source, symlinks=True)
        self._give_python()
        self.change()
        self._pristine = base / "pristine"
        shutil.copytree(self._shop.app, self._pristine, symlinks=True)
        if not over:
            shutil.rmtree(self._shop.app)
            self._pristine = base / "none"
        self._only = tuple(only)
        self.reset()
        self._old = _content(self._shop.app)
        ended = unstruck(self.act)
        assert ended.how == "quiet", ended
        self._new = _content(self._shop.app)
        assert self._new != self._old
        # The application completes what was restored: folders for scratch, its lock.
        self._held = {path: one for path, one in self._new.items() if path in held or self._only}
        self.reset()

    def _give_python(self) -> None:
        """The environment has its own interpreter: it is asked, and it starts quickly (see `tests.kit.warm`)."""
        (self._shop.environment / "bin").mkdir()
        (self._shop.environment / "bin/python").symlink_to(sys.executable)

    def make_shop(self, path: Path, registry: Registry) -> Shop:
        return made_shop(path, registry)

    def change(self) -> None:
        """What happened in the shop since the backup."""
        own = self._shop.app / "data/own"
        (own / "notes.txt").write_text("written since\n")
        (own / "more").mkdir()
        (own / "more/new.txt").write_text("new since\n")
        (own / "latest").unlink()

    def act(self) -> object:
        return restore(self._shop.request(self._source, only=self._only), progress=self.progress)

    @property
    def is_new(self) -> bool:
        return _is_between(_content(self._shop.app), self._held, self._new)

    def require_sound(self, ended: Ended) -> None:
        content = _content(self._shop.app)
        is_new = self.is_new
        assert content == self._old or is_new, _difference(content, self._old)
        if ended.how == "told" and not is_new and not ended.is_lasting:
            assert self._beside() == []
        if ended.how == "done":
            assert is_new

    def require_done(self) -> None:
        content = _content(self._shop.app)
        assert _same(content, self._new), _difference(content, self._new)
        kept = self._beside()
        assert all(name.startswith("app.before-") for name in kept), kept
        if self._old and not self._only:
            assert any(_content(self._shop.environment / name) == self._old for name in kept), kept

    def reset(self) -> None:
        for name in ["app", *self._beside()]:
            path = self._shop.environment / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if self._pristine.exists():
            shutil.copytree(self._pristine, self._shop.app, symlinks=True)

    def _beside(self) -> list[str]:
        return [name for name in self._shop.leftovers() if name not in ("bin", "app")]


class PruneTrial(Trial):
    """prune-backups on a shelf with good and damaged backups, and with what killed runs left."""

    _rules = Rules(1, 0, 0, 0, 0)

    def __init__(self, base: Path, registry: Registry, *, days: int = 6) -> None:
        warm_up(registry)
        self._shelf = base / "shelf"
        self._days = days
        self._kept: set[str] = set()
        self.reset()
        self._newest = self._names(is_kept=True)

    def act(self) -> object:
        return prune(self._plan())

    def _plan(self) -> PrunePlan:
        return plan_prune(str(self._shelf), app="shop", rules=self._rules, zone=ZoneInfo("UTC"))

    def _names(self, *, is_kept: bool) -> set[str]:
        return {one.backup.file_name for one in self._plan().decisions if one.is_kept is is_kept}

    def require_sound(self, ended: Ended) -> None:
        backups = list_backups(str(self._shelf))
        assert self._newest <= {one.file_name for one in backups}
        for one in backups:
            damaged = one.made_at < NOW and (NOW - one.made_at).days % 3 == 1
            assert one.state is (State.DAMAGED if damaged else State.READ_BACK), one

    def require_done(self) -> None:
        self.require_sound(Ended("quiet"))
        expected = {name for kept in self._newest for name in (kept, f"{kept}.json")}
        assert set(os.listdir(self._shelf)) == {*expected, "backups.lock"}

    def reset(self) -> None:
        shutil.rmtree(self._shelf, ignore_errors=True)
        for days in range(self._days):
            problem = "a byte differs" if days % 3 == 1 else ""
            put(self._shelf, NOW - timedelta(days=days), known=Known(read_back=Look(NOW, problem)))
        for name in ("shop-20261101T000000Z.tar.part", "shop-20261101T000000Z.tar.json", ".tmp-0123456789abcdef"):
            (self._shelf / name).write_text("left")


class CopyTrial(Trial):
    """copy-backup to a folder."""

    def __init__(self, base: Path, registry: Registry, *, size_bytes: int = 2 << 20) -> None:
        warm_up(registry)
        root = made_shop(base / "shop", registry).app
        (root / "data/own/big.bin").write_bytes(os.urandom(size_bytes))
        self._shelf, self._far = base / "backups", base / "far"
        self._path = make_backup(request_of(root, registry, target=self._shelf)).path
        self._content = Path(self._path).read_bytes()
        self.reset()

    def act(self) -> object:
        backup = find_backup(str(self._shelf), "newest")
        (made,) = copy_backup(CopyRequest(backup, str(self._shelf), (str(self._far),), "", os.environ, NOW))
        if made.error is not None:
            raise made.error
        return made

    def require_sound(self, ended: Ended) -> None:
        (own,) = list_backups(str(self._shelf))
        assert own.state is State.READ_BACK
        copy = own.known.copies.get(str(self._far))
        there = list_backups(str(self._far))
        if ended.how in ("quiet", "done"):
            assert copy is not None
            assert copy.problem == ""
        if copy is not None and not copy.problem:
            assert there
        for one in there:
            assert Path(one.path).read_bytes() == self._content

    def require_done(self) -> None:
        self.require_sound(Ended("quiet"))
        name = os.path.basename(self._path)
        left = [path for path in self._far.iterdir() if path.name.startswith(".tmp-")]
        if left:
            for path in left:
                os.utime(path, (0, 0))
            assert unstruck(self.act).how == "quiet"  # the next copy, an hour later
        assert set(os.listdir(self._far)) == {name, f"{name}.json"}
        more = set(os.listdir(self._shelf)) - {name, f"{name}.json", "backups.lock"}
        assert more == set(leftovers(str(self._shelf))), more  # which make-backup and prune-backups remove
        (there,) = list_backups(str(self._far))
        assert there.state is State.READ_BACK

    def reset(self) -> None:
        remove_parts(str(self._shelf))
        shutil.rmtree(self._far, ignore_errors=True)
        self._far.mkdir()
        known = list_backups(str(self._shelf))[0].known
        write_known(self._path, known._replace(copies={}))


class CleanTrial(Trial):
    """clean-appdir: only what is old goes."""

    _old = (
        "work/csv/a",
        "work/csv/sub/b",
        "work/csv/sub/deep/c",
        "log/old.log",
        "data/templates/.tmp-0123456789abcdef",
    )
    _stays = ("work/csv/new", "data/templates/letter.txt", "own/thing")

    def __init__(self, base: Path, registry: Registry) -> None:
        self._root = base / "shop" / "app"
        make_app(empty_shop(self._root.parent, registry))
        for path in self._stays:
            old(self._root / path, days=0 if "new" in path else 100)
        self._cleaning = Cleaning(self._root, registry)
        self.reset()
        self._before = self._others()

    def act(self) -> object:
        return self._cleaning.clean()

    def require_sound(self, ended: Ended) -> None:
        assert self._others() == self._before
        there = [path for path in self._old if (self._root / path).exists()]
        if ended.how == "told":
            assert there

    def require_done(self) -> None:
        self.require_sound(Ended("quiet"))
        assert not any((self._root / path).exists() for path in self._old)
        assert not list(self._root.rglob(f"{CLEANING_PREFIX}*"))

    def reset(self) -> None:
        for path in self._old:
            old(self._root / path)

    def _others(self) -> Content:
        return {
            path: one
            for path, one in _content(self._root).items()
            if path not in self._old and CLEANING_PREFIX not in path and path != "work/csv/sub/deep"
        }


def _content(root: Path) -> Content:
    """What is in a folder: of folders not the time, which changes with what is put into them for a moment."""
    if not root.exists():
        return {}
    return {
        path: one._replace(mtime_ns=0) if stat.S_ISDIR(one.mode) else one
        for path, one in snapshot(root).items()
        if not path.endswith(_OF_NOBODY)
    }


def _same(one: Content, other: Content) -> bool:
    """Whether they are the same but for times: the application makes some files anew."""
    return _timeless(one) == _timeless(other)


def _is_between(content: Content, least: Content, most: Content) -> bool:
    return _timeless(least).items() <= _timeless(content).items() <= _timeless(most).items()


def _timeless(content: Content) -> Content:
    return {path: one._replace(mtime_ns=0) for path, one in content.items()}


def _difference(one: Content, other: Content) -> str:
    paths = [path for path in one.keys() | other if one.get(path) != other.get(path)]
    return str({path: (one.get(path), other.get(path)) for path in paths})


#: Every command that is struck, by what it is called here.
TRIALS: Mapping[str, Callable[[Path, Registry], Trial]] = {
    "make a backup": MakeTrial,
    "restore where nothing is": partial(RestoreTrial, over=False),
    "restore over": partial(RestoreTrial, over=True),
    "restore a part": partial(RestoreTrial, over=True, only=("data/own",)),
    "restore a plain copy": partial(RestoreTrial, over=True, is_plain=True),
    "prune": PruneTrial,
    "copy": CopyTrial,
    "clean": CleanTrial,
}
