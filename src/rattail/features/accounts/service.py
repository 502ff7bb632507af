"""What is done to people's accounts. Every change is in the audit trail, and never a password.

`actor` is who does it, as text. `by` is the same person where he comes through the browser: then nothing can be done
to somebody who may more than he; without `by` the owner of the app folder acts, who may everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from rattail.audit.trail import record
from rattail.errors import InputRejected, NoSuchThing, NotAllowed, WouldOverwrite
from rattail.features.accounts import passwords, tries
from rattail.features.accounts.models import Assignment, User
from rattail.features.accounts.names import checked_display_name, checked_email, checked_name, is_name, plain_name
from rattail.features.accounts.passwords import Rules
from rattail.features.accounts.roles import EVERYWHERE, MANAGER, Giver
from rattail.features.accounts.standing import (
    RoleFound,
    find_role,
    require_manager_left,
    require_power_over,
    require_store,
    require_within_reach,
)


def users_exist() -> bool:
    """Whether there is anybody who could log in."""
    return User.objects.filter(is_active=True).exists()


def find_user(name: str) -> User:
    """Somebody by the name they log in with, in large or small letters.

    Raises:
        NoSuchThing: there is nobody of that name.
    """
    user = User.objects.filter(name=plain_name(name)).first() if is_name(plain_name(name)) else None
    if user is None:
        raise NoSuchThing(f"there is no user {name[:50]!r}.", hint="see all of them: rattail list-users")
    return user


def make_user(
    *,
    name: str,
    password: str,
    actor: str,
    now: datetime,
    roles: Iterable[str] = (),
    store: str = EVERYWHERE,
    display_name: str = "",
    email: str = "",
    must_change: bool = True,
    rules: Rules = Rules(),  # noqa: B008 - a value
    by: Giver | None = None,
) -> User:
    """Make somebody who may log in. `roles` hold in the store of that code, or in all.

    `must_change`: the password is only for the first login, and has to be changed there.

    Raises:
        InputRejected: the name, the address or the password cannot be taken; or there is no role, where `by` manages
            the accounts of some stores only.
        WouldOverwrite: somebody has this name.
        NoSuchThing: there is no such role, or no such store.
        NotAllowed: `by` may not hand out one of the roles.
    """
    plain = checked_name(name)
    shown, address = checked_display_name(display_name), checked_email(email)
    rules.check(password, name=plain, display_name=shown, email=address)
    require_store(store)
    found = [find_role(role) for role in dict.fromkeys(roles)]
    _require_giving(by, found, store)
    if by is not None and not found and by.person.stores("accounts.configure") is not None:
        raise InputRejected(
            f"somebody new needs a role in store {store}: without one they would belong to no store that you manage.",
            hint="choose a role",
        )
    kept = passwords.hashed(password)
    details = {"roles": [role.name for role in found], "store": store}
    try:
        with transaction.atomic():
            user = User.objects.create(
                name=plain, display_name=shown, email=address, password=kept, must_change_password=must_change
            )
            for role in found:
                Assignment.objects.create(user=user, store=store, **role.fields)
            record("make user", f"user {plain}", actor=actor, now=now, details=details)
    except IntegrityError:
        raise WouldOverwrite(f"there is a user {plain!r} already.", hint=f"choose another name than {plain}") from None
    return user


def change_user(
    *, name: str, display_name: str, email: str, actor: str, now: datetime, by: Giver | None = None
) -> User:
    """Change what somebody is really called, and their address.

    Raises:
        NoSuchThing, InputRejected, NotAllowed: as for the others here.
    """
    user = find_user(name)
    if user.name != actor:
        require_power_over(by, user, doing="change this account")
    shown, address = checked_display_name(display_name), checked_email(email)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(display_name=shown, email=address)
        record("change user", f"user {user.name}", actor=actor, now=now, details={"display_name": shown})
    return user


def set_password(
    *,
    name: str,
    password: str,
    actor: str,
    now: datetime,
    must_change: bool = True,
    rules: Rules = Rules(),  # noqa: B008 - a value
    by: Giver | None = None,
) -> User:
    """Give somebody a new password; every session of theirs ends, and a name that had to wait need not any more.

    Raises:
        NoSuchThing: there is nobody of that name.
        InputRejected: the password cannot be taken.
        NotAllowed: that person may more than `by`.
    """
    user = find_user(name)
    require_power_over(by, user, doing="give this person a password")
    rules.check(password, name=user.name, display_name=user.display_name, email=user.email)
    kept = passwords.hashed(password)
    with transaction.atomic():
        _save_password(user, kept, must_change=must_change)
        record("set password", f"user {user.name}", actor=actor, now=now, details={"must_change": must_change})
    return user


def change_own_password(
    *,
    name: str,
    old: str,
    new: str,
    now: datetime,
    rules: Rules = Rules(),  # noqa: B008 - a value
) -> User:
    """Somebody changes the password he knows; all his sessions end.

    Raises:
        InputRejected: the old password is wrong, or the new one cannot be taken, or is the old one.
    """
    user = find_user(name)
    if not passwords.is_right(old, user.password):
        with transaction.atomic():
            record("change password refused", f"user {user.name}", actor=user.name, now=now)
        raise InputRejected("the present password is not right; nothing was changed.")
    if new == old:
        raise InputRejected("the new password is the present one; choose another.")
    rules.check(new, name=user.name, display_name=user.display_name, email=user.email)
    kept = passwords.hashed(new)
    with transaction.atomic():
        _save_password(user, kept, must_change=False)
        record("change password", f"user {user.name}", actor=user.name, now=now)
    return user


def disable_user(*, name: str, actor: str, now: datetime, by: Giver | None = None) -> bool:
    """Let somebody in no more; their sessions end at the next request. False where that was so already.

    Raises:
        NoSuchThing: there is nobody of that name.
        NotAllowed: it is oneself, the last manager, or somebody who may more than `by`.
    """
    user = find_user(name)
    if not user.is_active:
        return False
    if user.name == actor:
        raise NotAllowed("that is you: nobody disables himself.", hint="ask another manager to do it")
    require_power_over(by, user, doing="disable this person")
    with transaction.atomic():
        require_manager_left(user, doing="disabled")
        User.objects.filter(pk=user.pk).update(is_active=False)
        _end_sessions(user)
        record("disable user", f"user {user.name}", actor=actor, now=now)
    return True


def enable_user(*, name: str, actor: str, now: datetime, by: Giver | None = None) -> bool:
    """Let somebody in again who was disabled. False where that was so already.

    Raises:
        NoSuchThing: there is nobody of that name.
        NotAllowed: that person may more than `by`.
    """
    user = find_user(name)
    if user.is_active:
        return False
    require_power_over(by, user, doing="enable this person")
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=True)
        record("enable user", f"user {user.name}", actor=actor, now=now)
    return True


def log_out_everywhere(*, name: str, actor: str, now: datetime, by: Giver | None = None) -> User:
    """End every session of somebody, at the next request of each.

    Raises:
        NoSuchThing: there is nobody of that name.
        NotAllowed: that person may more than `by`.
    """
    user = find_user(name)
    if user.name != actor:
        require_power_over(by, user, doing="log this person out")
    with transaction.atomic():
        _end_sessions(user)
        record("log out everywhere", f"user {user.name}", actor=actor, now=now)
    return user


def assign_role(
    *, name: str, role: str, actor: str, now: datetime, store: str = EVERYWHERE, by: Giver | None = None
) -> bool:
    """Give somebody a role, in the store of that code or in all. False where they have it already.

    Raises:
        NoSuchThing: there is no such person, role or store.
        NotAllowed: the role may more than `by`, there; or that person is beyond his stores.
    """
    user, found = find_user(name), find_role(role)
    require_store(store)
    _require_giving(by, [found], store)
    if by is not None:
        require_within_reach(by, user)
    with transaction.atomic():
        _, is_new = Assignment.objects.get_or_create(user=user, store=store, **found.fields)
        if is_new:
            details = {"role": found.name, "store": store}
            record("give role", f"user {user.name}", actor=actor, now=now, details=details)
    return is_new


def withdraw_role(
    *, name: str, role: str, actor: str, now: datetime, store: str = EVERYWHERE, by: Giver | None = None
) -> bool:
    """Take a role from somebody, as it was given: in that store, or in all. False where they do not have it.

    Raises:
        NoSuchThing: there is no such person or role.
        NotAllowed: it would leave nobody who is manager of all stores, the role may more than `by`, or that person is
            beyond his stores.
    """
    user, found = find_user(name), find_role(role)
    if by is not None:
        by.require(found.permissions(by.installed), store=store, doing=f"take away the role '{found.name}'")
        require_within_reach(by, user)
    with transaction.atomic():
        if (found.name, store) == (MANAGER, EVERYWHERE):
            require_manager_left(user, doing="made less than that")
        count, _ = Assignment.objects.filter(user=user, store=store, **found.fields).delete()
        if count:
            details = {"role": found.name, "store": store}
            record("take role", f"user {user.name}", actor=actor, now=now, details=details)
    return bool(count)


def _require_giving(by: Giver | None, roles: Iterable[RoleFound], store: str) -> None:
    if by is None:
        return
    by.require((), store=store, doing="make users")
    for role in roles:
        by.require(role.permissions(by.installed), store=store, doing=f"give the role '{role.name}'")


def _save_password(user: User, kept: str, *, must_change: bool) -> None:
    user.password, user.must_change_password = kept, must_change
    user.save(update_fields=("password", "must_change_password"))
    _end_sessions(user)
    tries.forget(user.name)


def _end_sessions(user: User) -> None:
    """Raise the epoch, in one step, so that none of two who do it at the same time undoes the other's."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=("session_epoch",))
