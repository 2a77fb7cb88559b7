import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { metricsTable } from "./table.ts";

test("docs/monitoring.md has every metric (npm run docs)", () => {
  const page = readFileSync(new URL("../../../../docs/monitoring.md", import.meta.url), "utf8");
  expect(page).toContain(`<!-- metrics:begin -->\n\n${metricsTable()}\n\n<!-- metrics:end -->`);
});
