"""Accounts as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "rattail.features.accounts"
    label = "accounts"
    verbose_name = "Accounts"
