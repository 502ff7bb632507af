"""Sessions as a Django app."""

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "rattail.features.sessions"
    label = "sessions"
    verbose_name = "Sessions"
