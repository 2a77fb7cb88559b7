import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";
import { checkJson } from "../../fixtures/jsonOutput.ts";
import { startSharedRedis, UNREACHABLE, type SharedRedis } from "../../fixtures/redis.ts";
import { errorOutput } from "../json/error.ts";
import { JSON_OUTPUTS } from "../json/outputs.ts";
import { COMMANDS } from "./table.ts";

// The JSON of each command is tested with that command: the harness compares the whole output with its schema.

let lab: Lab;
let server: SharedRedis;
beforeAll(async () => {
  server = await startSharedRedis();
});
beforeEach(async () => {
  lab = openLab();
  await server.empty();
  writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n');
});
afterEach(async () => {
  await lab.close();
});
afterAll(() => server.close());

async function tac8(args: readonly string[], url = server.url) {
  const cli = lab.start(args, { REDIS_URL: url });
  const { code } = await cli.ended;
  return { code, out: cli.stdout(), err: cli.stderr() };
}

/** Return the required arguments of a command. */
function callOf(command: string): string[] {
  const usage = COMMANDS.find((spec) => spec.usage.split(" ")[0] === command)?.usage ?? "";
  return [command, ...(/<issue>|retry/.test(usage) ? ["3"] : [])];
}

async function expectError(args: readonly string[], code: number, url?: string): Promise<void> {
  const answer = await tac8([...args, "--json"], url);
  const { error } = errorOutput.parse(JSON.parse(answer.out));
  expect([answer.code, error.code]).toEqual([code, code]);
  expect(error.lines.length).toBeGreaterThan(0);
  for (const line of error.lines) expect(answer.err).toContain(line);
  expect(answer.out.trim().split("\n")).toHaveLength(1);
}

describe.each(Object.keys(JSON_OUTPUTS))("tac8 %s --json", (command) => {
  it("prints wrong usage as JSON", async () => {
    await expectError([...callOf(command), "--no-such-option"], 2);
  });

  // doctor reports both as findings, and open only reads files.
  it.skipIf(["doctor", "open"].includes(command))("prints problems as JSON", async () => {
    const needsToken = command === "add";
    await expectError(callOf(command), 1, needsToken ? undefined : UNREACHABLE);
  });

  it.skipIf(["doctor", "stop", "pause", "resume"].includes(command))(
    "prints mistakes of the configuration",
    async () => {
      writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = 5\n');
      await expectError(callOf(command), 1);
    },
  );
});

it("a command without --json prints it as wrong usage, in JSON", async () => {
  await expectError(["monitor"], 2);
});

it("an error after lines of --follow is one more line", async () => {
  await expectError(["view", "3", "--follow"], 1);
});

it("tac8 backup --json", async () => {
  const { code, out } = await tac8(["backup", join(lab.dir, "backup.tar.gz"), "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ path: join(lab.dir, "backup.tar.gz"), issues: 0 });
});

it("the harness refuses what is not documented", () => {
  const known = '{"url": "https://x", "expires": "2026-11-25T12:00:00.000Z"}';
  expect(() => checkJson(["open", "--json"], known)).not.toThrow();
  expect(() => checkJson(["open", "--json"], known.replace("{", '{"more": 1,'))).toThrow(/Unrecognized key: "more"/);
  expect(() => checkJson(["open", "--json"], "{}")).toThrow(/at url/);
});
