"""What mail declares."""

from rattail.config.option import Option
from rattail.feature import Feature

FEATURE = Feature(
    name="mail",
    title="Mail",
    options=(
        Option(name="host", help="The mail server that messages are handed to; empty: no mail is sent."),
        Option(name="port", kind="integer", help="The mail server's port.", default=587, minimum=1, maximum=65535),
        Option(
            name="tls",
            help="How the connection is protected.",
            default="starttls",
            choices=("starttls", "tls", "none"),
        ),
        Option(name="user", help="The user at the mail server; empty: none is needed."),
        Option(name="password", help="The password at the mail server.", is_secret=True),
        Option(name="from", help="The sender's address."),
        Option(name="to", kind="list", help="Who gets the app's own messages, addresses.", default=()),
    ),
)
