import { messageOf } from "@tac8/core/domain/messageOf";
import type { ErrorRequestHandler, RequestHandler } from "express";
import type { ThrottledLog } from "@tac8/core/log/throttleLog";
import { problemPage, redisUnreachablePage } from "../pages/problem.ts";
import { RedisUnreachable } from "../redis/unreachable.ts";
import { NotFound } from "./notFound.ts";

export const notFound: RequestHandler = (_request, response) => {
  problemPage(response, { status: 404, title: "Page not found", message: "This board has no such page." });
};

/**
 * Return the last handler, which sends an error page, and logs one line if the error is not the client's. Express recognizes it
 * by its four parameters.
 */
export function errorHandler(log: ThrottledLog): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const where = `${request.method} ${request.path.slice(0, 200)}`;
    if (response.headersSent) {
      // The response has already started, so no error page can be sent.
      response.destroy();
      return;
    }
    if (error instanceof RedisUnreachable) {
      log("warn", { path: request.path.slice(0, 200) }, `${where}: ${error.message}`);
      redisUnreachablePage(response, request.originalUrl);
      return;
    }
    if (error instanceof NotFound) {
      problemPage(response, { status: 404, title: "Page not found", message: error.message });
      return;
    }
    const status = clientError(error);
    if (status !== null) {
      problemPage(response, { status, title: "Bad request", message: "The board cannot read this request." });
      return;
    }
    log("error", { err: error }, `${where} failed: ${messageOf(error)}`);
    problemPage(response, { status: 500, title: "Internal error", message: "See the board's log." });
  };
}

/** Return the status of an error that Express or its parsers attribute to the request; null: another error. */
function clientError(error: unknown): number | null {
  const status = error instanceof Error && "status" in error ? Number(error.status) : 0;
  return status >= 400 && status < 500 ? status : null;
}
