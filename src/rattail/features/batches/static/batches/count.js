// The count page: what is typed is kept in the browser first, then sent until the server has it. Each entry has an id
// of its own, so that sending it twice counts it once.
"use strict";

(function () {
  const FIRST_WAIT_MS = 1000;
  const LONGEST_WAIT_MS = 15000;
  const MOST_AT_ONCE = 50;
  const SHOWN = 20;
  const DIGITS_OF_A_CODE = 7; // so many digits in the field of the quantity are a scan

  const page = document.getElementById("count");
  if (!page) return;
  const form = document.getElementById("scan");
  const code = document.getElementById("code");
  const quantity = document.getElementById("quantity");
  const answer = document.getElementById("answer");
  const list = document.getElementById("entries");
  const key = "rattail-count:" + page.dataset.person;
  const number = Number(page.dataset.count);
  let waitMs = FIRST_WAIT_MS;
  let timer = null;
  let isSending = false;
  let memory = null; // where the browser keeps nothing, the page does

  function waiting() {
    if (memory) return memory;
    try {
      const found = JSON.parse(localStorage.getItem(key) || "[]");
      return Array.isArray(found) ? found : [];
    } catch (error) {
      return [];
    }
  }

  function keep(items) {
    try {
      localStorage.setItem(key, JSON.stringify(items));
      memory = null;
    } catch (error) {
      memory = items;
    }
  }

  function mine(items) {
    return items.filter(function (one) { return one.count === number; });
  }

  // Several pages of one person share the store: what is added or done is said of what is there now, not of a copy.
  function push(item) {
    const items = waiting();
    items.push(item);
    keep(items);
    showQueue();
    send();
  }

  function done(keys) {
    keep(waiting().filter(function (one) { return !keys.has(one.key); }));
    showQueue();
  }

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, function (one) { return one.toString(16).padStart(2, "0"); }).join("");
  }

  function csrfToken() {
    return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  }

  function plural(count, one, several) {
    return count + " " + (count === 1 ? one : several);
  }

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

  let sound = null;
  function beep(state) {
    try {
      if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return; // a browser would refuse
      sound = sound || new AudioContext();
      const tones = state === "known" ? [880] : [220, 180];
      tones.forEach(function (pitch, place) {
        const tone = sound.createOscillator();
        const loudness = sound.createGain();
        tone.frequency.value = pitch;
        loudness.gain.value = 0.15;
        tone.connect(loudness).connect(sound.destination);
        tone.start(sound.currentTime + place * 0.22);
        tone.stop(sound.currentTime + place * 0.22 + (state === "known" ? 0.08 : 0.2));
      });
      if (state !== "known" && navigator.vibrate) navigator.vibrate([150, 80, 150]);
    } catch (error) {
      // Without sound the words and colours are left.
    }
  }

  function rowOf(id) {
    return Array.from(list.children).find(function (row) { return row.dataset.id === id; });
  }

  function show(item, isOld) {
    let row = rowOf(item.id);
    if (!row) {
      row = document.getElementById("entry").content.firstElementChild.cloneNode(true);
      row.dataset.id = item.id;
      row.querySelector(".amount").textContent = item.quantity;
      row.querySelector(".code").textContent = item.code;
      row.querySelector(".where").textContent = item.section;
      const button = row.querySelector("button");
      button.setAttribute("aria-label", "Take back " + item.quantity + " of " + item.code);
      list.prepend(row);
      while (list.children.length > SHOWN) list.lastElementChild.remove();
    }
    if (isOld) mark(item.id, "waiting", "waiting to be sent");
    return row;
  }

  function mark(id, state, text) {
    const row = rowOf(id);
    if (!row) return;
    row.className = state;
    row.querySelector(".what").textContent = text;
    if (state === "removed" || state === "refused") {
      const button = row.querySelector("button");
      if (button) button.remove();
    }
  }

  function took(taken, sent) {
    const item = sent.find(function (one) { return one.id === taken.id; });
    if (taken.state === "known") mark(taken.id, "known", taken.text);
    else if (taken.state === "unknown") mark(taken.id, "unknown", "unknown code");
    else if (taken.state === "removed") mark(taken.id, "removed", "taken back");
    else mark(taken.id, "refused", taken.text);
    if (!item || item.remove) {
      if (taken.state !== "removed") say(taken.text, "refused");
      return;
    }
    if (taken.state === "known") say(taken.text + ": " + item.quantity, "known");
    else if (taken.state === "unknown") say("Unknown code " + item.code + ". It is kept; put the item aside.", "unknown");
    else if (taken.state === "refused") say(item.code + ": " + taken.text, "refused");
  }

  const closed = new Set(); // counts that take nothing any more

  function addressOf(count) {
    return page.dataset.entries.replace("/" + number + "/", "/" + count + "/");
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
      const response = await fetch(addressOf(count), {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken(), "HX-Request": "true" },
        body: JSON.stringify({ entries: sent }),
        credentials: "same-origin",
        redirect: "error",
      });
      if (response.ok) {
        const said = await response.json();
        done(new Set(sent.map(function (one) { return one.key; })));
        if (count === number) said.taken.forEach(function (one) { took(one, sent); });
        isLost = false;
      } else if (response.status === 409 || (count !== number && response.status === 404)) {
        const said = response.status === 409 ? await response.json() : { error: "This count is gone.", taken: [] };
        const known = new Set(said.taken.map(function (one) { return one.id; }));
        done(new Set(sent.filter(function (one) { return one.remove || known.has(one.id); }).map(function (one) { return one.key; })));
        closed.add(count);
        if (count === number) stop(said.error + " ");
        showLeft();
        isLost = false;
      } else if (response.status === 401 || response.status === 403) {
        stop("You were logged out, or the page was open for too long. Load it anew and log in: ");
      } else if (response.status === 422) {
        stop((await response.json()).error + " ");
      }
    } catch (error) {
      // No connection, or no answer: later.
    }
    isSending = false;
    if (isLost) {
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      timer = setTimeout(send, waitMs);
      for (const one of sent) if (!one.remove) mark(one.id, "waiting", "waiting to be sent");
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

  let isStopped = false;
  function stop(text) {
    isStopped = true;
    const count = mine(waiting()).length;
    showQueue(text + plural(count, "entry is", "entries are") + " kept here until then.");
  }

  function enter(text, amount) {
    const item = {
      key: newId(), id: newId(), count: number, code: text, quantity: amount,
      section: form.elements.section.value.trim(), at: new Date().toISOString(),
    };
    show(item);
    mark(item.id, "waiting", "...");
    push(item);
    code.value = "";
    quantity.value = "";
    code.focus();
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
    if (amount) enter(text, amount);
    else if (form.elements.one_each.checked) enter(text, form.elements.preset.value.trim() || "1");
    else quantity.focus();
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

  list.addEventListener("click", function (event) {
    const button = event.target.closest("button");
    if (!button) return;
    event.preventDefault();
    const id = button.closest("li").dataset.id;
    mark(id, "waiting", "taking it back ...");
    push({ key: newId(), id: id, count: number, remove: true });
    code.focus();
  });
  list.addEventListener("submit", function (event) { event.preventDefault(); });

  // What is typed or scanned while nothing has the focus belongs into the field of the code.
  document.addEventListener("keydown", function (event) {
    const isNowhere = document.activeElement === document.body || document.activeElement === null || document.activeElement.id === "main";
    if (isNowhere && event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey) code.focus();
  });

  document.getElementById("finish").addEventListener("click", function (event) {
    const count = mine(waiting()).length;
    if (!count) return;
    event.preventDefault();
    say(plural(count, "entry is", "entries are") + " still waiting to be sent. Finish when they are.", "refused");
    send();
  });

  // Entries of another count that was finished before they came: they can be taken over.
  function showLeft() {
    const left = waiting().filter(function (one) { return one.count !== number && closed.has(one.count) && !one.remove; });
    const box = document.getElementById("left");
    box.classList.toggle("hidden", !left.length);
    if (!left.length) return;
    box.textContent = plural(left.length, "entry", "entries") + " of another count (" +
      Array.from(new Set(left.map(function (one) { return one.count; }))).join(", ") + ") were never sent. ";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Add them to this count";
    button.addEventListener("click", function () {
      keep(waiting().map(function (one) { return closed.has(one.count) && !one.remove ? Object.assign({}, one, { count: number }) : one; }));
      showLeft();
      mine(waiting()).forEach(function (one) { if (!one.remove) show(one, true); });
      send();
    });
    box.append(button);
  }

  window.addEventListener("online", function () { waitMs = FIRST_WAIT_MS; send(); });
  window.addEventListener("offline", function () { showQueue(); });
  mine(waiting()).forEach(function (one) { if (!one.remove) show(one, true); });
  showQueue();
  send();
  code.focus();
})();
