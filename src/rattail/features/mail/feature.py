"""What mail declares."""

from rattail.config.option import Option
from rattail.feature import POST, Command, Feature, JobKind, Page, Permission, Recurring

_JOBS = "rattail.features.mail.jobs"
_VIEWS = "rattail.features.mail.views"

FEATURE = Feature(
    name="mail",
    title="Mail",
    checks=("rattail.features.mail.checks:check_mail",),
    commands=(
        Command(
            "send-test-mail",
            "Send a mail now, and say what the mail server says.",
            "rattail.features.mail.cli:send_test_mail",
        ),
    ),
    permissions=(
        Permission("mail.configure", "See how mail is configured, and send a test mail", is_for_all_stores=True),
    ),
    pages=(
        Page("mail/", "mail.overview", f"{_VIEWS}:overview", "mail.configure", menu="Mail", order=830),
        Page("mail/test/", "mail.test", f"{_VIEWS}:test_mail", "mail.configure", methods=POST),
    ),
    jobs=(
        JobKind("mail.send", "Tell people what happened", f"{_JOBS}:send", limit_s=900),
        JobKind("mail.test", "Send a test mail", f"{_JOBS}:send_test", limit_s=300),
        JobKind("mail.watch", "Look at the disks and for faults", f"{_JOBS}:watch", limit_s=300),
        JobKind("mail.check", "Check the app folder and the age of the backup", f"{_JOBS}:check", limit_s=1800),
        JobKind("mail.digest", "Write the daily digest", f"{_JOBS}:write_digest", tries=3, limit_s=300),
    ),
    recurring=(
        Recurring("mail.send", every_s=60, only_if="rattail.features.mail.jobs:is_something_to_send"),
        Recurring("mail.watch", every_s=900),
        Recurring("mail.check", at="05:30"),
        Recurring("mail.digest", at="mail.digest_at"),
    ),
    options=(
        Option(name="host", help="The mail server that messages are handed to; empty: no mail is sent."),
        Option(name="port", kind="integer", help="The mail server's port.", default=587, minimum=1, maximum=65535),
        Option(
            name="tls",
            help="How the connection is protected.",
            default="starttls",
            choices=("starttls", "tls", "none"),
        ),
        Option(
            name="ca_file",
            help="A file with the certificate to trust, where the mail server has one that it made itself; a relative "
            "name is in the app folder. Empty: the certificates that this machine trusts.",
        ),
        Option(name="user", help="The user at the mail server; empty: none is needed."),
        Option(name="password", help="The password at the mail server.", is_secret=True),
        Option(name="from", help="The sender's address."),
        Option(name="to", kind="list", help="Who gets the app's own messages, addresses.", default=()),
        Option(
            name="fold_minutes",
            kind="integer",
            unit="minutes",
            help="For how long something is only counted when it happens again after it was told.",
            default=60,
            minimum=0,
            maximum=10080,
        ),
        Option(
            name="keep_days",
            kind="integer",
            unit="days",
            help="How long messages are kept in the records, told or not.",
            default=90,
            minimum=1,
        ),
        Option(
            name="digest_at",
            help="When the daily digest is sent, in the shop's time zone; empty: never.",
            kind="time of day",
            default="07:00",
            takes_effect="at restart",
        ),
        Option(
            name="digest_quiet",
            kind="boolean",
            help="Whether the digest is left out on a day after which all is well.",
            default=False,
        ),
        Option(
            name="warn_no_backup_days",
            kind="integer",
            unit="days",
            help="After how many days without a proven backup somebody is told; 0: never.",
            default=7,
            minimum=0,
        ),
        Option(
            name="on_failure_command",
            kind="list",
            help="A program and its arguments that is run when something failed; it gets what happened as JSON.",
            default=(),
        ),
        Option(
            name="on_failure_url",
            help="An address, https://, that is called (POST, JSON) when something failed.",
        ),
    ),
)
