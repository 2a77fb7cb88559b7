import { expect, test } from "vitest";
import { createProblemLog } from "./problemLog.ts";

const MINUTE_MS = 60_000;

function create() {
  const lines: string[] = [];
  let at = 0;
  const write = (fields: unknown, text?: unknown): void => {
    lines.push(`${at / MINUTE_MS} ${JSON.stringify(fields)} ${String(text)}`);
  };
  const logProblems = createProblemLog({ log: { info: write, warn: write }, now: () => at });
  const poll = (minute: number, ...problems: string[]): void => {
    at = minute * MINUTE_MS;
    logProblems("octo/hello", problems);
  };
  return { lines, poll };
}

test("a problem is logged when it begins, every 10 minutes while it continues, and once when it ends", () => {
  const { lines, poll } = create();
  for (let minute = 0; minute < 5; minute += 1) poll(minute);
  for (let minute = 5; minute < 20; minute += 1) poll(minute, "no answer");
  for (let minute = 20; minute < 90; minute += 1) poll(minute);
  const repository = JSON.stringify({ repository: "octo/hello" });
  expect(lines).toEqual([
    `5 ${repository} no answer`,
    `15 ${repository} no answer`,
    `20 ${repository} polling works again`,
  ]);
});

test("other problems are logged immediately", () => {
  const { lines, poll } = create();
  poll(0, "first");
  poll(1, "first", "second");
  expect(lines.map((line) => line.split("} ")[1])).toEqual(["first", "first", "second"]);
});

test("a problem that begins again is logged immediately", () => {
  const { lines, poll } = create();
  poll(0, "no answer");
  poll(1);
  poll(2, "no answer");
  expect(lines.map((line) => line.split("} ")[1])).toEqual(["no answer", "polling works again", "no answer"]);
});
