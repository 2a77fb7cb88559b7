import { expect, test } from "vitest";
import type { EgressUsage } from "../egress/open.ts";
import { NO_TOKENS, type ModelUsage } from "@tac8/core/domain/usage";
import { usageOf, usedNothing, type RunUsage } from "./usageOf.ts";

const DATED = "claude-sonnet-4-5-20250929";

/** Input tokens and US dollars. Every model also writes 10 tokens to the cache. */
function used([inputTokens, costUsd]: readonly [number, number]): ModelUsage {
  const cacheWriteTokens = inputTokens === 0 ? 0 : 10;
  return { inputTokens, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens, costUsd };
}

function reportedOf(models: Readonly<Record<string, readonly [number, number]>>): RunUsage {
  const all = Object.entries(models).map(([name, figures]) => [name, used(figures)] as const);
  const total = (field: keyof ModelUsage) => all.reduce((sum, [, figures]) => sum + figures[field], 0);
  return {
    usage: {
      inputTokens: total("inputTokens"),
      outputTokens: 0,
      cacheReadTokens: 0,
      cacheWriteTokens: total("cacheWriteTokens"),
    },
    costUsd: total("costUsd"),
    models: Object.fromEntries(all),
  };
}

function countedOf(models: Readonly<Record<string, readonly [number, number]>>): EgressUsage {
  const all = Object.entries(models).map(([name, figures]) => {
    return [name, { ...used(figures), hourCacheWriteTokens: 0 }] as const;
  });
  const unpriced = Object.keys(models).filter((name) => models[name]?.[1] === 0);
  return {
    models: Object.fromEntries(all),
    costUsd: all.reduce((sum, [, figures]) => sum + figures.costUsd, 0),
    unpriced,
    unread: 0,
  };
}

test.each<{
  what: string;
  reported: Readonly<Record<string, readonly [number, number]>>;
  counted: Readonly<Record<string, readonly [number, number]>> | null;
  models: Readonly<Record<string, readonly [number, number]>>;
  total: readonly [input: number, costUsd: number];
}>([
  {
    what: "nothing was counted",
    reported: { [DATED]: [100, 1] },
    counted: null,
    models: { [DATED]: [100, 1] },
    total: [100, 1],
  },
  {
    what: "the count was empty",
    reported: { [DATED]: [100, 1] },
    counted: {},
    models: { [DATED]: [100, 1] },
    total: [100, 1],
  },
  {
    what: "the agent was killed before it reported",
    reported: {},
    counted: { [DATED]: [100, 1] },
    models: { "claude-sonnet-4-5": [100, 1] },
    total: [100, 1],
  },
  {
    what: "the agent reports nothing",
    reported: { [DATED]: [0, 0] },
    counted: { [DATED]: [100, 1] },
    models: { [DATED]: [100, 1] },
    total: [100, 1],
  },
  {
    what: "the agent reports less",
    reported: { [DATED]: [60, 0.5] },
    counted: { [DATED]: [100, 1] },
    models: { [DATED]: [100, 1] },
    total: [100, 1],
  },
  {
    what: "the agent reports more",
    reported: { [DATED]: [120, 2] },
    counted: { [DATED]: [100, 1] },
    models: { [DATED]: [120, 2] },
    total: [120, 2],
  },
  {
    what: "the count has no price",
    reported: { [DATED]: [60, 2] },
    counted: { [DATED]: [100, 0] },
    models: { [DATED]: [100, 2] },
    total: [100, 2],
  },
  {
    what: "one name has a date",
    reported: { "claude-sonnet-4-5": [60, 0.5] },
    counted: { [DATED]: [100, 1] },
    models: { "claude-sonnet-4-5": [100, 1] },
    total: [100, 1],
  },
  {
    what: "the CLI adds the length of the context to the name",
    reported: { "claude-sonnet-4-5[1m]": [60, 0.5], [DATED]: [40, 0.5] },
    counted: { [DATED]: [120, 1] },
    models: { "claude-sonnet-4-5[1m]": [80, 0.5], [DATED]: [40, 0.5] },
    total: [120, 1],
  },
  {
    what: "each side has a model that is cheaper on the other",
    reported: { a: [10, 5], b: [10, 0] },
    counted: { a: [10, 0], b: [10, 3] },
    models: { a: [10, 5], b: [10, 3] },
    total: [20, 8],
  },
  {
    what: "a gateway has other names for the same models",
    reported: { "team/sonnet": [100, 1] },
    counted: { [DATED]: [90, 1] },
    models: { "team/sonnet": [100, 1] },
    total: [100, 1],
  },
  {
    what: "an invented name reports less than was counted under two others",
    reported: { invented: [15, 0.5] },
    counted: { a: [10, 1], b: [30, 0] },
    models: { invented: [15, 0.5], a: [0, 0.5], b: [25, 0] },
    total: [40, 1],
  },
  {
    what: "a model was used that the agent does not report",
    reported: { a: [10, 1] },
    counted: { a: [10, 1], b: [10, 1] },
    models: { a: [10, 1], b: [10, 1] },
    total: [20, 2],
  },
])("a run has used at least the counted and at least the reported usage: $what", (row) => {
  const found = usageOf(reportedOf(row.reported), row.counted === null ? null : countedOf(row.counted));
  const short = Object.entries(found.models).map(([name, { inputTokens, costUsd }]) => [name, [inputTokens, costUsd]]);
  expect(Object.fromEntries(short)).toEqual(row.models);
  expect([found.usage.inputTokens, found.costUsd]).toEqual(row.total);
  const cached = Object.values(found.models).reduce((sum, model) => sum + model.cacheWriteTokens, 0);
  expect(found.usage.cacheWriteTokens).toBe(cached);
});

const RESULT = {
  subtype: "success",
  isError: true,
  terminalReason: null,
  apiStatus: 401,
  codes: [],
  text: "",
  errors: [],
};
const REFUSED = { result: RESULT, worked: false, usage: NO_TOKENS };

test.each([
  { what: "its login was refused, without a proxy", end: REFUSED, unused: true },
  { what: "its login was refused, with a proxy", end: { ...REFUSED, unreadAnswers: 0 }, unused: true },
  { what: "it has used tokens", end: { ...REFUSED, usage: { ...NO_TOKENS, inputTokens: 1 } }, unused: false },
  {
    what: "an answer has no usage to read",
    end: { ...REFUSED, unreadAnswers: 1 },
    unused: false,
  },
  { what: "its proxy ended without a report", end: { ...REFUSED, unreadAnswers: null }, unused: false },
  { what: "it has worked", end: { ...REFUSED, worked: true }, unused: false },
  { what: "it has reported nothing", end: { ...REFUSED, result: null }, unused: false },
])("a run counts as unused only if nothing says otherwise: $what", ({ end, unused }) => {
  expect(usedNothing(end)).toBe(unused);
});
