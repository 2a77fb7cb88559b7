import { expect, it } from "vitest";
import { addUsage, formatUsage, NO_USAGE, totalTokens, type Usage } from "./usage.ts";

const SOME: Usage = {
  inputTokens: 1,
  outputTokens: 2,
  cacheReadTokens: 4,
  cacheWriteTokens: 8,
  costUsd: 0.5,
  turns: 3,
  durationMs: 1000,
};

it("adds up every figure", () => {
  const sum = addUsage(SOME, SOME);
  for (const name of Object.keys(SOME) as (keyof Usage)[]) expect(sum[name]).toBe(SOME[name] * 2);
  expect(addUsage(SOME, NO_USAGE)).toEqual(SOME);
  expect(totalTokens(SOME)).toBe(15);
});

it.each([
  [NO_USAGE, "0 s"],
  [SOME, "1 s · 15 tokens · $0.50"],
  [{ ...SOME, costUsd: 0.0123, inputTokens: 1_234_567 }, "1 s · 1,234,581 tokens · $0.0123"],
])("%#", (usage, text) => {
  expect(formatUsage(usage)).toBe(text);
});
