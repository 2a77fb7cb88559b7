import type { Issue, Repository } from "../model.ts";
import { fullName, type Store } from "../store.ts";
import { document, markup, type Html } from "./html.ts";

/** All repositories. */
export function homePage(store: Store): string {
  const items = [...store.repositories.values()].map((repository) => {
    const open = [...repository.issues.values()].filter(({ state, deleted }) => state === "open" && !deleted);
    const pulls = open.filter(({ pull }) => pull !== undefined).length;
    const counts = `${open.length - pulls} open issues, ${pulls} open pull requests`;
    return markup`<li>
      <a href="/${fullName(repository)}"><b>${fullName(repository)}</b></a> <span class="dim">${counts}</span>
    </li>`;
  });
  const main = markup`<h1>Repositories</h1>
    <ul class="list">
      ${items}
    </ul>
    <p class="dim">This GitHub lives on your machine: nothing here leaves it.</p>`;
  return document({ title: "Local GitHub", trail: markup``, main });
}

/** A repository's pull requests and issues. */
export function repositoryPage(repository: Repository): string {
  const all = [...repository.issues.values()]
    .filter(({ deleted, movedTo }) => !deleted && movedTo === null)
    .toReversed();
  const rows = (issues: readonly Issue[]): Html =>
    issues.length === 0
      ? markup`<p class="dim">None yet.</p>`
      : markup`<ul class="list">
          ${issues.map((issue) => row(repository, issue))}
        </ul>`;
  const main = markup`<h1>${fullName(repository)}</h1>
    <p class="dim"><code>git clone &lt;this server&gt;/${fullName(repository)}.git</code></p>
    <h2>Pull requests</h2>
    ${rows(all.filter(({ pull }) => pull !== undefined))}
    <h2>Issues</h2>
    ${rows(all.filter(({ pull }) => pull === undefined))}`;
  return document({ title: fullName(repository), trail: markup`/ ${fullName(repository)}`, main });
}

function row(repository: Repository, issue: Issue): Html {
  const where = `/${fullName(repository)}/${issue.pull === undefined ? "issues" : "pull"}/${issue.number}`;
  const shown = issue.comments.length === 1 ? "1 comment" : `${issue.comments.length} comments`;
  return markup`<li>
    ${state(issue)} <a href="${where}">${issue.title}</a> ${labels(issue)}
    <div class="dim">#${issue.number} by ${issue.author}, ${shown}</div>
  </li>`;
}

export function state(issue: Issue): Html {
  const word = issue.pull?.merged === true ? "merged" : issue.state;
  return markup`<span class="state ${word}">${word}</span>`;
}

export const labels = (issue: Issue): Html[] =>
  issue.labels.map((label) => markup`<span class="label">${label}</span>`);
