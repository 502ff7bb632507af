// The count page keeps a copy of itself and of its files, so that it can be loaded without a connection. A copy is of
// one person and one version of the files: both are in the name of its cache. Browsers allow this with TLS and on the
// same computer only; elsewhere the page works without.

const KEPT = "rattail-kept:";

// The page as the server has it now: { parsed, response }, or null where it cannot be had for this person.
async function fetchPage(page) {
  const response = await fetch(location.pathname, { credentials: "same-origin", redirect: "manual", cache: "no-store" });
  if (!response.ok) {
    if (response.type === "opaqueredirect" || response.status < 500) await forget();
    return null;
  }
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  const found = parsed.getElementById("count");
  return found && found.dataset.person === page.dataset.person ? { parsed: parsed, response: response } : null;
}

// After a login in another window the same person goes on here, with the token of the new session.
export async function renewToken(page) {
  const found = await fetchPage(page);
  if (!found) return false;
  const field = found.parsed.querySelector("[name=csrfmiddlewaretoken]");
  for (const one of document.querySelectorAll("[name=csrfmiddlewaretoken]")) one.value = field.value;
  document.body.setAttribute("hx-headers", found.parsed.body.getAttribute("hx-headers"));
  return true;
}

export async function keepPage(page) {
  if (!navigator.serviceWorker || !window.caches) return;
  try {
    await navigator.serviceWorker.register(page.dataset.worker, { scope: "/count/" });
    if (page.dataset.kept) return;
    const found = await fetchPage(page);
    if (found) await keep(page, found);
  } catch (error) {
    // As without: the page is there as long as it is not loaded anew.
  }
}

async function keep(page, found) {
  const own = KEPT + encodeURIComponent(page.dataset.person) + ":";
  const version = own + page.dataset.worker;
  const files = Array.from(found.parsed.querySelectorAll("script[src], link[href]"), function (one) {
    return one.getAttribute("src") || one.getAttribute("href");
  });
  const cache = await caches.open(version);
  const there = new Set((await cache.keys()).map(function (one) { return new URL(one.url).pathname; }));
  await cache.addAll(files.filter(function (file) { return !there.has(file); }));
  found.parsed.getElementById("count").dataset.kept = "yes";
  const html = "<!doctype html>\n" + found.parsed.documentElement.outerHTML;
  await cache.put(location.pathname, new Response(html, { headers: found.response.headers }));
  for (const name of await caches.keys()) {
    if (name.startsWith(KEPT) && name !== version) await caches.delete(name);
  }
}

async function forget() {
  if (!window.caches) return;
  for (const name of await caches.keys()) {
    if (name.startsWith(KEPT)) await (await caches.open(name)).delete(location.pathname, { ignoreVary: true });
  }
}
