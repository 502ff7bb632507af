// What waits on this device, for one person: each entry under a key of its own, so that several pages never write over
// one another. Where the browser keeps nothing, the page does.

const ALL = "rattail-count:";

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, function (one) { return one.toString(16).padStart(2, "0"); }).join("");
}

export function openStore(person) {
  const own = ALL + encodeURIComponent(person) + ":";
  const memory = new Map();
  let last = 0;

  function all() {
    const found = new Map(memory);
    for (const [key, text] of stored()) {
      if (key.startsWith(own)) found.set(key, parsed(text));
    }
    return Array.from(found.values()).filter(Boolean).sort(function (a, b) { return a.order - b.order; });
  }

  // Keep a new item, or an item in its new state; `isLast` puts it behind all others.
  function put(item, isLast) {
    if (isLast || !item.order) {
      last = all().reduce(function (most, one) { return Math.max(most, one.order); }, Math.max(Date.now(), last)) + 1;
      item.order = last;
    }
    try {
      localStorage.setItem(own + item.key, JSON.stringify(item));
      memory.delete(own + item.key);
    } catch (error) {
      memory.set(own + item.key, item);
    }
  }

  function drop(item) {
    memory.delete(own + item.key);
    try {
      localStorage.removeItem(own + item.key);
    } catch (error) {
      // It was in the memory only.
    }
  }

  // Names of other people of whom something waits here.
  function others() {
    const found = stored().map(function (one) { return one[0]; }).filter(function (key) { return !key.startsWith(own); });
    return Array.from(new Set(found.map(function (key) { return decodeURIComponent(key.split(":")[1]); })));
  }

  return { all: all, put: put, drop: drop, others: others };
}

function stored() {
  try {
    return Object.entries(localStorage).filter(function (one) { return one[0].startsWith(ALL); });
  } catch (error) {
    return [];
  }
}

function parsed(text) {
  try {
    const item = JSON.parse(text);
    return item && item.key && item.id && item.order ? item : null;
  } catch (error) {
    return null;
  }
}

// What was answered since the page came from the server: a copy that was kept does not have it. For this window only.
export function openLog(person, number) {
  const MOST = 500;
  const key = ALL + encodeURIComponent(person) + ":" + number;

  function read() {
    try {
      return JSON.parse(sessionStorage.getItem(key)) || [];
    } catch (error) {
      return [];
    }
  }

  function write(lines) {
    try {
      sessionStorage.setItem(key, JSON.stringify(lines.slice(-MOST)));
    } catch (error) {
      // Then a copy shows less; nothing depends on it.
    }
  }

  return {
    read: read,
    add: function (line) { write(read().filter(function (one) { return one.id !== line.id; }).concat([line])); },
    clear: function () { write([]); },
  };
}
