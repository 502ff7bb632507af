"""Jobs as a Django app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "rattail.jobs"
    label = "jobs"
    verbose_name = "Jobs"
