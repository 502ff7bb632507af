// Small behaviours of every page: the menu on a phone, buttons that ask first, errors of parts.
"use strict";

(function () {
  const button = document.querySelector(".menu-button");
  if (button) {
    const menu = document.getElementById(button.getAttribute("aria-controls"));
    button.addEventListener("click", function () {
      const isOpen = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!isOpen));
      menu.classList.toggle("open", !isOpen);
    });
  }

  // The navigation's "More" closes when one goes elsewhere.
  const more = document.querySelector(".top details");
  if (more) {
    document.addEventListener("click", function (event) {
      if (!more.contains(event.target)) more.open = false;
    });
    more.addEventListener("keydown", function (event) {
      if (event.key !== "Escape" || !more.open) return;
      more.open = false;
      more.querySelector("summary").focus();
    });
  }

  // On a phone each value of a list stands beside the title of its column.
  const narrow = window.matchMedia("(max-width: 44rem)");
  function label() {
    if (!narrow.matches) return;
    for (const table of document.querySelectorAll("table.list")) {
      if (!table.tHead || !table.tBodies.length) continue;
      const titles = Array.from(table.tHead.rows[0].cells, (cell) => cell.textContent);
      for (const row of table.tBodies[0].rows) {
        if (row.cells.length !== titles.length || row.cells[0].dataset.t !== undefined) continue;
        titles.forEach((title, index) => { row.cells[index].dataset.t = title; });
      }
      table.classList.add("labelled");
    }
  }
  label();
  narrow.addEventListener("change", label);
  document.addEventListener("htmx:afterSettle", label);

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent === "yes") {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", function () {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // What a page keeps for times without a connection ("rattail-kept:PERSON:...") is for nobody else, and ends with the
  // session. A page that only says what is out of order does not know who is there.
  function forgetOthers(person) {
    if (!person) sessionStorage.clear();
    if (!window.caches) return;
    const own = person && "rattail-kept:" + encodeURIComponent(person) + ":";
    caches.keys().then(function (names) {
      for (const name of names) if (name.startsWith("rattail-kept:") && !(own && name.startsWith(own))) caches.delete(name);
    }).catch(function () {});
  }
  if ("person" in document.body.dataset) forgetOthers(document.body.dataset.person);
  const leaving = document.querySelector(".who form");
  if (leaving) leaving.addEventListener("submit", function () { forgetOthers(""); });

  // A part of the page that could not be fetched says so where it would have been.
  document.addEventListener("htmx:beforeSwap", function (event) {
    const status = event.detail.xhr.status;
    if (status >= 400 && event.detail.xhr.getResponseHeader("Content-Type")?.startsWith("text/html")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.addEventListener("htmx:sendError", function () {
    document.body.classList.add("offline");
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.successful) document.body.classList.remove("offline");
  });
})();
