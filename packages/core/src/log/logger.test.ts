import { expect, test } from "vitest";

import { createLogger } from "./logger.ts";
import { logAtMost } from "./throttleLog.ts";

const secret = 'canary-"quoted"\n-secret';

function capture(): { lines: string[]; write: (line: string) => void } {
  const lines: string[] = [];
  return { lines, write: (line) => void lines.push(line) };
}

test("no secret gets into a line: message, fields, children, nested errors, stacks", () => {
  const out = capture();
  const log = createLogger({ name: "test", destination: out, secrets: [secret] });
  const cause = new Error(`inner ${secret}`);
  const failure = Object.assign(new Error(`outer ${secret}`, { cause }), {
    request: { headers: { authorization: "zzz" } },
  });
  log.info(`hello ${secret}`);
  log.child({ token: secret }).warn({ err: failure, error: cause, deep: { list: [secret] } }, "failed");
  expect(out.lines).toHaveLength(2);
  for (const line of out.lines) {
    expect(line).not.toContain("canary");
    expect(line).not.toContain("zzz");
    expect(line.endsWith("}\n")).toBe(true);
  }
  expect(JSON.parse(out.lines[1] ?? "")).toMatchObject({
    name: "test",
    msg: "failed",
    token: "[redacted]",
    err: { message: "outer [redacted]: inner [redacted]" },
    error: { message: "inner [redacted]" },
  });
});

test("an amount of money has at most 6 decimal places", () => {
  const out = capture();
  const log = createLogger({ name: "test", destination: out, secrets: [] });
  log.info({ costUsd: 0.1 + 0.2 }, "agent ended");
  log.child({ run: "a" }).info({ costUsd: null }, "agent ended");
  expect(out.lines.map((line) => (JSON.parse(line) as { costUsd: number }).costUsd)).toEqual([0.3, null]);
});

test("the level is obeyed, and a field of megabytes is cut", () => {
  const out = capture();
  const log = createLogger({ name: "test", level: "warn", destination: out, secrets: [] });
  log.info("unseen");
  log.error({ big: "x".repeat(1_000_000) }, "seen");
  expect(out.lines).toHaveLength(1);
  expect(out.lines[0]?.length).toBeLessThan(20_000);
});

test("logAtMost logs the first line, then one per interval with the number left out", () => {
  const out = capture();
  let now = 1000;
  const say = logAtMost({
    log: createLogger({ name: "test", destination: out, secrets: [] }),
    every: 100,
    now: () => now,
  });
  say("error", { a: 1 }, "first");
  say("error", {}, "second");
  now += 99;
  say("error", {}, "third");
  now += 1;
  say("warn", {}, "fourth");
  now += 100;
  say("warn", {}, "fifth");
  const seen = out.lines.map((line): unknown => JSON.parse(line));
  expect(seen).toMatchObject([{ msg: "first", a: 1 }, { msg: "fourth", suppressed: 2 }, { msg: "fifth" }]);
  expect(seen[2]).not.toHaveProperty("suppressed");
});
