import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";

let lab: Lab;
beforeEach(() => {
  lab = openLab();
  writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n');
});
afterEach(() => lab.close());

const line = (time: number, msg: string) => `${JSON.stringify({ level: 30, time, msg })}\n`;

function write(app: string, ...lines: string[]): string {
  const folder = join(lab.dataFolder, "logs");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${app}.log`);
  writeFileSync(path, lines.join(""));
  return path;
}

/** Replace a program by a script that prints its arguments, one per line. */
function standIn(name: string, first = ""): string {
  const bin = join(lab.dir, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${first}\necho "$0 $*"\n`);
  chmodSync(join(bin, name), 0o755);
  return `${bin}:${process.env["PATH"] ?? ""}`;
}

it("shows the log lines of the apps of tac8 up, by time", async () => {
  write("scheduler", line(1000, "polls"), line(3000, "polls again"));
  write("runner", line(2000, "works"));
  const all = lab.start(["logs"]);
  expect((await all.ended).code).toBe(0);
  expect(all.stdout().match(/(scheduler|runner) .*$/gm)).toEqual([
    expect.stringMatching(/^scheduler +polls$/),
    expect.stringMatching(/^runner +works$/),
    expect.stringMatching(/^scheduler +polls again$/),
  ]);
  const one = lab.start(["logs", "--runner"]);
  expect((await one.ended).code).toBe(0);
  expect(one.stdout()).toMatch(/^\S+ +runner +works\n$/);
});

it("follows them until a signal", async () => {
  const path = write("runner", line(1000, "works"));
  const cli = lab.spawn(["logs", "-f"]);
  await cli.seen(/runner +works/);
  appendFileSync(path, line(2000, "has finished"));
  await cli.seen(/runner +has finished/);
  cli.signal("SIGINT");
  expect((await cli.ended).code).toBe(0);
});

it("reads the journal if systemd runs tac8", async () => {
  const PATH = standIn("journalctl");
  const system = lab.start(["logs", "--runner", "-f"], { PATH, TAC8_SYSTEMD: "system" });
  expect((await system.ended).code).toBe(0);
  expect(system.stdout()).toMatch(/journalctl --unit tac8-runner --lines 200 .*--follow\n$/);
});

it("reads Docker's logs of the containers of the compose project in the current folder", async () => {
  write("runner", line(2000, "of an earlier tac8 up"));
  const PATH = standIn(
    "docker",
    'printf "\\033[2K"; test "$*" = "compose ps --all --services" && echo "redis\nrunner\nscheduler" && exit',
  );
  const none = lab.start(["logs"], { PATH });
  expect((await none.ended).code).toBe(0);
  expect(none.stdout()).toContain("of an earlier tac8 up");
  writeFileSync(join(lab.dir, "docker-compose.yml"), "services: {}\n");
  const all = lab.start(["logs"], { PATH });
  expect((await all.ended).code).toBe(0);
  expect(all.stdout()).toMatch(/^\S*docker compose --ansi never logs --tail 200 scheduler runner\n$/);
  expect(all.stdout()).not.toContain("\u001b");
  const one = lab.start(["logs", "-f", "--runner"], { PATH });
  expect((await one.ended).code).toBe(0);
  expect(one.stdout()).toMatch(/docker compose --ansi never logs --tail 200 --follow runner\n$/);
});

it("says in one line where other logs may be", async () => {
  const cli = lab.start(["logs"]);
  expect((await cli.ended).code).toBe(1);
  expect(cli.stderr()).toMatch(
    /^tac8: no logs in .*: for tac8 in containers, run this command in the folder of docker-compose.yml;[^\n]*\n$/,
  );
});
