import type { AgentRun } from "@tac8/core/state/issueState";
import { html, type Html } from "../pages/html.ts";
import { issuePath } from "../pages/issueLink.ts";
import type { IssueSnapshot } from "./issueSnapshot.ts";

/** What of the issue is shown below its head. */
export interface Shown {
  /** `newest` follows the newest run, whichever that is; a run's number stays with it; `diff`. */
  readonly asked: string;
  /** null: there is none yet, or the diff is shown. */
  readonly run: AgentRun | null;
}

/** What the address asks for; the newest run, where it asks for nothing or for what is not there. */
export function shownOf(query: Readonly<Record<string, unknown>>, { runs }: Pick<IssueSnapshot, "runs">): Shown {
  const asked = query["show"];
  if (asked === "diff") return { asked, run: null };
  const run = runs.find(({ n }) => String(n) === asked);
  return run === undefined ? { asked: "newest", run: runs.at(-1) ?? null } : { asked: String(run.n), run };
}

/** The runs, and the diff: links, so that each is a page of its own. */
export function tabs({ ref, runs, hasDiff, live }: IssueSnapshot, { asked, run }: Shown): Html {
  const path = issuePath(ref);
  const current = (is: boolean) => is && html`aria-current="page"`;
  const newest = runs.at(-1)?.n;
  return html`<nav id="tabs" class="tabs" aria-label="Runs">
    ${runs.map(
      (each) =>
        html`<a
          id="tab-${each.n}"
          href="${path}${each.n !== newest && `?show=${each.n}`}"
          title="${each.runner}"
          ${current(run?.n === each.n)}
          >Run ${each.n}${live?.run === each.run && ", live"}</a
        >`,
    )}
    ${hasDiff && html`<a id="tab-diff" href="${path}?show=diff" ${current(asked === "diff")}>Diff</a>`}
    ${asked !== "diff" && html`<a id="tab-end" class="to-end" href="#end">To the end ↓</a>`}
  </nav>`;
}
