// The rows of the last entries, newest first.

const SHOWN = 20;
const list = document.getElementById("entries");

function rowOf(id) {
  return Array.from(list.children).find(function (row) { return row.dataset.id === id; });
}

// A row for an entry, if there is none yet.
export function show(item) {
  if (rowOf(item.id)) return;
  const row = document.getElementById("entry").content.firstElementChild.cloneNode(true);
  row.dataset.id = item.id;
  row.querySelector(".amount").textContent = item.quantity;
  row.querySelector(".code").textContent = item.code;
  row.querySelector(".where").textContent = item.section;
  row.querySelector("button").setAttribute("aria-label", "Take back " + item.quantity + " of " + item.code);
  list.prepend(row);
  while (list.children.length > SHOWN) list.lastElementChild.remove();
}

// Say what became of an entry, if it is shown.
export function mark(id, state, text) {
  const row = rowOf(id);
  if (!row) return;
  row.className = state;
  row.querySelector(".what").textContent = text;
  const button = row.querySelector("button");
  if (state === "removed" && button) button.remove();
}

export function dropRow(id) {
  const row = rowOf(id);
  if (row) row.remove();
}

export function plural(count, one, several) {
  return count + " " + (count === 1 ? one : several);
}
