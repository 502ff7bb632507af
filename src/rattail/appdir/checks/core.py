"""The checks of the folder itself, in the order in which they run."""

from rattail.appdir.checks.disk import check_disks, check_folders_above
from rattail.appdir.checks.files import check_files
from rattail.appdir.checks.folders import check_folders
from rattail.appdir.checks.lock import check_lock
from rattail.appdir.checks.marker import check_marker
from rattail.appdir.checks.relocations import check_relocations
from rattail.appdir.checks.tree import check_tree
from rattail.appdir.inspect import Check

_CHECKS: tuple[Check, ...] = (
    check_marker,
    check_folders,
    check_relocations,
    check_files,
    check_lock,
    check_disks,
    check_folders_above,
    check_tree,
)


def core_checks() -> tuple[tuple[str, Check], ...]:
    """The checks by name."""
    return tuple((check.__name__, check) for check in _CHECKS)
