import { readFile } from "node:fs/promises";
import type { Page } from "../board.ts";

/** A script of ours, `/assets/<name>`: small, and read anew each time, so that an update needs no restart. */
export function script(name: "live.js" | "queue.js"): Page {
  const file = new URL(`../../client/${name}`, import.meta.url);
  return async (_board, _request, response) => {
    response.type("text/javascript").send(await readFile(file, "utf8"));
  };
}
