import { readFileSync } from "node:fs";

/** The one style sheet, inside each page: nothing else is to be fetched. Light and dark by the reader's own setting. */
export const STYLE = readFileSync(new URL("../../client/style.css", import.meta.url), "utf8").replaceAll(
  /\s*\n\s*/g,
  "\n",
);
