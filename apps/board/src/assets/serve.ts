import { readFile } from "node:fs/promises";
import type { Page } from "../services/board.ts";

const FILES = {
  "live.js": new URL("../../client/live.js", import.meta.url),
  "queue.js": new URL("../../client/queue.js", import.meta.url),
};

/** `/assets/<name>`: a script of the board. The file is small, and read for each request, so that an update needs no restart. */
export function script(name: keyof typeof FILES): Page {
  return async (_board, _request, response) => {
    response.type("text/javascript").send(await readFile(FILES[name], "utf8"));
  };
}
