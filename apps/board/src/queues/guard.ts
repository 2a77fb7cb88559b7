import type { RequestHandler } from "express";
import { createIssueStore } from "@tac8/core/state/issueStore";
import type { Board } from "../services/board.ts";
import { readInTime } from "../redis/unreachable.ts";
import { REFUSAL, safeActionOf } from "./actions.ts";

const READS = ["GET", "HEAD"];

/** Return a handler that refuses destructive requests before Bull Board gets them. With `board.allow_destructive`, it passes all. */
export function destructionGuard({ config, redis, probe }: Board): RequestHandler {
  const store = createIssueStore(redis);
  return async (request, response, next) => {
    if (READS.includes(request.method) || config.board.allow_destructive) {
      next();
      return;
    }
    const refuse = (message: string) => response.status(403).json({ error: { key: "ERRORS.FORBIDDEN" }, message });
    const safe = safeActionOf(request.method, request.path);
    if (safe === null) {
      refuse(REFUSAL);
      return;
    }
    if (safe.action === "promote") {
      const { state } = await readInTime(probe, () => store.read(safe.jobId));
      if (state === "blocked") {
        refuse("This job is blocked by a question: reply on its issue.");
        return;
      }
    }
    next();
  };
}
