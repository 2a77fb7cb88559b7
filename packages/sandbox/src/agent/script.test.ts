import { expect, it } from "vitest";
import { scriptIn, stepsFor, type Script } from "./script.ts";

const block = (script: unknown) => `Text\n\n\`\`\`tac8-script\n${JSON.stringify(script)}\n\`\`\`\n`;

it("finds the last block of a text", () => {
  expect(scriptIn("nothing")).toBeUndefined();
  expect(scriptIn(`${block([{ say: "a" }])}more\r\n${block([{ say: "b" }])}`)).toEqual([{ say: "b" }]);
  expect(() => scriptIn("```tac8-script\n[oops\n```")).toThrow("no JSON");
});

const a = { say: "a" };
const b = { say: "b" };

it.each<[string, Script, messages: number, done: number, unknown]>([
  ["a list from its beginning", [a, b], 0, 0, [a, b]],
  ["a list after what is done", [a, b], 1, 1, [b]],
  ["first", { first: [a], again: [b] }, 0, 0, [a]],
  ["again", { first: [a], again: [b] }, 2, 1, [b]],
  ["what is left of first", { first: [a, b] }, 1, 1, [b]],
  ["the list of this message", [[a], [b]], 1, 0, [b]],
  ["the last list, from then on", [[a], [b]], 7, 0, [b]],
])("runs %s", (_, script, messages, done, steps) => {
  expect(stepsFor({ script, messages, done }).steps).toEqual(steps);
});
