// The number of a row unfolds beneath it what is known of it, and folds it again.
"use strict";

(function () {
  function numberOf(target) {
    const link = target.closest ? target.closest("#list td:first-child a") : null;
    const row = link ? link.closest("tr") : null;
    return row && !row.classList.contains("more") && !row.classList.contains("row-detail") ? link : null;
  }

  document.addEventListener("click", function (event) {
    const link = numberOf(event.target);
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const row = link.closest("tr");
    const next = row.nextElementSibling;
    if (next && next.classList.contains("row-detail")) {
      next.remove();
      link.setAttribute("aria-expanded", "false");
      return;
    }
    if (link.dataset.opening) return;
    link.dataset.opening = "yes";
    row.id = "row-" + parseInt(link.getAttribute("href"), 10); // a corrected row is put in its place by this
    htmx.ajax("GET", link.getAttribute("href"), { target: row, swap: "afterend" }).then(function () {
      delete link.dataset.opening;
      link.setAttribute("aria-expanded", "true");
    });
  });
})();
