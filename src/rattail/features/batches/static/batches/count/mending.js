// The list of what is to be mended: what was typed, why it was not taken, two fields and two buttons. It never takes
// the focus by itself, and gives it back to the field of the code (`back`) after each deed.

const DIGITS_OF_A_CODE = /\d{7,}/;

export function openMending(box, number, { mend, remove, back, say }) {
  const list = box.querySelector("ul");

  function rowOf(id) {
    return Array.from(list.children).find(function (row) { return row.dataset.id === id; });
  }

  function show() {
    box.classList.toggle("hidden", !list.children.length);
    box.querySelector(".how-many").textContent = list.children.length;
  }

  function add(item, why) {
    drop(item.id);
    const row = document.getElementById("mend-entry").content.firstElementChild.cloneNode(true);
    row.dataset.id = item.id;
    row.dataset.isKept = item.state === "unknown" ? "yes" : ""; // the server has it
    row.querySelector("[name=code]").value = item.code;
    row.querySelector("[name=quantity]").value = item.quantity;
    row.querySelector("[name=quantity]").defaultValue = item.quantity;
    row.querySelector("[name=section]").value = item.section;
    row.querySelector(".why").textContent = why + (item.count === number ? "" : " (count " + item.count + ")");
    for (const what of row.querySelectorAll(".only-heard")) what.textContent = " " + item.quantity + " of " + item.code;
    list.append(row);
    show();
  }

  function drop(id) {
    const row = rowOf(id);
    if (!row) return;
    const hadFocus = row.contains(document.activeElement);
    row.remove();
    show();
    if (hadFocus) back();
  }

  box.addEventListener("submit", function (event) {
    event.preventDefault();
    event.stopPropagation(); // the page's rule that a form is sent once is not for this one
    const row = event.target.closest("li");
    const said = event.target.elements;
    if (event.submitter && event.submitter.name === "remove") {
      remove(row.dataset.id);
    } else if (DIGITS_OF_A_CODE.test(said.quantity.value)) {
      say("A code was scanned into the quantity that is to be mended. Scan it again.", "refused");
      said.quantity.value = said.quantity.defaultValue;
    } else {
      mend(row.dataset.id, said.code.value.trim(), said.quantity.value.trim(), said.section.value);
    }
    back();
  });
  box.addEventListener("keydown", function (event) {
    if (event.key === "Escape") back();
  });
  box.addEventListener("focusin", function (event) {
    if (event.target.select) event.target.select();
  });
  show();

  // Those that are on this device only.
  function refusedIds() {
    return Array.from(list.children).filter(function (row) { return !row.dataset.isKept; }).map(function (row) { return row.dataset.id; });
  }

  return { add: add, drop: drop, refusedIds: refusedIds };
}
