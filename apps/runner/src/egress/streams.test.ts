import { expect, test } from "vitest";
import { ByteReplacer } from "./replaceBytes.ts";
import { placeholderFor, withPlaceholders } from "./placeholder.ts";
import { AnswerReader, costOf, UsageMeter } from "./usage.ts";

const KEY = "sk-ant-api03-real";
const OTHER = "sk-ant-api03-fake";

function passed(text: string, sizes: number): string {
  const replacer = new ByteReplacer([{ find: KEY, by: OTHER }]);
  const bytes = Buffer.from(text);
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += sizes)
    out.push(Buffer.from(replacer.write(bytes.subarray(at, at + sizes))));
  return Buffer.concat([...out, replacer.end()]).toString();
}

test.each([1, 2, 3, 7, 16, 17, 18, 1000])("a key is replaced in chunks of %d bytes", (size) => {
  const text = `${KEY}${KEY} and sk-ant-api03-rea, sk-sk-ant-api03-real ${KEY.slice(0, 5)}`;
  expect(passed(text, size)).toBe(text.replaceAll(KEY, OTHER));
});

test("a chunk that cannot start a key passes at once", () => {
  const replacer = new ByteReplacer([{ find: KEY, by: OTHER }]);
  expect(replacer.write(Buffer.from("data: {}\n\n")).toString()).toBe("data: {}\n\n");
});

test.each([
  "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-AA",
  "sk-ant-oat01-0123456789abcdefghijklmnopqrstuvwxyz-AA",
  "sk-proj-0123456789",
  "hunter2-correct-horse",
])("the placeholder of %s has only its form", (real) => {
  const placeholder = placeholderFor(real);
  expect(placeholder).toHaveLength(real.length);
  expect(placeholder).not.toBe(real);
  const prefix = /^sk-(?:ant-[a-z]{3}\d\d-|proj-)/.exec(real)?.[0] ?? "";
  expect(placeholder.startsWith(prefix)).toBe(true);
  expect(placeholderFor(real)).not.toBe(placeholder);
});

test("the key is replaced in every variable that has it", () => {
  const env = { ANTHROPIC_API_KEY: KEY, COPY: `header ${KEY}`, OTHER: "sk-ant" };
  expect(JSON.stringify(withPlaceholders(env, [{ find: KEY, by: OTHER }]))).not.toContain(KEY);
});

const sse = (...events: object[]): string =>
  events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join("");

function metered(text: string, contentType: string, size = 10): UsageMeter {
  const meter = new UsageMeter();
  const reader = new AnswerReader(meter, { contentType, asked: "unknown" });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) reader.write(bytes.subarray(at, at + size));
  reader.end();
  return meter;
}

const START = {
  type: "message_start",
  message: {
    model: "claude-sonnet-4-5-20250929",
    usage: { input_tokens: 10, cache_read_input_tokens: 20, cache_creation_input_tokens: 30, output_tokens: 1 },
  },
};

const TOKENS = {
  inputTokens: 10,
  outputTokens: 40,
  cacheReadTokens: 20,
  cacheWriteTokens: 30,
  hourCacheWriteTokens: 0,
};

test("the usage of a stream is in the last sums of its events", () => {
  const delta = (tokens: number) => ({ type: "message_delta", usage: { output_tokens: tokens } });
  const { models, unread } = metered(sse(START, delta(5), delta(40)), "text/event-stream; charset=utf-8");
  expect([...models]).toEqual([["claude-sonnet-4-5-20250929", TOKENS]]);
  expect(unread).toBe(0);
});

test("the usage of a stream that is cut off counts", () => {
  expect(metered(sse(START), "text/event-stream").models.get("claude-sonnet-4-5-20250929")?.inputTokens).toBe(10);
});

test("a JSON answer's usage counts", () => {
  const { models } = metered(JSON.stringify(START.message), "application/json");
  expect(models.get("claude-sonnet-4-5-20250929")?.inputTokens).toBe(10);
});

test("endless answers and lines are not kept, and are counted as unread", () => {
  const long = "x".repeat(2 * 1024 * 1024);
  expect(metered(`data: "usage" ${long}`, "text/event-stream", 65_536).unread).toBe(1);
  expect(metered(long.repeat(5), "application/json", 65_536).unread).toBe(1);
  // The next line is read normally.
  expect(metered(`data: ${long}\n\n${sse(START)}`, "text/event-stream", 65_536).models.size).toBe(1);
});

const PRICES = { "claude-sonnet-4-5": { input: 1_000_000, output: 10_000_000 } };

test("the cost has the models with a price; the others are listed", () => {
  const { models } = metered(JSON.stringify(START.message), "application/json");
  expect(costOf(models, PRICES)).toMatchObject({ usd: 10 + 2 + 37.5 + 10, unpriced: [] });
  expect(costOf(models, {})).toMatchObject({ usd: 0, unpriced: ["claude-sonnet-4-5-20250929"] });
});

test("tokens that are cached for an hour have a higher price", () => {
  const usage = { ...START.message.usage, cache_creation: { ephemeral_1h_input_tokens: 20 } };
  const { models } = metered(JSON.stringify({ ...START.message, usage }), "application/json");
  expect(costOf(models, PRICES)).toMatchObject({ usd: 10 + 2 + 12.5 + 40 + 10 });
});

test("the count is reported at once, and then each time it has grown by a tenth", () => {
  const reported: number[] = [];
  const meter: UsageMeter = new UsageMeter(() => reported.push(meter.models.get("m")?.outputTokens ?? 0));
  const none = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, hourCacheWriteTokens: 0 };
  for (const outputTokens of [100, 5, 5, 1, 1000]) meter.add("m", none, { ...none, outputTokens });
  expect(reported).toEqual([100, 111, 1111]);
});
