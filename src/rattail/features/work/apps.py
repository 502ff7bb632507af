"""Work files as a Django app."""

from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "rattail.features.work"
    label = "work"
    verbose_name = "Work files"
