import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS } from "../commands/table.ts";
import { JSON_OUTPUTS } from "./outputs.ts";
import { jsonPage } from "./page.ts";
import { timelineLine, timelineOutput } from "./timeline.ts";
import { viewEndLine, viewEventLine, viewOutput, viewRunLine } from "./view.ts";

test("docs/json.md matches the schemas (npm run docs)", () => {
  expect(readFileSync(join(import.meta.dirname, "../../../../docs/json.md"), "utf8")).toBe(jsonPage());
});

test("every command with --json has a schema", () => {
  const commands = COMMANDS.filter(({ options }) => options.some(({ flags }) => flags === "--json"));
  const names = commands.map(({ usage }) => usage.split(" ")[0]);
  expect(new Set(Object.keys(JSON_OUTPUTS))).toEqual(new Set(names));
});

test("the lines of --follow have the fields that the page names for them", () => {
  const whole = Object.keys(viewOutput.shape);
  expect(Object.keys(viewRunLine.shape)).toEqual(["type", ...whole.slice(0, whole.indexOf("run") + 1)]);
  expect(Object.keys(viewEventLine.shape)).toEqual(["type", "event"]);
  expect(viewEventLine.shape.event).toBe(viewOutput.shape.entries.element.shape.event);
  expect(Object.keys(viewEndLine.shape)).toEqual(["type", ...Object.keys(viewOutput.shape.end.shape)]);
  expect(timelineLine).toBe(timelineOutput.shape.events.element);
});
