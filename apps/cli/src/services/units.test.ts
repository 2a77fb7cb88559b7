import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { joinFiles } from "@tac8/core/config/joined";
import { describe, expect, it } from "vitest";
import { isLeftOut, managerOf, parseUnits, unitProblems, withUnits } from "./units.ts";

const SHOWN = `Id=tac8-redis.service
ActiveState=active
StatusText=Ready to accept connections
ExecMainStatus=0

Id=tac8-runner.service
ActiveState=failed
StatusText=GitHub refuses the token: 401=x
ExecMainStatus=78

ActiveState=failed
`;

it("reads what systemctl shows", () => {
  expect(parseUnits(SHOWN)).toEqual([
    { name: "tac8-redis", state: "active", status: "Ready to accept connections", exitCode: 0 },
    { name: "tac8-runner", state: "failed", status: "GitHub refuses the token: 401=x", exitCode: 78 },
  ]);
  expect(parseUnits("")).toEqual([]);
});

it.each<[string, boolean]>([
  ["tac8", true],
  ["tac8-redis", true],
  ["tac8-scheduler", true],
  ["tac8-runner", true],
  ["tac8-board", true],
  ["tac8-launcher", true],
  ["tac8-backup", false],
  ["tac8-runner-watch", false],
  ["tac8x", false],
])("%s: is it a service of tac8? %s", (name, isOurs) => {
  const text = `Id=${name}.service\nActiveState=inactive\nStatusText=\nExecMainStatus=0\n`;
  expect(parseUnits(text).map((unit) => unit.name)).toEqual(isOurs ? [name] : []);
});

it("reports the service that ended, why, and what to do", () => {
  expect(unitProblems(parseUnits(SHOWN), "system")).toEqual([
    {
      name: "tac8-runner",
      text: "the service tac8-runner has exited with code 78 and does not restart by itself: GitHub refuses the token: 401=x",
      advice: "fix the cause, then: sudo systemctl restart tac8.target",
    },
  ]);
});

it("names the journal for a service that has no status text", () => {
  const silent = parseUnits(SHOWN.replace(/StatusText=GitHub.*/, "StatusText="));
  expect(unitProblems(silent, "system")[0]?.text).toMatch(/by itself: see sudo journalctl -p err -n 3 -u tac8-runner$/);
  expect(unitProblems(silent, "user")[0]?.text).toMatch(/by itself: see journalctl --user -u tac8$/);
});

describe("withUnits", () => {
  const ok = { level: "ok", reasons: [] } as const;

  it("a service that ended is critical", () => {
    expect(withUnits(ok, parseUnits(SHOWN), "system")).toMatchObject({
      level: "critical",
      reasons: [{ code: "service:tac8-runner", level: "critical" }],
    });
  });

  it("running services change nothing", () => {
    expect(withUnits(ok, parseUnits(SHOWN).slice(0, 1), "system")).toBe(ok);
  });
});

it.each([
  [{}, null],
  [{ TAC8_SYSTEMD: "system" }, "system"],
  [{ HOME: "/nowhere" }, null],
  [{ TAC8_SYSTEMD: "x" }, null],
])("%j: %s", (env, manager) => expect(managerOf(env)).toBe(manager));

it("on a machine that has joined another one, only the runner and its launcher are expected", () => {
  const home = mkdtempSync(join(tmpdir(), "tac8-units-"));
  const names = ["tac8-redis", "tac8-scheduler", "tac8-board", "tac8-runner", "tac8-launcher"];
  const leftOut = () => names.filter((name) => isLeftOut(name, { TAC8_HOME: home }));
  expect(leftOut()).toEqual([]);
  writeFileSync(joinFiles(home).url, "rediss://pi-2@h:1\n");
  expect(leftOut()).toEqual(names.slice(0, 3));
  rmSync(home, { recursive: true });
});
