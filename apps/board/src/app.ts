import express, { type Express } from "express";
import type { ThrottledLog } from "@tac8/core/log/throttleLog";
import { accessGuard } from "./access/guard.ts";
import type { AccessRules } from "./access/decide.ts";
import type { Board } from "./services/board.ts";
import { answerWithin } from "./http/answerWithin.ts";
import { errorHandler, notFound } from "./http/errors.ts";
import { securityHeaders } from "./http/securityHeaders.ts";
import { queuePages } from "./queues/pages.ts";
import { ROUTES } from "./routes.ts";

/** Maximum time for a whole page. The single waits of a page are shorter. */
const ANSWER_MS = 10_000;
const MAX_FORM = "8kb";

export function createApp(board: Board, rules: AccessRules, log: ThrottledLog): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(securityHeaders);
  // The board's forms send a token, or a password and a path.
  app.post(/^(?!\/queues)/, express.urlencoded({ extended: false, limit: MAX_FORM, parameterLimit: 10 }));
  app.use(
    accessGuard({ access: board.access, rules, levels: new Map(ROUTES.map(({ path, requires }) => [path, requires])) }),
  );
  app.use(answerWithin(ANSWER_MS));
  for (const { method, path, page } of ROUTES) {
    app[method](path, (request, response) => page(board, request, response));
  }
  app.use("/queues", queuePages(board));
  app.use(notFound);
  app.use(errorHandler(log));
  return app;
}
