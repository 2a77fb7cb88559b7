import { expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import type { Json } from "@tac8/core/conversation/json";
import { INITIAL, reduce, type ClaudeState } from "./reduce.ts";

const init: Json = { type: "system", subtype: "init", cwd: "/w" };
const call = (id: string, command: string): Json => ({
  type: "assistant",
  message: { content: [{ type: "tool_use", id, name: "Bash", input: { command } }] },
});
const event = (id: string): Json => ({
  type: "system",
  subtype: "permission_denied",
  tool_name: "Bash",
  tool_use_id: id,
  message: "Permission to use Bash has been denied.",
});
const result = (...denials: Json[]): Json => ({ type: "result", is_error: false, permission_denials: denials });
const entry = (tool_use_id: string, tool_name: string, tool_input: Json): Json => ({
  tool_use_id,
  tool_name,
  tool_input,
});

const denials = (...events: Json[]) =>
  events.reduce<ClaudeState>(reduce, INITIAL).denials.map(({ tool, detail }) => `${tool}: ${detail}`);

fieldTest("A9", "denied calls are read from the result, with their command, path or address", () => {
  const list = [
    entry("a", "Bash", { command: "git push" }),
    entry("b", "Write", { file_path: "/w/secret.txt", content: "x" }),
    entry("c", "WebFetch", { url: "https://example.com" }),
  ];
  expect(denials(init, result(...list))).toEqual([
    "Bash: git push",
    "Write: secret.txt",
    "WebFetch: https://example.com",
  ]);
});

fieldTest("A9", "denied calls are also read from their events if there is no result, and none counts twice", () => {
  expect(denials(init, call("a", "git push"), event("a"))).toEqual(["Bash: git push"]);
  expect(denials(init, event("a"))).toEqual(["Bash: Permission to use Bash has been denied."]);
  const both = result(entry("a", "Bash", { command: "git push" }));
  expect(denials(init, call("a", "git push"), event("a"), both, both)).toEqual(["Bash: git push"]);
});

test("malformed and endless input is bounded", () => {
  expect(denials(init, { type: "result", permission_denials: "none" })).toEqual([]);
  expect(denials(init, result({}))).toEqual(["?: "]);
  const many = Array.from({ length: 500 }, (_, index) => entry(String(index), "Bash", { command: "x".repeat(9000) }));
  const seen = denials(init, result(...many));
  expect(seen.length).toBeLessThanOrEqual(50);
  expect(seen[0]?.length).toBeLessThan(2100);
});
