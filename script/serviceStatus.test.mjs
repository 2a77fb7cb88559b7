import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { STATUS } from "@tac8/core/app/serviceManager";

const script = readFileSync(join(import.meta.dirname, "../deploy/install.sh"), "utf8");
const healthy = /^healthy\(\) \{$.*?^\}$/ms.exec(script)?.[0] ?? "";

/** Return whether deploy/install.sh keeps a version whose services are active and have this status. */
function keeps(status) {
  const lines = [
    "redis= services='tac8-scheduler tac8-runner'",
    "launcher() { :; }; says_nothing() { false; }; all_active() { true; }; sleep() { :; }",
    'systemctl() { case $3 in ActiveState) echo active ;; SubState) echo running ;; StatusText) echo "$status" ;; esac; }',
    healthy,
    "healthy 0 && echo kept || echo rolled back",
  ];
  return execFileSync("bash", ["-c", lines.join("\n")], { encoding: "utf8", env: { ...process.env, status } }).trim();
}

test.each([
  ["services that work", STATUS.working, "kept"],
  ["services that wait for GitHub", STATUS.starting, "kept"],
  ["services that wait for Redis", "waiting for Redis at 127.0.0.1:6379", "rolled back"],
])("an upgrade with %s", (_what, status, expected) => {
  expect(keeps(status)).toBe(expected);
});
