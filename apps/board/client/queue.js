// In Bull Board: add a link from each job to the page of its issue, and send the page's token with each request.

const token = document.querySelector('meta[name="csrf"]').content;
globalThis.XMLHttpRequest = class extends XMLHttpRequest {
  send(body) {
    this.setRequestHeader("x-csrf-token", token);
    super.send(body);
  }
};

const JOB = /\/queues\/queue\/issues\/([^/?#.]+)\.([^/?#]+)\.(\d+)(?:[?#]|$)/;
const TEXT = "Conversation";

function pageOf(address) {
  const [, owner, repo, number] = JOB.exec(address) ?? [];
  return number === undefined ? null : `/issues/${owner}/${repo}/${number}`;
}

/** The link of the job that is shown, outside the elements that Bull Board draws. */
const here = document.createElement("a");
here.textContent = TEXT;
here.style.cssText =
  "position: fixed; right: 1rem; bottom: 1rem; padding: .5rem 1rem; border-radius: .5rem; background: #4338ca; color: #fff";

function check() {
  for (const anchor of document.querySelectorAll('a[href*="/queue/issues/"]')) {
    const page = pageOf(anchor.href);
    if (page === null || anchor.dataset.issue === page) continue;
    if (anchor.dataset.issue !== undefined) anchor.nextSibling.remove();
    anchor.dataset.issue = page;
    const link = document.createElement("a");
    link.href = page;
    link.textContent = TEXT;
    link.style.cssText = "margin-left: .75rem; font-size: .85rem; text-decoration: underline; color: inherit";
    anchor.after(link);
  }
  const page = pageOf(location.href);
  if (page === null) here.remove();
  else if (here.getAttribute("href") !== page || !here.isConnected) {
    here.href = page;
    document.body.append(here);
  }
}

new MutationObserver(check).observe(document.documentElement, { childList: true, subtree: true });
