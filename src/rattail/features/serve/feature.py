"""What serving declares."""

from rattail.config.option import Option
from rattail.feature import PUBLIC, Command, Feature, Page

_CLI = "rattail.features.serve.cli"

FEATURE = Feature(
    name="serve",
    title="Web server and workers",
    options=(
        Option(
            name="public_url",
            table="web",
            kind="site address",
            help="The address under which people reach the web app, such as 'https://office.example.org'. Empty: it "
            "can be reached from this machine only.",
            takes_effect="at restart",
        ),
        Option(
            name="address",
            table="web",
            help="The address on which the web server listens.",
            default="127.0.0.1",
            takes_effect="at restart",
        ),
        Option(
            name="port",
            table="web",
            kind="integer",
            help="The port on which the web server listens.",
            default=8700,
            minimum=1,
            maximum=65535,
            takes_effect="at restart",
        ),
        Option(
            name="processes",
            table="web",
            kind="integer",
            help="How many processes answer requests.",
            default=2,
            minimum=1,
            maximum=64,
            takes_effect="at restart",
        ),
        Option(
            name="threads",
            table="web",
            kind="integer",
            help="How many requests each of them answers at once.",
            default=16,
            minimum=1,
            maximum=64,
            takes_effect="at restart",
        ),
    ),
    tables=(("web", "The web application"),),
    commands=(
        Command(
            "setup",
            "Make everything that a shop needs to begin, in one go.",
            "rattail.entry.setup:setup",
            group="First hour",
        ),
        Command("serve", "Run the web application and the workers.", f"{_CLI}.serve:serve"),
        Command("make-units", "Write systemd units, timers and a proxy's configuration.", f"{_CLI}.units:make_units"),
        Command("note-failure", "Have people told that a systemd unit failed.", f"{_CLI}.units:note_failure"),
    ),
    pages=(
        Page("healthz", "serve.alive", "rattail.features.serve.health:alive", PUBLIC, for_machines=True),
        Page("readyz", "serve.ready", "rattail.features.serve.health:ready", PUBLIC, for_machines=True),
    ),
)
