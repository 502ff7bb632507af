"""New vendors and new stores."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render

from rattail.errors import InputRejected, WouldOverwrite
from rattail.features.products import service
from rattail.web.access import Request, signed_in
from rattail.web.flash import say


class StoreForm(forms.Form):
    code = forms.CharField(max_length=20, help_text="What people call it, such as 1 or north. It cannot be changed.")
    name = forms.CharField(max_length=100)


class VendorForm(forms.Form):
    code = forms.CharField(max_length=20, help_text="What people call it, such as unfi. It cannot be changed.")
    name = forms.CharField(max_length=100)
    identifier = forms.CharField(
        max_length=40,
        required=False,
        label="Name in EDI files",
        help_text="Its GLN or DUNS number, if its files come as EDI.",
    )


def new_store(request: Request) -> HttpResponse:
    form = StoreForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _made(request, form, service.make_store, what="store"):
        return redirect("products.stores")
    return _page(request, form, title="New store", back="products.stores")


def new_vendor(request: Request) -> HttpResponse:
    form = VendorForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _made(request, form, service.make_vendor, what="vendor"):
        return redirect("products.vendors")
    return _page(request, form, title="New vendor", back="products.vendors")


def _made(request: Request, form: forms.Form, make: Any, *, what: str) -> bool:
    """Make it; what is wrong with it is said in the form."""
    try:
        made = make(**form.cleaned_data, actor=signed_in(request).name, now=request.site.now())
    except (InputRejected, WouldOverwrite) as error:
        form.add_error("code", str(error))
        return False
    say(request, f"Made {what} {made.code}, {made.name}.")
    return True


def _page(request: Request, form: forms.Form, *, title: str, back: str) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, "products/new.html", {"title": title, "form": form, "back": back}, status=status)
