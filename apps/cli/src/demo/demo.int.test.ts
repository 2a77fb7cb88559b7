import { EXIT_CONFIG } from "../../../../bin/lib/exitCode.mjs";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";
import { emptyDemoFolder } from "./files.ts";
import { demoConfig } from "./files.ts";

let lab: Lab;
beforeEach(() => {
  lab = openLab();
});
afterEach(() => lab.close());

it("runs if nothing is configured, with new data, and the other commands find it", async () => {
  const old = join(lab.demoDataFolder, "workspaces");
  mkdirSync(old, { recursive: true });
  writeFileSync(join(old, "old"), "");
  writeFileSync(
    join(lab.demoDataFolder, "config.toml"),
    demoConfig({ githubUrl: "http://x", agent: ["x"], boardPort: 1 }),
  );
  const cli = lab.start(["up"], { TAC8_BOARD_PORT: "0" });
  await cli.seen(/found: starting the demo/);
  await cli.seen(/GitHub: +http:\/\/127\.0\.0\.1:\d+/);
  await cli.seen(/Board: +http:/);
  expect(existsSync(old)).toBe(false);
  expect(cli.stdout()).toContain(`Data in ${lab.demoDataFolder}\n`);
  expect(existsSync(join(lab.dir, ".tac8"))).toBe(false);

  const status = lab.startIn("elsewhere", ["status", "--json"]);
  // The apps of this test do nothing, so no scheduler is announced.
  expect((await status.ended).code).toBe(4);
  expect(JSON.parse(status.stdout())).toMatchObject({
    health: { level: "critical" },
    config: { path: null, isDemo: true },
    queue: { waiting: 0 },
    holds: [],
    events: [],
  });
  const retry = lab.start(["retry", "4"]);
  expect((await retry.ended).code).toBe(1);
  expect(retry.stderr()).toContain("tac8: tac8-demo/greeter#4 is not in the queue");

  cli.signal("SIGINT");
  expect(await cli.ended).toEqual({ code: 0, signal: null });
  const after = lab.start(["status"], { REDIS_URL: "redis://127.0.0.1:1" });
  expect((await after.ended).code).toBe(1);
  expect(after.stderr()).toBe(
    "tac8: Redis at 127.0.0.1:1 is not reachable (connection refused): start it with tac8 up, or set REDIS_URL\n",
  );
  // The demo's issues are deleted with it, so a number now means an issue of another tac8.
  const late = lab.start(["retry", "4"], { REDIS_URL: "redis://127.0.0.1:1" });
  expect((await late.ended).code).toBe(1);
  expect(late.stderr()).toMatch(
    /^tac8: no configuration file \(neither .* nor .* exists\), and no demo .*--config FILE\n$/,
  );
});

it("runs beside the data of a configuration, in TAC8_HOME", async () => {
  const cli = lab.start(["demo"], { TAC8_HOME: ".tac8", TAC8_BOARD_PORT: "0" });
  await cli.seen(/Board:/);
  expect(cli.stdout()).toContain(`Data in ${join(lab.dir, ".tac8", "demo")}\n`);
  cli.signal("SIGINT");
  expect((await cli.ended).code).toBe(0);
});

it("says in one line that it needs HOME or TAC8_HOME", async () => {
  for (const command of ["up", "demo", "status", "doctor"]) {
    const cli = lab.start([command], { HOME: "" });
    expect((await cli.ended).code).toBe(command === "up" ? EXIT_CONFIG : 1);
    expect(cli.stderr()).toBe(
      "tac8: HOME is not set to an absolute path, so there is no default data folder: set TAC8_HOME\n",
    );
  }
});

it("gets no real token", async () => {
  const real = {
    GITHUB_TOKEN: "canary-github",
    ANTHROPIC_API_KEY: "canary-anthropic",
    CLAUDE_CODE_OAUTH_TOKEN: "canary-claude",
    REDIS_URL: "redis://:canary-redis@127.0.0.1:1",
  };
  const cli = lab.spawn(["demo"], { ...real, TAC8_BOARD_PORT: "0" });
  await cli.seen(/Board:/);
  await cli.seen(/runner listening/);
  cli.signal("SIGINT");
  expect((await cli.ended).code).toBe(0);
  const seen = JSON.stringify(lab.environments());
  expect(seen).not.toContain("canary");
  expect(seen).toContain("demo-token");
});

it("removes only files of a demo", async () => {
  const file = join(lab.demoDataFolder, "src", "thesis.txt");
  mkdirSync(join(lab.demoDataFolder, "src"), { recursive: true });
  writeFileSync(file, "mine");
  const cli = lab.start(["demo"], { TAC8_BOARD_PORT: "0" });
  expect(await cli.ended).toMatchObject({ code: 1 });
  expect(cli.stderr()).toMatch(
    /contains files that the demo did not create: move them to another folder, or set TAC8_HOME to another folder\n$/,
  );
  expect(existsSync(file)).toBe(true);
});

it("the folder of an earlier version's demo is emptied", () => {
  mkdirSync(lab.demoDataFolder, { recursive: true });
  writeFileSync(join(lab.demoDataFolder, "config.toml"), "# Written anew by each `tac8 demo`.\n[github]\n");
  writeFileSync(join(lab.demoDataFolder, "left.txt"), "left");
  emptyDemoFolder(lab.demoDataFolder);
  expect(readdirSync(lab.demoDataFolder)).toEqual([]);
});
