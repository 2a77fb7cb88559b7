import { expect, test } from "vitest";
import { claudeArgs } from "./claude/driver.ts";
import { commandDriver, fillTemplate } from "./command/driver.ts";

test("claude's arguments: session or resume, and a budget only if there is one", () => {
  const request = { sessionId: "u", resume: false, model: "m", maxUsd: 0 };
  expect(claudeArgs(request).join(" ")).toBe(
    "-p --input-format=stream-json --output-format=stream-json --verbose --session-id u --model m --dangerously-skip-permissions --disallowedTools=ScheduleWakeup,CronCreate,Monitor",
  );
  expect(claudeArgs({ ...request, resume: true, maxUsd: 2.5 }).join(" ")).toContain("--resume u");
  expect(claudeArgs({ ...request, maxUsd: 2.5 }).slice(-2)).toEqual(["--max-budget-usd", "2.5"]);
});

test("a template's other braces stay unchanged, and so do patterns in the values", () => {
  const program = ["x", "--file={prompt_file}", "{model}{model}", "{other} {}", "{output_file}"];
  expect(fillTemplate({ program, promptFile: "/p $& {model}", outputFile: "/tmp/o", model: "m" })).toEqual([
    "x",
    "--file=/p $& {model}",
    "mm",
    "{other} {}",
    "/tmp/o",
  ]);
});

test("a command's last text is the tail of its output, without terminal codes", () => {
  const reader = commandDriver({ model: "m", prices: {} }).createReader(() => 1);
  reader.line("x".repeat(20_000), false);
  reader.line("\u001b[32mfinal words\u001b[0m", false);
  expect(reader.summary().lastText.length).toBeLessThanOrEqual(8000);
  expect(reader.summary().lastText.endsWith("\nfinal words")).toBe(true);
});

test.each([
  ["none", ["Working …", "{not json", '{"model":3}'], {}, 0],
  [
    "its answers', by the price of the model that answered",
    [
      '{"type":"assistant","message":{"model":"big","usage":{"input_tokens":1000,"output_tokens":100}}}',
      '{"type":"assistant","message":{"model":"big","usage":{"input_tokens":1000,"output_tokens":100}}}',
    ],
    { big: { inputTokens: 2000, outputTokens: 200 } },
    (2000 * 3 + 200 * 15) / 1e6,
  ],
  [
    "its result's, which counts the answers again, in OpenAI's words",
    [
      '{"usage":{"prompt_tokens":10,"completion_tokens":1}}',
      '{"type":"result","usage":{"prompt_tokens":3000,"completion_tokens":10}}',
    ],
    { small: { inputTokens: 3000, outputTokens: 10 } },
    (3000 * 1 + 10 * 2) / 1e6,
  ],
  [
    "a reported cost takes precedence over a price",
    ['{"type":"result","total_cost_usd":0.5,"usage":{"input_tokens":1,"output_tokens":1}}'],
    { small: { inputTokens: 1, outputTokens: 1 } },
    0.5,
  ],
  [
    "a model without a price uses the price of the requested model",
    ['{"type":"result","model":"constructor","usage":{"input_tokens":7,"output_tokens":7}}'],
    { constructor: { inputTokens: 7 } },
    (7 * 1 + 7 * 2) / 1e6,
  ],
] as const)("a command's figures: %s", (_, lines, models, cost) => {
  const prices = { big: { input: 3, output: 15 }, small: { input: 1, output: 2 } };
  const reader = commandDriver({ model: "small", prices }).createReader(() => 1);
  for (const line of lines) reader.line(line, false);
  const summary = reader.summary();
  expect(Object.keys(summary.models)).toEqual(Object.keys(models));
  expect(summary.models).toMatchObject(models);
  expect(summary.costUsd).toBeCloseTo(cost, 10);
});
