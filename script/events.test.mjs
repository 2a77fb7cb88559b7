import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { EVENT_NAMES } from "../packages/core/src/domain/events.ts";

it("docs/architecture.md has a row for each event, and for no other", () => {
  const text = readFileSync(new URL("../docs/architecture.md", import.meta.url), "utf8");
  const section = text.slice(text.indexOf("\n### Events\n")).split(/\n##/)[1] ?? "";
  const rows = [...section.matchAll(/^\| `([a-z]+:[a-z]+)`/gm)].map(([, name]) => name);
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.toSorted((a, b) => a.localeCompare(b))).toEqual(EVENT_NAMES.toSorted((a, b) => a.localeCompare(b)));
});
