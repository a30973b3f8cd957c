// Files and folders in parts: a lost connection costs one part. A file chosen again, after a reload or
// in another browser, goes on where it broke off, once every part that is here is found in it by digest.
// Without script the form sends the file whole.
"use strict";

(() => {
  const form = document.querySelector("form[data-resumable]");
  if (!form) return;
  const root = form.dataset.resumable;
  const kind = form.dataset.kind;
  const list = document.getElementById("upload-list");
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const folder = form.querySelector("[data-folder]");
  const WAIT_MS = [500, 1000, 2000, 4000, 8000, 15000];
  const STEP = 4 * 1024 * 1024;

  class Refused extends Error {}
  const sentence = (problem) => interpolate(gettext("%(where)s: found %(found)s; expected %(expected)s. %(remedy)s"), problem, true);

  async function ask(method, address, body, headers = {}) {
    const answer = await fetch(address, {
      method, body, headers: { "X-CSRFToken": token, Accept: "application/json", ...headers },
    });
    if (answer.status === 204) return null;
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    if (answer.status >= 500 || answer.status === 409) throw new Error(`answer ${answer.status}`);
    const problems = (said.problems || []).map(sentence);
    const moved = (said.problems || []).some((p) => ["offset", "part"].includes(p.column));
    if (moved) throw new Error("the upload stands elsewhere");
    throw new Refused(problems.join(" ") || said.detail || `answer ${answer.status}`);
  }

  // ---- a folder as a zip without compression, made while it is sent; the same files, the same bytes
  const CRC = new Uint32Array(256).map((_, n) => {
    let c = n;
    for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c;
  });

  async function crcOf(file) {
    let crc = 0xffffffff;
    for (let at = 0; at < file.size; at += STEP) {
      const bytes = new Uint8Array(await file.slice(at, at + STEP).arrayBuffer());
      for (let i = 0; i < bytes.length; i += 1) crc = CRC[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
    }
    return (crc ^ 0xffffffff) >>> 0;
  }

  function record(fields) {
    const size = fields.reduce((sum, [width]) => sum + width, 0);
    const view = new DataView(new ArrayBuffer(size));
    let at = 0;
    for (const [width, value] of fields) {
      if (width === 2) view.setUint16(at, value, true);
      if (width === 4) view.setUint32(at, value, true);
      if (width === 8) view.setBigUint64(at, BigInt(value), true);
      at += width;
    }
    return new Uint8Array(view.buffer);
  }

  function zipOf(name, files) {
    const BIG = 0xffffffff;
    const flags = 0x0808; // sizes follow the file; names are UTF-8
    const entries = [...files]
      .map((file) => ({ file, path: new TextEncoder().encode(file.webkitRelativePath || file.name) }))
      .sort((a, b) => ((a.file.webkitRelativePath || a.file.name) < (b.file.webkitRelativePath || b.file.name) ? -1 : 1));
    const pieces = [];
    let size = 0;
    const add = (length, bytes) => { pieces.push({ start: size, length, bytes }); size += length; };
    const crc = (entry) => (entry.crc ??= crcOf(entry.file));
    for (const entry of entries) {
      entry.offset = size;
      const head = record([[4, 0x04034b50], [2, 20], [2, flags], [2, 0], [2, 0], [2, 0x21], [4, 0], [4, 0], [4, 0], [2, entry.path.length], [2, 0]]);
      add(head.length + entry.path.length, async (a, b) => new Blob([head, entry.path]).slice(a, b));
      add(entry.file.size, async (a, b) => entry.file.slice(a, b));
      add(16, async (a, b) => new Blob([record([[4, 0x08074b50], [4, await crc(entry)], [4, entry.file.size], [4, entry.file.size]])]).slice(a, b));
    }
    const directory = size;
    for (const entry of entries) {
      const far = entry.offset >= BIG;
      add(46 + entry.path.length + (far ? 12 : 0), async (a, b) => new Blob([
        record([[4, 0x02014b50], [2, 45], [2, far ? 45 : 20], [2, flags], [2, 0], [2, 0], [2, 0x21], [4, await crc(entry)],
          [4, entry.file.size], [4, entry.file.size], [2, entry.path.length], [2, far ? 12 : 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, far ? BIG : entry.offset]]),
        entry.path, far ? record([[2, 1], [2, 8], [8, entry.offset]]) : new Uint8Array(),
      ]).slice(a, b));
    }
    const length = size - directory;
    const end = size;
    const large = entries.length > 0xfffe || end >= BIG;
    const count = Math.min(entries.length, 0xffff);
    const last = new Blob([
      ...(large ? [
        record([[4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, entries.length], [8, entries.length], [8, length], [8, directory]]),
        record([[4, 0x07064b50], [4, 0], [8, end], [4, 1]]),
      ] : []),
      record([[4, 0x06054b50], [2, 0], [2, 0], [2, large ? 0xffff : count], [2, large ? 0xffff : count], [4, large ? BIG : length], [4, large ? BIG : directory], [2, 0]]),
    ]);
    add(last.size, async (a, b) => last.slice(a, b));
    const newest = entries.reduce((latest, entry) => Math.max(latest, entry.file.lastModified), 0);
    return {
      name: `${name}.zip`, size, fingerprint: `folder:${entries.length}:${size}:${newest}`,
      async slice(from, to) {
        const parts = [];
        for (const piece of pieces) {
          const a = Math.max(from - piece.start, 0);
          const b = Math.min(to - piece.start, piece.length);
          if (a < b) parts.push(await piece.bytes(a, b));
        }
        return new Blob(parts);
      },
    };
  }

  // ---- digests: what is here already is known again by them, and no part arrives changed
  async function digestOf(blob) {
    const bytes = await blob.arrayBuffer().catch(() => { throw new Refused(gettext("The file changed or went away while it was read: choose it again.")); });
    return window.crypto.subtle ? new Uint8Array(await window.crypto.subtle.digest("SHA-256", bytes)) : null;
  }

  const hexOf = (digest) => Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");

  async function holds(source, upload, say) {
    for (const { first, last, sha256 } of upload.parts) {
      const digest = await digestOf(await source.slice(first, last + 1));
      if (hexOf(digest) !== sha256) return false;
      say(gettext("looking what is here already"), (last + 1) / source.size);
    }
    const here = upload.parts.length ? upload.parts.at(-1).last + 1 : 0;
    return here === upload.received; // else some parts came without their digest
  }

  // The unfinished upload of this very file, if there is one; `others` are of its name and size only.
  async function unfinishedOf(source, options, say, chosen) {
    const found = await ask("GET", `${root}?kind=${kind}&state=open`);
    const asked = (upload) => Object.keys({ ...upload.options, ...options }).every((name) => upload.options[name] === options[name]);
    const alike = (upload) => upload.size === source.size
      && (chosen ? upload.uid === chosen : upload.filename === source.name && asked(upload));
    const candidates = found.results.filter(alike);
    if (!window.crypto.subtle) return { upload: candidates.find((upload) => upload.fingerprint === source.fingerprint) };
    for (const upload of candidates) if (await holds(source, upload, say)) return { upload };
    return { others: candidates.length > 0 };
  }

  const single = (file) => ({
    name: file.name, size: file.size, fingerprint: `file:${file.size}:${file.lastModified}`,
    slice: async (from, to) => file.slice(from, to),
  });

  // ---- one line per file: what it is, how far it is, what became of it
  function line(source) {
    const item = document.createElement("li");
    const words = document.createElement("p");
    const bar = document.createElement("progress");
    words.className = "progress-words";
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", source.name);
    const name = Object.assign(document.createElement("span"), { textContent: source.name, className: "upload-name" });
    const said = Object.assign(document.createElement("span"), { className: "quiet" });
    const from = Object.assign(document.createElement("span"), { className: "quiet", hidden: true });
    words.append(name, from, said);
    item.append(words, bar);
    list.append(item);
    return {
      from(received, size) {
        from.hidden = false;
        from.textContent = interpolate(gettext("the same file: going on at %s"), [megabytes(received)]);
        bar.value = received / size;
      },
      say(text, share) { said.textContent = text; if (share !== undefined) bar.value = share; },
      wrong(text) { item.className = "upload-refused"; said.textContent = text; bar.remove(); },
      done(address) {
        const link = Object.assign(document.createElement("a"), { href: address, textContent: gettext("see what became of it") });
        said.replaceChildren(gettext("handed in: "), link);
        bar.value = 1;
      },
    };
  }

  const rest = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

  async function stubborn(shown, attempt) {
    for (let tries = 0; ; tries += 1) {
      try { return await attempt(tries); } catch (problem) {
        if (problem instanceof Refused) throw problem;
        const wait = WAIT_MS[Math.min(tries, WAIT_MS.length - 1)];
        shown.say(interpolate(gettext("the connection broke; trying again in %s s"), [Math.ceil(wait / 1000)]));
        await rest(wait);
      }
    }
  }

  async function begun(source, shown, chosen) {
    const said = [...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string" && value);
    const options = Object.fromEntries(said);
    const { upload, others } = await stubborn(shown, () => unfinishedOf(source, options, shown.say, chosen));
    if (upload) return upload;
    if (chosen) throw new Refused(gettext("This is another file: what is here of the unfinished one is not in it. Choose that file, or upload this one above."));
    const fingerprint = others ? `${source.fingerprint}:${Date.now()}` : source.fingerprint;
    const body = JSON.stringify({ kind, filename: source.name, size: source.size, fingerprint, options });
    return stubborn(shown, () => ask("POST", root, body, { "Content-Type": "application/json" }));
  }

  async function send(source, shown, chosen) {
    let upload = await begun(source, shown, chosen);
    const address = `${root}${upload.uid}/`;
    if (upload.received) shown.from(upload.received, source.size);
    while (upload.state === "open") {
      upload = await stubborn(shown, async (tries) => {
        if (tries) upload = await ask("GET", address);
        if (upload.state !== "open") return upload;
        const part = await source.slice(upload.received, Math.min(upload.received + upload.part_bytes, source.size));
        const digest = await digestOf(part);
        return ask("PATCH", address, part, {
          "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(upload.received),
          ...(digest ? { "Content-Digest": `sha-256=:${btoa(String.fromCharCode(...digest))}:` } : {}),
        });
      });
      shown.say(interpolate(gettext("%s of %s"), [megabytes(upload.received), megabytes(source.size)]), upload.received / source.size);
    }
    while (upload.state === "joining") {
      shown.say(gettext("all here; being joined"));
      await rest(400);
      upload = await stubborn(shown, () => ask("GET", address));
    }
    if (!upload.page) throw new Refused(upload.problems.map(sentence).join(" ") || upload.state);
    shown.done(upload.page);
    return upload.page;
  }

  // ---- an unfinished upload of the list: its file is chosen again
  document.querySelectorAll("[data-go-on]").forEach((button) => {
    const again = button.parentElement.querySelector("input[type=file]");
    button.hidden = false;
    button.addEventListener("click", () => again.click());
    again.addEventListener("change", () => {
      const files = [...again.files];
      if (!files.length) return;
      const source = again.webkitdirectory ? zipOf(files[0].webkitRelativePath.split("/")[0] || "folder", files) : single(files[0]);
      sendAll([source], button.dataset.goOn);
      again.value = "";
    });
  });

  // a folder alone is enough: the browser must not ask for a file beside it
  folder?.addEventListener("change", () => { form.elements.file.required = !folder.files.length; });

  let busy = false;
  window.addEventListener("beforeunload", (event) => { if (busy) event.preventDefault(); });

  form.addEventListener("submit", async (event) => {
    const files = [...form.elements.file.files].map(single);
    const chosen = folder ? [...folder.files] : [];
    if (chosen.length) files.push(zipOf(chosen[0].webkitRelativePath.split("/")[0] || "folder", chosen));
    if (!files.length) return; // the server says that nothing was chosen
    event.preventDefault();
    event.stopImmediatePropagation();
    await sendAll(files);
  }, true);

  async function sendAll(files, chosen) {
    const buttons = document.querySelectorAll("form[data-resumable] button[type=submit], [data-go-on]");
    buttons.forEach((button) => { button.disabled = true; });
    busy = true;
    const pages = [];
    for (const source of files) {
      const shown = line(source);
      try { pages.push(await send(source, shown, chosen)); } catch (problem) { shown.wrong(problem.message); }
    }
    busy = false;
    buttons.forEach((button) => { button.disabled = false; });
    if (pages.length === 1 && files.length === 1) window.location.assign(pages[0]);
  }
})();
