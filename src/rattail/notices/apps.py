"""Notices as a Django app."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "rattail.notices"
    label = "notices"
    verbose_name = "Notices"
