import type { Issue, Repository } from "../model.ts";
import { time } from "../present.ts";
import { fullName, type Store } from "../store.ts";
import { document, markup, type Html } from "./html.ts";
import { labels, state } from "./lists.ts";
import { readable, readableDiff } from "./text.ts";

const MOST_DIFF = 200_000;

/** An issue or a pull request: what was said, its diff, and a form for the owner. */
export async function issuePage(options: { store: Store; repository: Repository; issue: Issue }): Promise<string> {
  const { repository, issue } = options;
  const name = fullName(repository);
  const shown = issue.comments.map(({ id, author, body, createdAt }) => card({ id, author, body, at: createdAt }));
  const main = markup`<h1>${issue.title} <span class="dim">#${issue.number}</span></h1>
    <p>${state(issue)} ${labels(issue)}</p>
    ${branches(issue)} ${card({ id: 0, author: issue.author, body: issue.body ?? "", at: issue.createdAt })}
    ${shown}${await changes(options)}${happened(issue)}`;
  const trail = markup`/ <a href="/${name}">${name}</a> / #${issue.number}`;
  return document({ title: `${issue.title} · ${name}`, trail, main, rest: forms(repository, issue) });
}

function card({ id, author, body, at }: { id: number; author: string; body: string; at: number }): Html {
  const anchor = id === 0 ? "body" : `issuecomment-${id}`;
  return markup`<div class="card" id="${anchor}">
    <div class="dim"><b>${author}</b> ${time(at)}</div>
    <div>${readable(body)}</div>
  </div>`;
}

function branches({ pull }: Issue): Html {
  if (pull === undefined) return markup``;
  const draft = pull.draft ? "draft, " : "";
  return markup`<p class="dim">${draft}<code>${pull.head}</code> into <code>${pull.base}</code></p>`;
}

async function changes(options: { store: Store; repository: Repository; issue: Issue }): Promise<Html> {
  const { store, repository, issue } = options;
  if (issue.pull === undefined) return markup``;
  const { headSha, baseSha } = issue.pull;
  const args = ["diff", "--no-color", "--no-ext-diff", `${baseSha}...${headSha}`];
  const { stdout } = await store.git.run({ dir: repository.dir, args, codes: [0, 128] });
  const cut = stdout.length > MOST_DIFF ? `${stdout.slice(0, MOST_DIFF)}\n(cut)` : stdout;
  return markup`<h2>Changes</h2>
    ${readableDiff(cut)}`;
}

function happened(issue: Issue): Html {
  const lines = issue.events.map(
    ({ event, actor, label = "", at }) => markup`<li class="dim">${time(at)} <b>${actor}</b> ${event} ${label}</li>`,
  );
  return lines.length === 0
    ? markup``
    : markup`<h2>Events</h2>
        <ul class="list">
          ${lines}
        </ul>`;
}

function forms(repository: Repository, issue: Issue): Html {
  const close = issue.state === "open" ? "close" : "reopen";
  const closing = issue.pull?.merged === true ? markup`` : markup`<button name="do" value="${close}">${close}</button>`;
  const merge =
    issue.pull !== undefined && issue.state === "open"
      ? markup`<button name="do" value="merge">merge</button>`
      : markup``;
  return markup`<section class="act">
    <h2>Act as ${repository.owner}</h2>
    <form method="post">
      <textarea name="body" rows="4" placeholder="Write a comment" aria-label="Comment"></textarea>
      <div class="row"><button name="do" value="comment">comment</button>${closing}${merge}</div>
    </form>
    <form method="post" class="row">
      <input name="label" aria-label="Label" value="rpi-auto" /> <button name="do" value="label">add label</button
      ><button name="do" value="unlabel">remove label</button>
    </form>
  </section>`;
}
