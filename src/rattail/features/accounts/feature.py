"""What accounts declare."""

from rattail.config.option import Option
from rattail.feature import FORM, POST, PUBLIC, SIGNED_IN, Command, Feature, List, Page, Permission

_HERE = "rattail.features.accounts"
_CLI = f"{_HERE}.cli.users"
_USERS = f"{_HERE}.views.users"
_ROLES = f"{_HERE}.views.roles"
_VIEW = "accounts.view"
_CONFIGURE = "accounts.configure"
_AUDIT = "accounts.audit"

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
        Permission(_VIEW, "See who may log in and what they may"),
        Permission(_CONFIGURE, "Make users and roles, and say who may what"),
        Permission(_AUDIT, "See who did what to which record", is_for_all_stores=True),
    ),
    pages=(
        Page("login/", "accounts.login", f"{_HERE}.views.entrance:login", PUBLIC, FORM, is_own=True),
        Page("logout/", "accounts.logout", f"{_HERE}.views.entrance:logout", SIGNED_IN, POST, is_own=True),
        Page("me/", "accounts.own", f"{_HERE}.views.own:own", SIGNED_IN, FORM, is_own=True),
        Page("me/password/", "accounts.password", f"{_HERE}.views.own:password", SIGNED_IN, FORM, is_own=True),
        Page(
            "me/sessions/end/", "accounts.end_session", f"{_HERE}.views.own:end_session", SIGNED_IN, POST, is_own=True
        ),
        Page(
            "me/sessions/end-all/",
            "accounts.end_sessions",
            f"{_HERE}.views.own:end_sessions",
            SIGNED_IN,
            POST,
            is_own=True,
        ),
        Page("accounts/", "accounts.users", f"{_USERS}:users", _VIEW, menu="Accounts", order=810),
        Page("accounts/new/", "accounts.new_user", f"{_USERS}:new", _CONFIGURE, FORM),
        Page("accounts/users/<str:name>/", "accounts.user", f"{_USERS}:user", _VIEW),
        Page("accounts/users/<str:name>/change/", "accounts.change", f"{_USERS}:change", _CONFIGURE, POST),
        Page(
            "accounts/users/<str:name>/password/",
            "accounts.first_password",
            f"{_USERS}:first_password",
            _CONFIGURE,
            POST,
        ),
        Page("accounts/users/<str:name>/disable/", "accounts.disable", f"{_USERS}:disable", _CONFIGURE, FORM),
        Page("accounts/users/<str:name>/enable/", "accounts.enable", f"{_USERS}:enable", _CONFIGURE, POST),
        Page("accounts/users/<str:name>/log-out/", "accounts.log_out", f"{_USERS}:log_out", _CONFIGURE, POST),
        Page("accounts/users/<str:name>/give/", "accounts.give", f"{_USERS}:give", _CONFIGURE, POST),
        Page("accounts/users/<str:name>/take/", "accounts.take", f"{_USERS}:take", _CONFIGURE, POST),
        Page("accounts/roles/", "accounts.roles", f"{_ROLES}:roles", _VIEW),
        Page("accounts/roles/new/", "accounts.new_role", f"{_ROLES}:new", _CONFIGURE, FORM),
        Page("accounts/roles/<int:number>/", "accounts.role", f"{_ROLES}:role", _CONFIGURE, FORM),
        Page("accounts/roles/<int:number>/delete/", "accounts.delete_role", f"{_ROLES}:delete", _CONFIGURE, FORM),
        Page("audit/", "accounts.audit", f"{_HERE}.views.trail:trail", _AUDIT, menu="Who did what", order=820),
    ),
    lists=(
        List("accounts.users", f"{_HERE}.listings:USERS", _VIEW),
        List("accounts.audit", f"{_HERE}.listings:DEEDS", _AUDIT),
    ),
    commands=(
        Command("make-user", "Make somebody who may log in.", f"{_CLI}:make_user"),
        Command("list-users", "List the people who may log in, and what they may.", f"{_CLI}:list_users"),
        Command("set-password", "Give somebody a new password; their sessions end.", f"{_CLI}:set_password"),
        Command("disable-user", "Let somebody in no more; their sessions end.", f"{_CLI}:disable_user"),
        Command("enable-user", "Let somebody in again who was disabled.", f"{_CLI}:enable_user"),
        Command("list-roles", "List the roles, and what each may.", f"{_HERE}.cli.roles:list_roles"),
        Command("give-role", "Give somebody a role.", f"{_HERE}.cli.roles:give_role"),
        Command("take-role", "Take a role from somebody.", f"{_HERE}.cli.roles:take_role"),
    ),
)
