import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../deploy/prometheus/", import.meta.url));
/** Program of Debian's package prometheus. */
const promtool = (...args) => spawnSync("promtool", args, { cwd: folder, encoding: "utf8" });

test.skipIf(promtool("--version").error !== undefined)("the alerts are valid, and fire when they should", () => {
  const checked = promtool("check", "rules", "tac8.rules.yml");
  expect(checked.stdout + checked.stderr).toContain("SUCCESS: 9 rules found");
  const tried = promtool("test", "rules", "tac8.test.yml");
  expect([tried.status, tried.stdout + tried.stderr]).toEqual([0, expect.stringContaining("SUCCESS")]);
});
