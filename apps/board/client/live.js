// Keeps the page up to date: merges the parts that arrive as server-sent events, so that focus, unfolded elements and scroll
// position are kept. Shows times in the reader's time zone. Without this script, the page reloads itself.

const RETRY_MS = 10_000;
/** A reader this near to the end follows the conversation. */
const NEAR_PX = 120;
const WORDS = {
  live: "live",
  "redis-unreachable": "Redis is unreachable: waiting",
  disconnected: "the board does not respond: retrying",
};

const light = document.getElementById("live");

function show(state) {
  light.hidden = false;
  light.dataset.state = state;
  light.textContent = WORDS[state] ?? "";
}

function open() {
  const source = new EventSource(document.body.dataset.live);
  source.addEventListener("state", ({ data }) => show(JSON.parse(data)));
  source.addEventListener("part", ({ data }) => applyPart(JSON.parse(data)));
  source.addEventListener("error", () => {
    show("disconnected");
    // The browser reconnects by itself, except after a response such as 503, or 401 without a session.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => void reconnect(), RETRY_MS);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

/** Reconnect. Without a session, reload the page, which shows how to sign in. */
async function reconnect() {
  const answer = await fetch(location.href, { method: "HEAD" }).catch(() => null);
  if (answer?.status === 401) location.reload();
  else open();
}

function applyPart({ id, into, html }) {
  const template = document.createElement("template");
  template.innerHTML = html;
  localizeTimes(template.content);
  const fresh = template.content.firstElementChild;
  if (fresh === null) return;
  const page = document.documentElement;
  const follows = into !== undefined && page.scrollHeight - page.clientHeight - page.scrollTop < NEAR_PX;
  const focused = document.activeElement?.id ?? "";
  const there = document.getElementById(id);
  if (there !== null) merge(there, fresh);
  else document.getElementById(into)?.append(fresh);
  if (focused !== "" && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
  if (follows) page.scrollTop = page.scrollHeight;
}

/** Replace clock times of the board's machine, and add exact times to the others. The format of sv-SE is that of ISO: 2026-11-29 15:30:02. */
function localizeTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    const local = new Date(time.dateTime).toLocaleString("sv-SE");
    if (time.className === "clock") time.textContent = local.slice(-8);
    else time.title = local;
  }
}

/** Make `old` equal to `fresh`, and keep the elements that are in both. */
function merge(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName || keyOf(old) !== keyOf(fresh)) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.nodeValue = fresh.nodeValue;
    return;
  }
  mergeAttributes(old, fresh);
  const children = [...fresh.childNodes];
  const wanted = new Set(children.map(keyOf));
  let at = old.firstChild;
  for (const child of children) {
    const key = keyOf(child);
    // Removed elements are deleted first, so that the others need not move, which would lose the focus.
    while (at !== null && keyOf(at) !== "" && !wanted.has(keyOf(at))) at = removed(at);
    const match = key === "" ? at : [...old.children].find((element) => element.id === key);
    if (!match || (key === "" && keyOf(match) !== "")) {
      old.insertBefore(child, at);
      continue;
    }
    if (match === at) at = at.nextSibling;
    else old.insertBefore(match, at);
    merge(match, child);
  }
  while (at !== null) at = removed(at);
}

function mergeAttributes(old, fresh) {
  for (const name of old.getAttributeNames()) {
    if (!fresh.hasAttribute(name) && !isReaders(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (!isReaders(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

/** What the reader has unfolded stays unfolded. */
function isReaders({ nodeName }, attribute) {
  return nodeName === "DETAILS" && attribute === "open";
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id : "";
}

function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

localizeTimes(document);
open();
