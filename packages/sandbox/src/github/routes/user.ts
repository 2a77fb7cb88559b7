import { ApiError, json } from "../answer.ts";
import { presentMe } from "../present.ts";
import type { PlainRoute } from "./route.ts";

export const RATE = { limit: 5000, remaining: 4999, used: 1 } as const;

/** Full hours, as a time in seconds. */
export const rateReset = (): number => (Math.floor(Date.now() / 3_600_000) + 1) * 3600;

export const userRoutes: readonly PlainRoute[] = [
  {
    method: "GET",
    path: "/user",
    run(call) {
      if (call.token.app) throw new ApiError(403, "Resource not accessible by integration");
      return json(200, presentMe(call, call.user));
    },
  },
  {
    method: "GET",
    path: "/rate_limit",
    run() {
      const core = { ...RATE, reset: rateReset(), resource: "core" };
      return json(200, { resources: { core, search: { ...core, limit: 30, remaining: 29 } }, rate: core });
    },
  },
];
