"""Who may log in, and what they may."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class User(AbstractBaseUser):
    """One person. Raising `session_epoch` ends every session of theirs at once. Names are in small letters."""

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


class Role(models.Model):
    """A role that a shop made for itself: the names of its permissions.

    A permission that no installed feature declares is kept: the extension may come back. Ready roles are no rows;
    `rattail.features.accounts.roles` computes them.
    """

    name = models.CharField(max_length=50, unique=True)
    permissions = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """A role of somebody, in the store of this code or, where that is empty, in all.

    Either `ready_role` is the name of a ready role, or `own_role` one that the shop made.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="assignments")
    ready_role = models.CharField(max_length=50, blank=True, default="")
    own_role = models.ForeignKey(Role, null=True, on_delete=models.CASCADE, related_name="assignments")
    store = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user", "ready_role", "store"],
                name="accounts_ready_role_once",
                condition=models.Q(own_role__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["user", "own_role", "store"],
                name="accounts_own_role_once",
                condition=models.Q(own_role__isnull=False),
            ),
            models.CheckConstraint(
                name="accounts_one_kind_of_role",
                condition=models.Q(own_role__isnull=True, ready_role__gt="")
                | models.Q(own_role__isnull=False, ready_role=""),
            ),
        ]


class Tries(models.Model):
    """How often somebody tried to log in, of late: under one name, or from one address.

    `key` says which, as a fingerprint: people type passwords where names belong.
    """

    key = models.CharField(max_length=80, unique=True)
    count = models.IntegerField(default=0)
    since = models.DateTimeField()
    last_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["last_at"], name="accounts_tries_age")]
