"""The audit trail as a Django app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "rattail.audit"
    label = "audit"
    verbose_name = "Audit trail"
