import { expect, test } from "vitest";
import { createScreen } from "./screen.ts";

test("the banner is wrapped between words, and a path is not broken", () => {
  const output: string[] = [];
  const out = { line: (text: string) => void output.push(text), columns: 24, color: false };
  createScreen({ out, now: () => 0 }).banner(["Headline", "In another terminal: /a/long/path/to/tac8.mjs status"]);
  expect(output).toEqual(["Headline\nIn another terminal:\n/a/long/path/to/tac8.mjs\nstatus"]);
});
