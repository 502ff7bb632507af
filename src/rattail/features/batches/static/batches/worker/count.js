// The worker of the count page: loads the page from what the page kept of itself when the server cannot be reached.
// It never keeps anything; site.js and kept.js see to it that what is kept is of whoever is logged in.
"use strict";

const KEPT = "rattail-kept:";
const PAGE = /^\/count\/\d+\/$/;
const FILE = /^\/static\//;
const NO_ANSWER = [502, 503, 504];
const PATIENCE_MS = 10000;

self.addEventListener("install", function () { self.skipWaiting(); });
self.addEventListener("activate", function (event) { event.waitUntil(self.clients.claim()); });
self.addEventListener("fetch", function (event) {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && PAGE.test(address.pathname)) event.respondWith(pageAt(event, address.pathname));
  else if (FILE.test(address.pathname)) event.respondWith(fileAt(event.request, address.pathname));
});

// Where caches of two people are found, none is right: nothing is shown.
async function cachesOfOne() {
  const names = (await caches.keys()).filter(function (name) { return name.startsWith(KEPT); });
  const people = new Set(names.map(function (name) { return name.split(":")[1]; }));
  return people.size === 1 ? Promise.all(names.map(function (name) { return caches.open(name); })) : [];
}

async function kept(path) {
  for (const cache of await cachesOfOne()) {
    const found = await cache.match(path, { ignoreVary: true });
    if (found) return found;
  }
  return undefined;
}

async function forget(path) {
  for (const cache of await cachesOfOne()) await cache.delete(path, { ignoreVary: true });
}

async function pageAt(event, path) {
  const asked = ask(event.request, path);
  event.waitUntil(asked.catch(function () {}));
  const copy = await kept(path);
  if (!copy) return asked;
  const tired = new Promise(function (resolve) { setTimeout(resolve, PATIENCE_MS, null); });
  try {
    const response = await Promise.race([asked, tired]);
    return response && !NO_ANSWER.includes(response.status) ? response : copy;
  } catch (error) {
    return copy;
  }
}

// Whatever the server says is newer than what was kept: the page, a login, that the count is gone.
async function ask(request, path) {
  const response = await fetch(request);
  if (!NO_ANSWER.includes(response.status)) await forget(path);
  return response;
}

async function fileAt(request, path) {
  return (await kept(path)) || fetch(request);
}
