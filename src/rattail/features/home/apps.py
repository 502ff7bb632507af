"""Home as a Django app."""

from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "rattail.features.home"
    label = "home"
    verbose_name = "Home"
