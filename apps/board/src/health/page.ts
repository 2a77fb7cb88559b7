import type { Page } from "../board.ts";
import { judgeHealth } from "./judge.ts";
import { readHealth } from "./read.ts";

/** `/healthz`: 200 when all is well, else 503; the JSON says what is not. */
export const healthPage: Page = async (board, _request, response) => {
  const health = judgeHealth(await readHealth(board), board.now());
  response.status(health.ok ? 200 : 503).json(health);
};
