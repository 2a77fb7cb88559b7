import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestRedis, type TestRedis } from "../state/redisServer.fixture.ts";

const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
/** An app that ends an issue's work in an order that does not exist. */
const PROGRAM = `
  const { runApp } = await import(${url("main.ts")});
  const { createIssueStore } = await import(${url("../state/issueStore.ts")});
  await runApp("board", async (_config, { redis }) => {
    const store = createIssueStore(redis);
    await store.writeIf("octo.hello.1", {}, { state: "pr" });
    await store.writeIf("octo.hello.1", {}, { state: "parked" });
    return { close: async () => undefined };
  });
`;

let server: TestRedis;
let dir = "";
beforeAll(async () => {
  server = await startTestRedis();
  dir = await mkdtemp(join(tmpdir(), "tac8-app-"));
  await writeFile(join(dir, "config.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n');
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true });
});

test("a state that does not follow the one before is an error in the log of the process that wrote it", async () => {
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: dir,
    TAC8_HOME: join(dir, "home"),
    TAC8_CONFIG: join(dir, "config.toml"),
    REDIS_URL: `unix://${server.socket}`,
    GITHUB_TOKEN: "a-token",
  };
  const args = ["--no-warnings", "--input-type=module", "-e", PROGRAM];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.includes("does not follow")) child.kill("SIGTERM");
  }
  expect(await exited).toEqual([0, null]);
  const found = lines.map((line) => JSON.parse(line) as { level: number | string; msg: string });
  expect(found.filter(({ msg }) => msg.includes("does not follow"))).toEqual([
    expect.objectContaining({
      msg: "the state parked of octo.hello.1 does not follow the one before: report this as a defect of tac8",
    }),
  ]);
});
