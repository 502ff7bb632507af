// Sends files piece by piece; goes on where a broken connection, or a page that was closed, left off.
"use strict";

(function () {
  const FIRST_WAIT_MS = 1000;
  const LONGEST_WAIT_MS = 30000;
  const MEMORY = "rattail-upload:";

  function csrfToken() {
    try {
      return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"] || "";
    } catch (error) {
      return "";
    }
  }

  function sizeText(bytes) {
    if (bytes < 1000) return bytes + " B";
    let value = bytes;
    for (const unit of ["kB", "MB", "GB", "TB"]) {
      value /= 1000;
      if (value < 999.5 || unit === "TB") return (value < 99.95 ? value.toFixed(1) : Math.round(value)) + " " + unit;
    }
  }

  // One request. Resolves with the request once there is an answer, rejects where there is none.
  function send(method, address, options, holder) {
    return new Promise(function (resolve, reject) {
      const request = new XMLHttpRequest();
      if (holder) holder.request = request;
      request.open(method, address);
      request.setRequestHeader("X-CSRFToken", csrfToken());
      request.setRequestHeader("HX-Request", "true");
      for (const name in options.headers || {}) request.setRequestHeader(name, options.headers[name]);
      if (options.progress) request.upload.onprogress = options.progress;
      request.onload = function () { resolve(request); };
      request.onerror = function () { reject(new Error("lost")); };
      request.onabort = function () { reject(new Error("aborted")); };
      request.send(options.body || null);
    });
  }

  function answerOf(request) {
    try {
      return JSON.parse(request.responseText);
    } catch (error) {
      return {};
    }
  }

  function remembered(key) {
    try {
      return localStorage.getItem(key) || "";
    } catch (error) {
      return "";
    }
  }

  function remember(key, token) {
    try {
      if (token) localStorage.setItem(key, token);
      else localStorage.removeItem(key);
    } catch (error) {
      // Private windows may refuse: then it is not gone on with after a reload.
    }
  }

  function Upload(zone, file) {
    this.zone = zone;
    this.file = file;
    this.base = zone.form.dataset.uploads;
    this.key = MEMORY + [zone.form.dataset.purpose, file.name, file.size, file.lastModified].join(":");
    this.offset = 0;
    this.waitMs = FIRST_WAIT_MS;
    this.isCancelled = false;
    this.show();
  }

  Upload.prototype.show = function () {
    this.row = document.createElement("li");
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = this.file.name;
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.textContent = "Cancel";
    this.button.setAttribute("aria-label", "Cancel the upload of " + this.file.name);
    this.button.addEventListener("click", this.cancel.bind(this));
    this.bar = document.createElement("progress");
    this.bar.max = Math.max(this.file.size, 1);
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", "Upload of " + this.file.name);
    this.state = document.createElement("p");
    this.state.className = "state";
    this.row.append(name, this.button, this.bar, this.state);
    this.zone.list.append(this.row);
    this.say("waiting");
  };

  Upload.prototype.say = function (text) {
    this.state.textContent = text;
  };

  Upload.prototype.end = function (text, tone) {
    this.row.className = tone;
    this.say(text);
    this.button.remove();
    if (tone !== "good") this.bar.remove();
    this.zone.announce(this.file.name + ": " + text);
  };

  Upload.prototype.advance = function (bytes) {
    this.bar.value = bytes;
    this.say(sizeText(bytes) + " of " + sizeText(this.file.size));
  };

  Upload.prototype.cancel = function () {
    this.isCancelled = true;
    if (this.wakeUp) this.wakeUp();
    if (this.request) this.request.abort();
  };

  Upload.prototype.wait = function () {
    const upload = this;
    this.say("the connection is lost; trying again ...");
    return new Promise(function (resolve) {
      const timer = setTimeout(done, upload.waitMs);
      function done() {
        clearTimeout(timer);
        window.removeEventListener("online", done);
        resolve();
      }
      upload.wakeUp = done;
      window.addEventListener("online", done);
      upload.waitMs = Math.min(upload.waitMs * 2, LONGEST_WAIT_MS);
    });
  };

  // Each step returns true where the upload has come to its end.
  Upload.prototype.begin = async function () {
    const known = remembered(this.key);
    if (known) {
      const found = await send("HEAD", this.base + known + "/", {}, this);
      if (found.status === 200 && Number(found.getResponseHeader("Upload-Length")) === this.file.size) {
        this.token = known;
        this.chunk = Number(found.getResponseHeader("Upload-Piece"));
        this.offset = Number(found.getResponseHeader("Upload-Offset"));
        return false;
      }
      if (found.status === 401) return this.refused(found);
      remember(this.key, "");
    }
    const asked = { name: this.file.name, size: this.file.size, purpose: this.zone.form.dataset.purpose, type: this.file.type };
    const started = await send("POST", this.base, { body: JSON.stringify(asked), headers: { "Content-Type": "application/json" } }, this);
    if (started.status !== 201) return this.refused(started);
    const answer = answerOf(started);
    this.token = answer.token;
    this.chunk = answer.chunk_bytes;
    this.offset = 0;
    remember(this.key, this.token);
    return false;
  };

  Upload.prototype.sendPiece = async function () {
    const offset = this.offset;
    const piece = this.file.slice(offset, offset + (this.chunk || (1 << 20)));
    const upload = this;
    const sent = await send("PATCH", this.base + this.token + "/", {
      body: piece,
      headers: { "Upload-Offset": String(offset), "Content-Type": "application/octet-stream" },
      progress: function (event) {
        const sent = Math.min(offset + event.loaded, upload.file.size);
        upload.advance(sent);
        if (sent === upload.file.size) upload.say("being looked at ...");
      },
    }, this);
    if (sent.status === 200) {
      const answer = answerOf(sent);
      this.offset = answer.offset;
      this.waitMs = FIRST_WAIT_MS;
      this.advance(this.offset);
      return answer.whole ? this.finished(answer) : false;
    }
    if (sent.status === 409 || sent.status >= 502) return this.lookAgain(sent);
    return this.refused(sent);
  };

  // Somebody else wrote, or the piece came only in part: ask where to go on.
  Upload.prototype.lookAgain = async function (sent) {
    const said = sent.getResponseHeader("Upload-Offset");
    if (sent.status === 409 && said !== null && Number(said) !== this.offset) {
      this.offset = Number(said);
      return false;
    }
    if (sent.status === 507) return this.refused(sent);
    await this.wait();
    return this.isCancelled ? false : this.locate();
  };

  Upload.prototype.locate = async function () {
    const found = await send("HEAD", this.base + this.token + "/", {}, this);
    if (found.status === 200) {
      this.offset = Number(found.getResponseHeader("Upload-Offset"));
      return false;
    }
    if (found.status === 404) remember(this.key, "");
    return this.refused(found);
  };

  Upload.prototype.finished = function (answer) {
    remember(this.key, "");
    this.bar.value = this.bar.max;
    this.end("uploaded, " + sizeText(this.file.size), "good");
    this.zone.finished(answer);
    return true;
  };

  Upload.prototype.refused = function (request) {
    const answer = answerOf(request);
    if (request.status === 401) this.end("you are not logged in any more: log in, then choose the file again", "bad");
    else if (request.status === 404) this.end("the upload is gone: choose the file again", "bad");
    else {
      if (request.status === 413 || request.status === 415 || request.status === 422) remember(this.key, "");
      const hint = answer.hint ? " (" + answer.hint + ")" : "";
      this.end((answer.error || "the server refused it (" + request.status + ")") + hint, "bad");
    }
    return true;
  };

  Upload.prototype.run = async function () {
    let isOver = false;
    while (!isOver && !this.isCancelled) {
      try {
        if (!this.token) isOver = await this.begin();
        else if (this.isLost) { this.isLost = false; isOver = await this.locate(); }
        else isOver = await this.sendPiece();
      } catch (error) {
        if (this.isCancelled) break;
        if (error.message !== "lost") {
          this.end("the file cannot be read any more: choose it again", "bad");
          return;
        }
        this.isLost = true;
        await this.wait();
      }
    }
    if (!isOver && this.isCancelled) {
      remember(this.key, "");
      this.end("cancelled", "");
      if (this.token) send("DELETE", this.base + this.token + "/", {}, null).catch(function () {});
    }
  };

  function Zone(form) {
    this.form = form;
    this.list = form.querySelector(".drop-files");
    this.live = form.querySelector("[aria-live]");
    this.input = form.querySelector("input[type=file]");
    this.queue = Promise.resolve();
    this.running = 0;
    this.failed = 0;
    form.classList.add("scripted");
    const zone = this;
    this.input.addEventListener("change", function () { zone.take(zone.input.files); zone.input.value = ""; });
    form.addEventListener("submit", function (event) { event.preventDefault(); zone.take(zone.input.files); });
    form.addEventListener("dragover", function (event) { event.preventDefault(); form.classList.add("over"); });
    form.addEventListener("dragleave", function (event) {
      if (!form.contains(event.relatedTarget)) form.classList.remove("over");
    });
    form.addEventListener("drop", function (event) {
      event.preventDefault();
      form.classList.remove("over");
      zone.take(event.dataTransfer.files);
    });
  }

  // One file after the other: two at once would only halve each other's speed.
  Zone.prototype.take = function (files) {
    const zone = this;
    const chosen = this.input.multiple ? Array.from(files) : Array.from(files).slice(0, 1);
    for (const file of chosen) {
      const upload = new Upload(this, file);
      this.running += 1;
      this.queue = this.queue.then(function () { return upload.run(); }).then(function () {
        zone.running -= 1;
        if (upload.row.className === "bad") zone.failed += 1;
        if (!zone.running) zone.allDone();
      });
    }
    if (chosen.length) this.announce(chosen.length === 1 ? "Uploading " + chosen[0].name : "Uploading " + chosen.length + " files");
  };

  Zone.prototype.announce = function (text) {
    this.live.textContent = text;
  };

  Zone.prototype.finished = function (answer) {
    this.last = answer;
    const into = this.form.dataset.into ? document.getElementById(this.form.dataset.into) : null;
    if (into) {
      into.value = answer.token;
      into.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.form.dispatchEvent(new CustomEvent("uploaded", { bubbles: true, detail: answer }));
  };

  Zone.prototype.allDone = function () {
    if (!this.last || this.failed) return;
    if (this.form.dataset.go) location.assign(this.form.dataset.go + "?upload=" + encodeURIComponent(this.last.token));
    else if (this.form.dataset.reload) location.reload();
  };

  window.addEventListener("beforeunload", function (event) {
    if (zones.some(function (zone) { return zone.running; })) event.preventDefault();
  });

  const zones = Array.from(document.querySelectorAll("form[data-uploads]"), function (form) { return new Zone(form); });
})();
