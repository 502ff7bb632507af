"""Who may log in. The table is in the very first migration, so that everything later can build on it."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class User(AbstractBaseUser):
    """One person. Raising `session_epoch` ends every session of theirs at once."""

    name = models.CharField(max_length=50, unique=True)
    display_name = models.CharField(max_length=100, blank=True, default="")
    email = models.EmailField(blank=True, default="")
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=True)
    session_epoch = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "name"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = BaseUserManager()

    def __str__(self) -> str:
        return self.name
