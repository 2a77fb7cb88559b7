import { endOneHold } from "./actions/endHold.ts";
import { pauseEverything, pauseOneRunner, resumeEverything, resumeOneRunner } from "./actions/pause.ts";
import { retryAgain } from "./actions/retry.ts";
import { stopAtOnce, stopGently } from "./actions/stop.ts";
import { script } from "./assets/serve.ts";
import type { Page } from "./board.ts";
import { healthPage } from "./health/page.ts";
import { issuePage } from "./issue/page.ts";
import { issueRedirect } from "./issue/redirect.ts";
import { issueStream } from "./issue/stream.ts";
import { metricsPage } from "./metrics/page.ts";
import { overviewPage, overviewStream } from "./overview/page.ts";

export interface Route {
  readonly method: "get" | "post";
  readonly path: string;
  /** May be seen without the password. */
  readonly open: boolean;
  readonly page: Page;
}

const ISSUE = "/issues/:owner/:repo/:number";

/** All pages but Bull Board's, which live under `/queues`. */
export const ROUTES: readonly Route[] = [
  { method: "get", path: "/", open: false, page: overviewPage },
  { method: "get", path: "/events", open: false, page: overviewStream },
  { method: "get", path: ISSUE, open: false, page: issuePage },
  { method: "get", path: `${ISSUE}/events`, open: false, page: issueStream },
  { method: "get", path: "/issues/:ref", open: false, page: issueRedirect },
  { method: "post", path: `${ISSUE}/stop`, open: false, page: stopGently },
  { method: "post", path: `${ISSUE}/stop-now`, open: false, page: stopAtOnce },
  { method: "post", path: `${ISSUE}/retry`, open: false, page: retryAgain },
  { method: "post", path: "/pause", open: false, page: pauseEverything },
  { method: "post", path: "/resume", open: false, page: resumeEverything },
  { method: "post", path: "/holds/:hold/end", open: false, page: endOneHold },
  { method: "post", path: "/runners/:runner/pause", open: false, page: pauseOneRunner },
  { method: "post", path: "/runners/:runner/resume", open: false, page: resumeOneRunner },
  { method: "get", path: "/assets/live.js", open: false, page: script("live.js") },
  { method: "get", path: "/assets/queue.js", open: false, page: script("queue.js") },
  { method: "get", path: "/healthz", open: true, page: healthPage },
  { method: "get", path: "/metrics", open: false, page: metricsPage },
];
