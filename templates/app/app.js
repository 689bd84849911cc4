"use strict";
// Everything works without this script; with it, forms and links marked data-live replace one part of the page.
const plain = { createHTML: (text) => text };
const policy = self.trustedTypes?.createPolicy("newsfeed", plain) || plain;
// Translated into the reader's language when this file is served.
const phrases = ["newsfeed does not answer. Is it still running?", "That did not work.", "new", "nothing new", "of", "Read aloud", "Stop", "Copied."];
const [SILENT, FAILED, NEW, NONE, OF, READ, STOP, COPIED] = phrases;
const STORY = "article, .also li";
const openers = {};
const on = addEventListener, $ = (id) => document.getElementById(id);
const say = (text) => { $("said").textContent = ""; setTimeout(() => { $("said").textContent = text; }, 50); };

async function replace(id, address, options, key) {
  const answer = await fetch(address, { ...options, headers: { "X-Live": "1" } }).catch(() => {});
  if (!answer) return say(SILENT);
  const said = answer.headers.get("X-Said");
  const old = $(id), made = document.createElement("template");
  made.innerHTML = policy.createHTML(await answer.text());
  const fresh = made.content.getElementById(id);
  if (!fresh || !old) return say(made.content.querySelector("[role=alert]")?.innerText.trim() || FAILED);
  old.replaceWith(fresh);
  const next = (key && fresh.querySelector(`[data-key="${key}"]`)) || (fresh.matches("[tabindex]") ? fresh : null);
  next?.focus({ preventScroll: true });
  if (said) say(decodeURIComponent(said));
}

on("submit", (event) => {
  const { target: form, submitter: button } = event;
  if (!form.dataset.live) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form, button));
  if (form.method === "get") {
    const address = `${form.action}?${fields}`;
    history.replaceState(null, "", address);
    replace(form.dataset.live, address, {}, button?.dataset.key);
  } else replace(form.dataset.live, form.action, { method: "POST", body: fields }, button?.dataset.key);
});

on("input", (event) => {
  const { form, type, value, dataset, nextElementSibling } = event.target;
  if (type === "range") nextElementSibling.value = dataset.unit ? `${value} %` : value;
  if (!form?.dataset.auto) return;
  clearTimeout(form.timer);
  form.timer = setTimeout(() => form.requestSubmit(), 250);
});

on("click", (event) => {
  const near = (what) => event.target.closest(what);
  const close = near("[data-close]");
  if (close) {
    const panel = close.closest(".panel");
    panel.replaceChildren();
    panel.classList.remove("open");
    openers[panel.id]?.focus();
    return;
  }
  const copy = near("[data-copy]");
  // Not by the clipboard's own interface, which a page over plain http has not.
  if (copy) { $(copy.dataset.copy).select(); say(document.execCommand("copy") ? COPIED : FAILED); }
  const link = near("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.dataset.live) { event.preventDefault(); openers[link.dataset.live] = link; replace(link.dataset.live, link.href, {}); }
});

// Opened and passed-on stories are counted without delaying the link.
const count = (event) => {
  const link = event.target.closest?.("article a.u-url, .also li > a, a[data-person]");
  const bar = link?.closest(STORY).querySelector(".bar");
  if (!bar || event.button > 1) return;
  const person = link.dataset.person, token = bar.querySelector("[name=token]").value;
  navigator.sendBeacon(person ? "/passed" : "/open", new URLSearchParams({ token, item: bar.dataset.ref, ...(person && { person }) }));
};
on("click", count);
on("auxclick", count);

// Keys, off until switched on.
const keys = $("keys");
if (keys) {
  keys.checked = localStorage.keys === "on";
  keys.addEventListener("change", () => { localStorage.keys = keys.checked ? "on" : "off"; });
  let at = -1;
  on("keydown", (event) => {
    if (!keys.checked || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    const stories = [...document.querySelectorAll(STORY)];
    const here = document.activeElement.closest(STORY);
    if (here) at = stories.indexOf(here);
    if ("jk".includes(event.key)) { at = Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), stories.length - 1); stories[at]?.querySelector("a")?.focus(); }
    else if (event.key === "o") stories[at]?.querySelector("a.u-url, :scope > a")?.click();
    else if ("sldw".includes(event.key)) stories[at]?.querySelector(`[data-key=${event.key}]`)?.click();
    else if (event.key === "?") keys.focus();
    else return;
    event.preventDefault();
  });
}

// Links to feeds, which the browser hands over if it is allowed to.
const handler = $("handler");
if (handler && navigator.registerProtocolHandler) {
  handler.hidden = false;
  handler.lastElementChild.onclick = () => navigator.registerProtocolHandler("web+feed", `${location.origin}/sources/add?url=%s`);
}

// The progress of a refresh.
const work = $("live-refresh");
if (work) {
  let done = 0, total = +work.dataset.total;
  $("told").replaceChildren();
  const source = new EventSource("/refresh/events");
  source.onmessage = ({ data }) => {
    const sign = JSON.parse(data);
    total = sign.total ?? total;
    if (sign.step) $("step").textContent = sign.step;
    if (sign.done) {
      done += 1;
      const line = document.createElement("li");
      line.className = sign.outcome;
      line.textContent = `${sign.done}: ${sign.trouble || (sign.new ? `${sign.new} ${NEW}` : NONE)}`;
      $("told").prepend(line);
    }
    $("progress").max = total || 1; $("progress").value = done; $("count").textContent = `${done} ${OF} ${total}`;
  };
  source.onerror = () => say(SILENT);
  source.addEventListener("end", () => { source.close(); location.reload(); });
}

// Reading aloud, only with voices of this machine.
const listen = $("listen");
if (listen && self.speechSynthesis) {
  const voice = () => { const all = speechSynthesis.getVoices().filter((v) => v.localService); return all.find((v) => v.lang.startsWith(document.documentElement.lang)) || all[0]; };
  const look = () => { listen.hidden = !voice(); };
  look(); speechSynthesis.addEventListener("voiceschanged", look);
  const button = listen.querySelector("button");
  button.addEventListener("click", () => {
    if (speechSynthesis.speaking) { speechSynthesis.cancel(); button.textContent = READ; return; }
    button.textContent = STOP;
    const stories = [...document.querySelectorAll("article")];
    const next = () => {
      const story = stories.shift();
      if (!story) { button.textContent = READ; return; }
      const words = new SpeechSynthesisUtterance([...story.querySelectorAll("h3, blockquote, .p-summary")].map((e) => e.textContent).join(". "));
      words.voice = voice(); words.onend = next; story.scrollIntoView({ block: "center" }); speechSynthesis.speak(words);
    };
    next();
  });
}
