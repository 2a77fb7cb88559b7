import type { RepoRef } from "@tac8/core/domain/reference";
import { webUrl } from "@tac8/core/github/urls";
import { judgeHealth, presentRunners } from "../health/judge.ts";
import { html, type Html } from "../pages/html.ts";
import { countTiles } from "./counts.ts";
import { eventList } from "./events.ts";
import { healthPills } from "./health.ts";
import { holdList } from "./holds.ts";
import type { OverviewSnapshot } from "./read.ts";
import { runnerList } from "./runners.ts";

export interface OverviewContext {
  readonly repositories: readonly (RepoRef & { readonly issueLabel: string })[];
  readonly apiUrl: string;
  /** Epoch ms. */
  readonly now: number;
}

export function overview(snapshot: OverviewSnapshot, context: OverviewContext): Html {
  const { now } = context;
  return html`<header>
      <a class="brand" href="/">tac8</a>
      <nav><a href="/queues">Queue</a></nav>
      ${healthPills(judgeHealth(snapshot.health, now), now)}
    </header>
    <main>
      ${holdList(snapshot, now)} ${countTiles(snapshot.counts)}
      <div class="columns">
        <section class="wide">
          <h2>What happened</h2>
          ${eventList(snapshot.events, context)}
        </section>
        <div>
          <section>
            <h2>Runners</h2>
            ${runnerList(presentRunners(snapshot.health.runners, now), now)}
          </section>
          <section>
            <h2>Repositories</h2>
            ${repositoryList(context)}
          </section>
        </div>
      </div>
    </main>`;
}

function repositoryList({ repositories, apiUrl }: OverviewContext): Html {
  const items = repositories.map((repo) => {
    const issues = `${webUrl(apiUrl, repo)}/issues`;
    return html`<li>
      <a href="${issues}">${repo.owner}/${repo.repo}</a>
      <span class="chip">${repo.issueLabel}</span>
    </li>`;
  });
  return html`<ul class="rows">
    ${items}
  </ul>`;
}
