import { liveScript } from "./assets/serve.ts";
import type { Page } from "./board.ts";
import { healthPage } from "./health/page.ts";
import { metricsPage } from "./metrics/page.ts";
import { overviewPage, overviewStream } from "./overview/page.ts";

export interface Route {
  readonly method: "get" | "post";
  readonly path: string;
  /** May be seen without the password. */
  readonly open: boolean;
  readonly page: Page;
}

/** All pages but Bull Board's, which live under `/queues`. */
export const ROUTES: readonly Route[] = [
  { method: "get", path: "/", open: false, page: overviewPage },
  { method: "get", path: "/events", open: false, page: overviewStream },
  { method: "get", path: "/assets/live.js", open: false, page: liveScript },
  { method: "get", path: "/healthz", open: true, page: healthPage },
  { method: "get", path: "/metrics", open: false, page: metricsPage },
];
