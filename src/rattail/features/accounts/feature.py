"""What accounts declare."""

from rattail.config.option import Option
from rattail.feature import FORM, POST, PUBLIC, SIGNED_IN, Command, Feature, Page, Permission

_HERE = "rattail.features.accounts"

FEATURE = Feature(
    name="accounts",
    title="Accounts",
    apps=(_HERE,),
    access=f"{_HERE}.access:person_of",
    options=(
        Option(
            name="lock_after_tries",
            kind="integer",
            help="After how many wrong passwords in a row a name has to wait before the next try.",
            default=5,
            minimum=3,
            maximum=100,
            takes_effect="at restart",
        ),
        Option(
            name="lock_minutes",
            kind="integer",
            unit="minutes",
            help="The longest wait after wrong passwords; the first one is a minute, and each further one doubles it.",
            default=15,
            minimum=1,
            maximum=1440,
            takes_effect="at restart",
        ),
        Option(
            name="least_password_length",
            kind="integer",
            unit="letters",
            help="How long a password has to be at least.",
            default=10,
            minimum=8,
            maximum=64,
            takes_effect="at restart",
        ),
    ),
    permissions=(
        Permission("accounts.view", "See who may log in and what they may"),
        Permission("accounts.configure", "Make users and roles, and say who may what"),
        Permission("accounts.audit", "See who did what to which record"),
    ),
    pages=(
        Page("login/", "accounts.login", f"{_HERE}.views.entrance:login", PUBLIC, FORM, is_own=True),
        Page("logout/", "accounts.logout", f"{_HERE}.views.entrance:logout", SIGNED_IN, POST, is_own=True),
        Page("me/", "accounts.own", f"{_HERE}.views.own:own", SIGNED_IN, FORM, is_own=True),
        Page("me/password/", "accounts.password", f"{_HERE}.views.own:password", SIGNED_IN, FORM, is_own=True),
        Page(
            "me/sessions/end/",
            "accounts.end_session",
            f"{_HERE}.views.own:end_session",
            SIGNED_IN,
            POST,
            is_own=True,
        ),
        Page(
            "me/sessions/end-all/",
            "accounts.end_sessions",
            f"{_HERE}.views.own:end_sessions",
            SIGNED_IN,
            POST,
            is_own=True,
        ),
    ),
    commands=(Command("make-user", "Make somebody who may log in.", f"{_HERE}.cli.users:make_user"),),
)
