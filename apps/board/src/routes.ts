import { endOneHold } from "./actions/endHold.ts";
import { pauseEverything, pauseOneRunner, resumeEverything, resumeOneRunner } from "./actions/pause.ts";
import { retryAgain } from "./actions/retry.ts";
import { stopAtOnce, stopGently } from "./actions/stop.ts";
import type { Door } from "./access/decide.ts";
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
  readonly door: Door;
  readonly page: Page;
}

const ISSUE = "/issues/:owner/:repo/:number";

/** All pages except those of Bull Board, which are below `/queues`. */
export const ROUTES: readonly Route[] = [
  { method: "get", path: "/", door: "board", page: overviewPage },
  { method: "get", path: "/events", door: "board", page: overviewStream },
  { method: "get", path: ISSUE, door: "board", page: issuePage },
  { method: "get", path: `${ISSUE}/events`, door: "board", page: issueStream },
  { method: "get", path: "/issues/:ref", door: "board", page: issueRedirect },
  { method: "post", path: `${ISSUE}/stop`, door: "board", page: stopGently },
  { method: "post", path: `${ISSUE}/stop-now`, door: "board", page: stopAtOnce },
  { method: "post", path: `${ISSUE}/retry`, door: "board", page: retryAgain },
  { method: "post", path: "/pause", door: "board", page: pauseEverything },
  { method: "post", path: "/resume", door: "board", page: resumeEverything },
  { method: "post", path: "/holds/:hold/end", door: "board", page: endOneHold },
  { method: "post", path: "/runners/:runner/pause", door: "board", page: pauseOneRunner },
  { method: "post", path: "/runners/:runner/resume", door: "board", page: resumeOneRunner },
  { method: "get", path: "/assets/live.js", door: "board", page: script("live.js") },
  { method: "get", path: "/assets/queue.js", door: "board", page: script("queue.js") },
  { method: "get", path: "/open", door: "open", page: openLink },
  { method: "get", path: "/login", door: "open", page: loginPage },
  { method: "post", path: "/login", door: "open", page: signIn },
  { method: "get", path: "/healthz", door: "open", page: healthPage },
  { method: "get", path: "/metrics", door: "metrics", page: metricsPage },
];
