import { expect, test } from "vitest";
import { claudeArgs } from "./claude/driver.ts";
import { commandDriver, fillTemplate } from "./command/driver.ts";

test("claude's arguments: session or resume, budget only when there is one", () => {
  const request = { sessionId: "u", resume: false, model: "m", maxUsd: 0 };
  expect(claudeArgs(request).join(" ")).toBe(
    "-p --input-format=stream-json --output-format=stream-json --verbose --session-id u --model m --dangerously-skip-permissions",
  );
  expect(claudeArgs({ ...request, resume: true, maxUsd: 2.5 }).join(" ")).toContain("--resume u");
  expect(claudeArgs({ ...request, maxUsd: 2.5 }).slice(-2)).toEqual(["--max-budget-usd", "2.5"]);
});

test("a template's other braces stay, and so do patterns in the values", () => {
  const program = ["x", "--file={prompt_file}", "{model}{model}", "{other} {}"];
  expect(fillTemplate({ program, promptFile: "/p $& {model}", model: "m" })).toEqual([
    "x",
    "--file=/p $& {model}",
    "mm",
    "{other} {}",
  ]);
});

test("a command's last text is the tail of its output, without terminal codes", () => {
  const reader = commandDriver.createReader(() => 1);
  reader.line("x".repeat(20_000), false);
  reader.line("\u001b[32mfinal words\u001b[0m", false);
  expect(reader.summary().lastText.length).toBeLessThanOrEqual(8000);
  expect(reader.summary().lastText.endsWith("\nfinal words")).toBe(true);
});
