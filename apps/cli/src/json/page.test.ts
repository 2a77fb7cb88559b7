import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS } from "../commands/table.ts";
import { JSON_OUTPUTS } from "./outputs.ts";
import { jsonPage } from "./page.ts";

test("docs/json.md matches the schemas (npm run docs)", () => {
  expect(readFileSync(join(import.meta.dirname, "../../../../docs/json.md"), "utf8")).toBe(jsonPage());
});

test("every command with --json has a schema", () => {
  const commands = COMMANDS.filter(({ options }) => options.some(({ flags }) => flags === "--json"));
  const names = commands.map(({ usage }) => usage.split(" ")[0]);
  expect(new Set(Object.keys(JSON_OUTPUTS))).toEqual(new Set(names));
});
