import type { RequestHandler } from "express";
import { RedisUnreachable } from "../redis/unreachable.ts";

/** No request waits for ever: what has no answer after `ms` gets one that says so. */
export function answerWithin(ms: number): RequestHandler {
  return (_request, response, next) => {
    const timer = setTimeout(() => {
      if (!response.headersSent) next(new RedisUnreachable());
    }, ms);
    response.once("close", () => clearTimeout(timer));
    next();
  };
}
