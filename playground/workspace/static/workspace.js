// Makes the page live. Everything here improves forms and links that work without it.
"use strict";

const LIVE = { "X-Live": "1" };
const drawn = new WeakMap(); // element -> the HTML the server last gave for it

// ---- redrawing -----------------------------------------------------------------------------------------

// One after the other, so that an older answer never paints over a newer one.
let painting = Promise.resolve();

function refresh() {
  painting = painting.then(paint, paint);
  return painting;
}

// Nothing is redrawn under a finger: what is pressed must still be there when it is let go.
let held = Promise.resolve();
let letGo = () => {};
addEventListener("pointerdown", () => {
  letGo();
  held = new Promise((resolve) => { letGo = resolve; });
  setTimeout(letGo, 2000); // a pointer that left the window may never be let go here
}, true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(letGo), true);

async function paint() {
  const answer = await fetch(location.href, { headers: LIVE, redirect: "error" });
  if (!answer.ok) return;
  await held;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const name of ["places", "notices", "home", "messages", "modal"]) {
    const [now, next] = [document, fresh].map((d) => d.querySelector(`[data-region="${name}"]`));
    if (now && next) (name === "messages" || name === "modal" ? keyed : whole)(now, next);
  }
  document.title = fresh.title;
}

function whole(now, next) {
  if (drawn.get(now) === next.innerHTML) return;
  const typed = values(now);
  drawn.set(now, next.innerHTML);
  keepFocus(() => now.replaceChildren(...next.childNodes));
  restore(now, typed);
}

// Children with a data-key are replaced one by one, so that what a person is using stays in place.
function keyed(now, next) {
  const atEnd = now.scrollHeight - now.scrollTop - now.clientHeight < 60;
  const have = new Map([...now.children].map((child) => [child.dataset.key, child]));
  let place = null;
  for (const child of [...next.children]) {
    let mine = have.get(child.dataset.key);
    have.delete(child.dataset.key);
    if (!mine || drawn.get(mine) !== child.outerHTML) {
      const typed = mine ? values(mine) : null;
      const html = child.outerHTML;
      const scrolled = mine && mine.querySelector(".fields") ? mine.querySelector(".fields").scrollTop : 0;
      const isModal = child.tagName === "DIALOG";
      const put = () => {
        if (mine) mine.replaceWith(child);
        else if (place) place.after(child);
        else now.prepend(child);
        if (isModal) show(child);
        if (typed) restore(child, typed);
      };
      if (mine || !isModal) keepFocus(put);
      else put();
      if (scrolled) child.querySelector(".fields").scrollTop = scrolled;
      drawn.set(child, html);
      mine = child;
    }
    place = mine;
  }
  for (const gone of have.values()) {
    gone.remove();
    const composer = document.getElementById("text");
    if (gone.tagName === "DIALOG" && composer && !now.firstElementChild) composer.focus();
  }
  if (atEnd) now.scrollTop = now.scrollHeight;
}

// Does `change`, then puts the focus (and the cursor in a text) back where it was.
function keepFocus(change) {
  const { id, name, value, tagName, selectionStart, selectionEnd } = document.activeElement || {};
  change();
  const again = id ? document.getElementById(id)
    : name === "_act" ? document.querySelector(`button[name="_act"][value="${CSS.escape(value)}"]`) : null;
  if (!again || tagName === "BODY") return;
  again.focus({ preventScroll: true });
  if (typeof selectionStart === "number" && again.setSelectionRange) again.setSelectionRange(selectionStart, selectionEnd);
}

// What a person typed since the server last drew the form must survive a redraw.
function values(root) {
  const kept = new Map();
  for (const field of root.querySelectorAll("input:not([type=hidden]), textarea, select")) {
    const before = field.multiple ? [...field.options].filter((o) => o.defaultSelected).map((o) => o.value).join("\n")
      : field.options ? ([...field.options].find((o) => o.defaultSelected) || field.options[0] || {}).value
      : field.type === "radio" || field.type === "checkbox" ? field.defaultChecked : field.defaultValue;
    const now = field.multiple ? [...field.selectedOptions].map((o) => o.value).join("\n")
      : field.type === "radio" || field.type === "checkbox" ? field.checked : field.value;
    if (before !== now) kept.set(`${field.name}=${field.type === "radio" || field.type === "checkbox" ? field.value : ""}`, now);
  }
  return kept;
}

function restore(root, kept) {
  for (const [key, value] of kept) {
    const cut = key.lastIndexOf("=");
    const [name, option] = [key.slice(0, cut), key.slice(cut + 1)];
    for (const field of root.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "hidden") continue;
      if (field.type === "radio" || field.type === "checkbox") { if (field.value === option) field.checked = value; }
      else if (field.multiple) for (const o of field.options) o.selected = value.split("\n").includes(o.value);
      else field.value = value;
    }
  }
}

// ---- acting --------------------------------------------------------------------------------------------

// One after the other, as a person does things: a button pressed while the form still tells the bot what was typed
// waits for that. Pressing the same one again meanwhile is pressing it once.
let acting = Promise.resolve();
const waiting = new Set();

function act(form, submitter, extra = {}) {
  const what = `${form.getAttribute("action")} ${submitter ? `${submitter.name}=${submitter.value}` : extra._act}`;
  if (submitter && waiting.has(what)) return acting;
  if (submitter) clearTimeout(typing); // what was typed last goes with the button
  waiting.add(what);
  // What stands in the form now, before an answer to something earlier draws it anew.
  const body = new URLSearchParams(new FormData(form, submitter && submitter.form === form ? submitter : undefined));
  for (const [name, value] of Object.entries(extra)) body.set(name, value);
  acting = acting.catch(() => {}).then(() => send(form, submitter, body)).finally(() => waiting.delete(what));
  return acting;
}

async function send(form, submitter, body) {
  const chosen = submitter ? submitter.dataset.choose : undefined;
  form.setAttribute("aria-busy", "true");
  try {
    const query = chosen === undefined ? "" : `?choose=${encodeURIComponent(chosen)}`;
    const answer = await fetch(new URL(form.getAttribute("action") + query, location.origin), { method: "POST", body, headers: LIVE });
    if (answer.ok && form.matches(".composer")) form.reset();
  } finally {
    form.removeAttribute("aria-busy");
  }
  await refresh();
  // What is wrong with a form may stand where one does not look.
  const wrong = submitter && submitter.value === "submit" && document.querySelector(".modal [aria-invalid=true]");
  if (wrong) wrong.scrollIntoView({ block: "center" });
}

function asks(element) {
  return element && element.dataset.confirmTitle !== undefined;
}

async function sure(element) {
  const dialog = document.getElementById("confirm");
  const [no, yes] = dialog.querySelectorAll("button");
  document.getElementById("confirm-title").textContent = element.dataset.confirmTitle;
  document.getElementById("confirm-text").textContent = element.dataset.confirmText;
  no.textContent = element.dataset.confirmNo;
  yes.textContent = element.dataset.confirmYes;
  yes.className = element.dataset.confirmStyle || "primary";
  dialog.returnValue = "no";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  return dialog.returnValue === "yes";
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  const pressed = event.submitter;
  if (asks(pressed) && !(await sure(pressed))) return;
  if (pressed && pressed.dataset.url) window.open(pressed.dataset.url, "_blank", "noopener,noreferrer");
  await act(form, pressed);
});

let typing = 0;

document.addEventListener("change", async (event) => {
  const field = event.target;
  if (field.id === "actas") { location.href = `/?as=${encodeURIComponent(field.value)}&from=${encodeURIComponent(document.body.dataset.at)}`; return; }
  if (field.dataset.dispatch !== "change") return;
  if (asks(field) && !(await sure(field))) { await refresh(); return; }
  await act(field.form, null, { _act: field.name });
});

document.addEventListener("input", (event) => {
  const field = event.target;
  const late = (what) => { clearTimeout(typing); typing = setTimeout(what, 300); };
  if (field.dataset.dispatch === "type") late(() => act(field.form, null, { _act: field.name }));
  if (field.dataset.optionsFor) late(() => suggest(field));
});

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key === "Enter" && field.dataset && field.dataset.dispatch === "enter" && field.tagName === "INPUT") {
    event.preventDefault();
    act(field.form, null, { _act: field.name });
  }
  if (event.key === "Enter" && field.dataset && field.dataset.optionsFor) event.preventDefault();
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.overflow[open]")) menu.open = false;
});

async function suggest(field) {
  if (field.value.length < Number(field.dataset.min)) return;
  const form = new FormData(field.form);
  const body = new URLSearchParams({ name: field.dataset.optionsFor, value: field.value });
  for (const name of ["as", "at", "view", "ts"]) body.set(name, form.get(name) || "");
  const answer = await fetch("/options", { method: "POST", body, headers: LIVE });
  if (!answer.ok) return;
  const select = field.form.querySelector(`select[name="${CSS.escape(field.dataset.optionsFor)}"]`);
  const known = new Set([...select.options].map((option) => option.value));
  const found = await answer.json();
  for (const { value, text } of found) if (!known.has(value)) select.add(new Option(text, value));
  for (const option of select.options) {
    option.hidden = Boolean(option.value) && !option.selected && !found.some((o) => o.value === option.value);
  }
}

// ---- the modal -----------------------------------------------------------------------------------------

function show(dialog) {
  dialog.removeAttribute("open");
  dialog.showModal(); // the browser keeps the focus inside
  const first = dialog.querySelector("[autofocus], [aria-invalid=true], .fields input:not([type=hidden]), .fields select, .fields textarea");
  if (first) first.focus();
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    dialog.querySelector("[data-close]").click();
  });
}

// ---- start ---------------------------------------------------------------------------------------------

for (const region of document.querySelectorAll("[data-region]")) {
  drawn.set(region, region.innerHTML);
  for (const child of region.children) drawn.set(child, child.outerHTML);
}
const open = document.querySelector("dialog.modal");
if (open) show(open);
const messages = document.querySelector(".messages");
if (messages) messages.scrollTop = messages.scrollHeight;
const text = document.getElementById("text");
if (text && !open) text.focus();

let pending = false;
let stream = null;

function listen() {
  stream = new EventSource("/live");
  stream.addEventListener("changed", async () => {
    if (pending) return; // one redraw at a time; what came meanwhile is in the next
    pending = true;
    await new Promise((done) => setTimeout(done, 40));
    pending = false;
    await refresh();
  });
}

// A browser keeps six connections to one host: hidden windows let go of theirs.
document.addEventListener("visibilitychange", () => {
  if (stream) stream.close();
  stream = null;
  if (!document.hidden) listen();
});
if (!document.hidden) listen();
