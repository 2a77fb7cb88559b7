import type { Page } from "./board.ts";
import { healthPage } from "./health/page.ts";
import { overviewPage } from "./overview/page.ts";

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
  { method: "get", path: "/healthz", open: true, page: healthPage },
];
