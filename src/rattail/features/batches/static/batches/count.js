// The count page: what is typed is kept in the browser first, then sent until the server has it. Each entry has an id
// of its own, so that sending it twice counts it once. What the server refuses stays here until somebody mends it.

import { keepPage, renewToken } from "./count/kept.js";
import { openMending } from "./count/mending.js";
import { dropRow, mark, plural, show } from "./count/rows.js";
import { beep } from "./count/sound.js";
import { newId, openLog, openStore } from "./count/store.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15000;
const PATIENCE_MS = 30000; // with an answer that does not come
const MOST_AT_ONCE = 50;
const DIGITS_OF_A_CODE = 7; // so many digits in the field of the quantity are a scan
const UNKNOWN = "no product has this code";

const page = document.getElementById("count");
const form = document.getElementById("scan");
const code = document.getElementById("code");
const quantity = document.getElementById("quantity");
const answer = document.getElementById("answer");
const list = document.getElementById("entries");
const person = page.dataset.person;
const number = Number(page.dataset.count);
const store = openStore(person);
const log = openLog(person, number);
const others = new BroadcastChannel("rattail-count:" + encodeURIComponent(person)); // this person's other pages
const closed = new Set(); // counts that take nothing any more
let waitMs = FIRST_WAIT_MS;
let timer = null;
let isSending = false;
let isStopped = false;
let renewedAt = 0;

function waiting() {
  return store.all().filter(function (one) { return !one.refused; });
}

function refused() {
  return store.all().filter(function (one) { return one.refused; });
}

function mine(items) {
  return items.filter(function (one) { return one.count === number; });
}

// What is said.

function showQueue(text) {
  const count = mine(waiting()).length;
  const line = document.getElementById("queue");
  const words = text || (count > 0 && (waitMs > FIRST_WAIT_MS || !navigator.onLine)
    ? "No connection. " + plural(count, "entry is", "entries are") + " kept here and sent later: " + count + " waiting."
    : "");
  if (line.textContent !== words) line.textContent = words;
  line.classList.toggle("hidden", !words);
  line.dataset.waiting = String(count);
}

function say(text, state) {
  answer.textContent = text;
  answer.className = "answer " + state;
  if (state === "known" || state === "unknown" || state === "refused") beep(state);
}

function stop(text, isLoggedOut) {
  isStopped = true;
  const count = mine(waiting()).length;
  showQueue(text + " " + plural(count, "entry is", "entries are") + " kept here until then. ");
  if (!isLoggedOut) return;
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = "Log in";
  document.getElementById("queue").append(link);
}

// The last entries.

function showWaiting(item) {
  if (item.remove) {
    mark(item.id, "waiting", "taking it back ...");
    mending.drop(item.id);
  } else {
    show(item);
    mark(item.id, "waiting", "waiting to be sent");
  }
}

// What the server said of an entry: `line` is { id, state, text, code, quantity, section, count }.
function showTaken(line) {
  if (line.state === "refused") {
    dropRow(line.id);
    return;
  }
  if (line.code) show(line);
  if (line.state === "removed") {
    mark(line.id, "removed", "taken back");
    mending.drop(line.id);
  } else if (line.state === "unknown") {
    mark(line.id, "unknown", "unknown code");
    mending.add(line, UNKNOWN);
  } else {
    mark(line.id, "known", line.text);
  }
}

function sayTaken(line) {
  if (line.state === "known") say(line.text + ": " + line.quantity, "known");
  else if (line.state === "unknown") say("Unknown code " + line.code + ". It is kept; put the item aside.", "unknown");
  else if (line.state === "refused") say(line.code + ": " + line.text, "refused");
}

// Sending.

function took(said, sent) {
  const item = sent.find(function (one) { return one.id === said.id; });
  if (!item) return;
  if (item.remove && said.state === "refused") {
    store.drop(item);
    say(said.text, "refused");
    return;
  }
  const line = Object.assign({}, item, { state: said.state, text: said.text });
  if (said.state === "refused") {
    store.put(Object.assign({}, item, { refused: said.text }));
    mending.add(item, said.text);
  } else {
    store.drop(item);
  }
  if (item.count === number) {
    showTaken(line);
    if (said.state !== "refused") log.add(line);
  }
  if (!item.remove) sayTaken(line);
  others.postMessage(line);
}

function inOrder(sent, taken) {
  // An entry and its removal that went together are both answered under one id: the last answer is what holds.
  const last = new Map(taken.map(function (one) { return [one.id, one]; }));
  for (const one of sent) {
    if (sent.some(function (later) { return later.remove && later.id === one.id && later !== one; })) store.drop(one);
  }
  return Array.from(last.values());
}

async function send() {
  if (isSending) return;
  const open = waiting().filter(function (one) { return !closed.has(one.count); });
  const mineFirst = mine(open).concat(open);
  if (!mineFirst.length) return;
  const count = mineFirst[0].count;
  const sent = open.filter(function (one) { return one.count === count; }).slice(0, MOST_AT_ONCE);
  isSending = true;
  clearTimeout(timer);
  let isLost = true;
  try {
    isLost = !(await answered(await post(count, sent), count, sent));
  } catch (error) {
    // No connection, or no answer: later.
  }
  isSending = false;
  if (isLost) {
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    timer = setTimeout(send, waitMs);
    mine(waiting()).forEach(showWaiting); // another page may have sent some meanwhile
    if (!isStopped) showQueue();
  } else {
    waitMs = FIRST_WAIT_MS;
    if (!closed.has(number)) {
      isStopped = false;
      showQueue();
    }
    send();
  }
}

function post(count, sent) {
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  return fetch(page.dataset.entries.replace("/" + number + "/", "/" + count + "/"), {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token, "HX-Request": "true" },
    body: JSON.stringify({ person: person, entries: sent }),
    credentials: "same-origin",
    redirect: "error",
    signal: AbortSignal.timeout ? AbortSignal.timeout(PATIENCE_MS) : undefined,
  });
}

// Whether the server had an answer for these entries.
async function answered(response, count, sent) {
  if (response.ok) {
    const said = await response.json();
    inOrder(sent, said.taken).forEach(function (one) { took(one, sent.slice().reverse()); });
    return true;
  }
  if (response.status === 409 || (count !== number && response.status === 404)) {
    const said = response.status === 409 ? await response.json() : { error: "This count is gone.", taken: [] };
    const known = new Set(said.taken.map(function (one) { return one.id; }));
    sent.filter(function (one) { return one.remove || known.has(one.id); }).forEach(store.drop);
    closed.add(count);
    if (count === number) stop(said.error);
    showLeft();
    return true;
  }
  if (response.status === 401 || response.status === 403) {
    const isFirst = Date.now() - renewedAt > LONGEST_WAIT_MS; // else it was not the token
    if (isFirst && await renewToken(page)) {
      renewedAt = Date.now();
      return true;
    }
    stop("You are logged out here, or somebody else is logged in. Log in again as " + person + ".", true);
  } else if (response.status === 422) {
    stop((await response.json()).error);
  }
  return false;
}

// Typing.

function push(item) {
  store.put(item, true);
  showQueue();
  send();
}

function enter(text, amount, section) {
  const item = {
    key: newId(), id: newId(), count: number, code: text, quantity: amount,
    section: section, at: new Date().toISOString(),
  };
  show(item);
  mark(item.id, "waiting", "...");
  push(item);
}

function submit(event) {
  event.preventDefault();
  event.stopPropagation(); // the page's rule that a form is sent once is not for this one
  const text = code.value.trim();
  const amount = quantity.value.trim();
  if (!text) {
    code.focus();
    return;
  }
  if (amount && new RegExp("^\\d{" + DIGITS_OF_A_CODE + ",}$").test(amount)) {
    say("A code was scanned into the quantity. First say how much of " + text + " there is.", "refused");
    quantity.value = "";
    quantity.focus();
    return;
  }
  if (!amount && !form.elements.one_each.checked) {
    quantity.focus();
    return;
  }
  enter(text, amount || form.elements.preset.value.trim() || "1", form.elements.section.value.trim());
  code.value = "";
  quantity.value = "";
  code.focus();
}

form.addEventListener("submit", submit);
form.addEventListener("keydown", function (event) {
  if (event.key !== "Enter" || event.target.type === "submit") return;
  if (event.target === form.elements.section || event.target === form.elements.preset) {
    event.preventDefault();
    code.focus();
  } else if (event.target === code && !form.elements.one_each.checked) {
    event.preventDefault();
    if (code.value.trim()) quantity.focus();
  }
});

function takeBack(id) {
  mark(id, "waiting", "taking it back ...");
  mending.drop(id);
  push({ key: newId(), id: id, count: number, remove: true });
}

list.addEventListener("click", function (event) {
  const button = event.target.closest("button");
  if (!button) return;
  event.preventDefault();
  takeBack(button.closest("li").dataset.id);
  code.focus();
});
list.addEventListener("submit", function (event) { event.preventDefault(); });

// What is typed or scanned while nothing has the focus belongs into the field of the code.
document.addEventListener("keydown", function (event) {
  const isNowhere = document.activeElement === document.body || document.activeElement === null || document.activeElement.id === "main";
  if (isNowhere && event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey) code.focus();
});

// Where one counts stands in the address, so that it is the same after the page was loaded anew.
function remember() {
  const said = new URLSearchParams();
  if (form.elements.section.value.trim()) said.set("section", form.elements.section.value.trim());
  if (form.elements.one_each.checked) said.set("preset", form.elements.preset.value.trim() || "1");
  history.replaceState(null, "", location.pathname + (String(said) && "?" + said));
}

function recall() {
  const said = new URLSearchParams(location.search);
  form.elements.section.value = said.get("section") || "";
  form.elements.one_each.checked = said.has("preset");
  form.elements.preset.value = said.get("preset") || "1";
}

form.addEventListener("change", remember);

document.getElementById("finish").addEventListener("click", function (event) {
  const count = mine(waiting()).length;
  const faulty = mine(refused()).length;
  if (!count && !faulty) return;
  event.preventDefault();
  if (count) say(plural(count, "entry is", "entries are") + " still waiting to be sent. Finish when they are.", "refused");
  else say(plural(faulty, "entry was", "entries were") + " not taken. Mend or remove them, then finish.", "refused");
  send();
});

// Mending: an entry that was refused is sent again as it is now; one of an unknown code gives way to a new one.

const mending = openMending(document.getElementById("mend"), number, {
  say: say,
  back: function () { code.focus(); },
  remove: function (id) {
    const item = refused().find(function (one) { return one.id === id; });
    if (!item) return takeBack(id);
    store.drop(item);
    mending.drop(id);
  },
  mend: function (id, text, amount, section) {
    const item = refused().find(function (one) { return one.id === id; });
    mending.drop(id);
    if (!item) {
      takeBack(id);
      enter(text, amount, section);
      return;
    }
    const mended = Object.assign({}, item, { code: text, quantity: amount });
    delete mended.refused;
    if (item.count === number) show(mended);
    mark(mended.id, "waiting", "...");
    closed.delete(item.count);
    push(mended);
  },
});

// Entries of another count that was finished before they came: they can be taken over. And entries of other people.
function showLeft() {
  const left = waiting().filter(function (one) { return one.count !== number && closed.has(one.count) && !one.remove; });
  const people = store.others();
  const box = document.getElementById("left");
  box.classList.toggle("hidden", !left.length && !people.length);
  box.textContent = people.length ? "Entries of " + people.join(", ") + " wait on this device, and are sent when they log in here and count. " : "";
  if (!left.length) return;
  box.append(plural(left.length, "entry", "entries") + " of another count (" +
    Array.from(new Set(left.map(function (one) { return one.count; }))).join(", ") + ") were never sent. ");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Add them to this count";
  button.addEventListener("click", function () {
    left.forEach(function (one) { store.put(Object.assign({}, one, { count: number })); });
    showLeft();
    mine(waiting()).forEach(showWaiting);
    send();
  });
  box.append(button);
}

// From the other pages of the same person: what they typed, and what became of it.
others.addEventListener("message", function (event) {
  if (event.data.state === "refused") mending.add(event.data, event.data.text);
  if (event.data.count !== number) return;
  showTaken(event.data);
  if (event.data.state !== "refused") log.add(event.data);
});
window.addEventListener("storage", function () {
  const there = new Set(refused().map(function (one) { return one.id; }));
  mending.refusedIds().forEach(function (id) { if (!there.has(id)) mending.drop(id); });
  showQueue();
});
for (const event of ["online", "focus"]) window.addEventListener(event, function () { waitMs = FIRST_WAIT_MS; send(); });
window.addEventListener("offline", function () { showQueue(); });

if (page.dataset.kept) log.read().forEach(showTaken);
else log.clear();
recall();
mine(waiting()).forEach(showWaiting);
refused().forEach(function (one) { mending.add(one, one.refused); });
showQueue();
showLeft();
send();
code.focus();
keepPage(page);
