import { readFileSync } from "node:fs";

/** The style sheet, which is included in each page. Light or dark according to the reader's setting. */
export const STYLE = readFileSync(new URL("../../client/style.css", import.meta.url), "utf8").replaceAll(
  /\s*\n\s*/g,
  "\n",
);
