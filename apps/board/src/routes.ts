import { endOneHold } from "./actions/endHold.ts";
import { pauseEverything, pauseOneRunner, resumeEverything, resumeOneRunner } from "./actions/pause.ts";
import { retryAgain } from "./actions/retry.ts";
import { stopAtOnce, stopGently } from "./actions/stop.ts";
import type { AccessLevel } from "./access/decide.ts";
import { loginPage, openLink, signIn } from "./access/signIn.ts";
import { script } from "./assets/serve.ts";
import type { Page } from "./services/board.ts";
import { healthPage } from "./health/page.ts";
import { issuePage } from "./issue/page.ts";
import { issueRedirect } from "./issue/redirect.ts";
import { issueStream } from "./issue/stream.ts";
import { metricsPage } from "./metrics/page.ts";
import { overviewPage, overviewStream } from "./overview/page.ts";

export interface Route {
  readonly method: "get" | "post";
  readonly path: string;
  /** The required credentials. */
  readonly requires: AccessLevel;
  readonly page: Page;
}

const ISSUE = "/issues/:owner/:repo/:number";

/** All pages except those of Bull Board, which are below `/queues`. */
export const ROUTES: readonly Route[] = [
  { method: "get", path: "/", requires: "board", page: overviewPage },
  { method: "get", path: "/events", requires: "board", page: overviewStream },
  { method: "get", path: ISSUE, requires: "board", page: issuePage },
  { method: "get", path: `${ISSUE}/events`, requires: "board", page: issueStream },
  { method: "get", path: "/issues/:ref", requires: "board", page: issueRedirect },
  { method: "post", path: `${ISSUE}/stop`, requires: "board", page: stopGently },
  { method: "post", path: `${ISSUE}/stop-now`, requires: "board", page: stopAtOnce },
  { method: "post", path: `${ISSUE}/retry`, requires: "board", page: retryAgain },
  { method: "post", path: "/pause", requires: "board", page: pauseEverything },
  { method: "post", path: "/resume", requires: "board", page: resumeEverything },
  { method: "post", path: "/holds/:hold/end", requires: "board", page: endOneHold },
  { method: "post", path: "/runners/:runner/pause", requires: "board", page: pauseOneRunner },
  { method: "post", path: "/runners/:runner/resume", requires: "board", page: resumeOneRunner },
  { method: "get", path: "/assets/live.js", requires: "board", page: script("live.js") },
  { method: "get", path: "/assets/queue.js", requires: "board", page: script("queue.js") },
  { method: "get", path: "/open", requires: "open", page: openLink },
  { method: "get", path: "/login", requires: "open", page: loginPage },
  { method: "post", path: "/login", requires: "open", page: signIn },
  { method: "get", path: "/healthz", requires: "open", page: healthPage },
  { method: "get", path: "/metrics", requires: "metrics", page: metricsPage },
];
