"""The records as a Django app."""

from django.apps import AppConfig


class RetailConfig(AppConfig):
    name = "rattail.retail"
    label = "retail"
    verbose_name = "Records"
