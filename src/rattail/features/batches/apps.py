"""Batches as a Django app."""

from django.apps import AppConfig


class BatchesConfig(AppConfig):
    name = "rattail.features.batches"
    label = "batches"
    verbose_name = "Batches"
