"""What templates declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.feature import Feature

FEATURE = Feature(
    name="templates",
    title="Templates",
    folders=(Folder("data/templates", "the shop's own templates, looked up first", Keep.ESSENTIAL, relocatable=True),),
)
