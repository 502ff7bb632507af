"""What home declares."""

from rattail.feature import POST, SIGNED_IN, Feature, JobKind, List, Page, Permission, Recurring

_HERE = "rattail.features.home"

FEATURE = Feature(
    name="home",
    title="Home",
    apps=(_HERE,),
    permissions=(
        Permission(
            "home.details", "See whether the shop is well, and what is in the app folder", is_for_all_stores=True
        ),
        Permission("home.log", "Read the logs", is_for_all_stores=True),
    ),
    pages=(
        Page("", "home.home", f"{_HERE}.views:home", SIGNED_IN, menu="Home", order=0),
        Page("look/", "home.look", f"{_HERE}.views:look", "home.details", POST),
        Page("app-folder/", "home.appdir", f"{_HERE}.appdir:appdir", "home.details", menu="App folder", order=810),
        Page("log/", "home.log", f"{_HERE}.log:log", "home.log", menu="Log", order=820),
    ),
    lists=(
        List("home.folders", f"{_HERE}.appdir:FOLDERS", "home.details"),
        List("home.log", f"{_HERE}.log:LOG", "home.log"),
    ),
    jobs=(
        JobKind("home.measure", "Measure the app folder", f"{_HERE}.looking:measure", tries=2, limit_s=3 * 3600),
        JobKind("home.check", "Check the app folder", f"{_HERE}.looking:check", tries=2),
        JobKind("home.errors", "Look for errors in the logs", f"{_HERE}.looking:read_errors", tries=2),
    ),
    recurring=(
        Recurring("home.measure", every_s=3600),
        Recurring("home.check", every_s=3600),
        Recurring("home.errors", every_s=600),
    ),
)
