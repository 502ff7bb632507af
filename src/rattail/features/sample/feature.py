"""What the sample shop declares."""

from rattail.feature import Command, Feature

FEATURE = Feature(
    name="sample",
    title="Sample shop",
    commands=(
        Command(
            "make-sample",
            "Fill an empty store with a generated shop, and write sample vendor files.",
            "rattail.features.sample.cli:make_sample",
        ),
    ),
)
