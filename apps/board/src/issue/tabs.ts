import type { AgentRun } from "@tac8/core/state/issueState";
import { html, type Html } from "../pages/html.ts";
import { issuePath } from "../pages/issueLink.ts";
import type { IssueSnapshot } from "./issueSnapshot.ts";

/** The part of the issue that is shown below its head. */
export interface Shown {
  /** `newest` follows the newest run, the number of a run shows that run, and `diff` shows the diff. */
  readonly asked: string;
  /** Null: there is no run yet, or the diff is shown. */
  readonly run: AgentRun | null;
}

/** Return the part that `?show=` requests; the newest run if it is missing or unknown. */
export function shownOf(query: Readonly<Record<string, unknown>>, { runs }: Pick<IssueSnapshot, "runs">): Shown {
  const asked = query["show"];
  if (asked === "diff") return { asked, run: null };
  const run = runs.find(({ n }) => String(n) === asked);
  return run === undefined ? { asked: "newest", run: runs.at(-1) ?? null } : { asked: String(run.n), run };
}

/** Links to the runs and the diff, each of which has its own address. */
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
