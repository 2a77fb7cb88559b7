import { expect, test } from "vitest";
import { sentence } from "./sentence.ts";

test.each([
  [20, "Paused: no new\nagents start. To\nresume: tac8 resume"],
  [null, "Paused: no new agents start. To resume: tac8 resume"],
])("in %s columns", (columns, shown) => {
  const output: string[] = [];
  sentence(
    { line: (text) => output.push(text), columns, color: false },
    "Paused: no new agents start. To resume: tac8 resume",
  );
  expect(output).toEqual([shown]);
});
