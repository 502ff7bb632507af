// On the pages around a count: says that something of this person still waits on this device.

import { openStore } from "./store.js";

const line = document.getElementById("waits");
const count = openStore(line.dataset.person).all().filter(function (one) { return !one.remove; }).length;
if (count) {
  line.textContent = (count === 1 ? "1 entry of yours waits" : count + " entries of yours wait") +
    " on this device. Go on with a count or begin one: there they are sent, mended or taken over.";
  line.classList.remove("hidden");
}
