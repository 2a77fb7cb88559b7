import type { RequestHandler } from "express";
import { RedisUnreachable } from "../redis/unreachable.ts";

/** Return a handler that answers with 503 if a request has no response after `ms`. */
export function answerWithin(ms: number): RequestHandler {
  return (_request, response, next) => {
    const timer = setTimeout(() => {
      if (!response.headersSent) next(new RedisUnreachable());
    }, ms);
    response.once("close", () => clearTimeout(timer));
    next();
  };
}
