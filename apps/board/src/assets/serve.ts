import { readFile } from "node:fs/promises";
import type { Page } from "../board.ts";

/** The one script: what it does is in its first lines. */
const LIVE = new URL("../../client/live.js", import.meta.url);

/** `/assets/live.js`. Small, and no secret: read anew each time, so that an update needs no restart. */
export const liveScript: Page = async (_board, _request, response) => {
  response.type("text/javascript").send(await readFile(LIVE, "utf8"));
};
