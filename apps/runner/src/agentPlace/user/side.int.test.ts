import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LauncherRequest } from "@tac8/core/isolation/launcher/protocol";
import { resolveConfig } from "@tac8/core/config/resolve";
import { createLogger } from "@tac8/core/log/logger";
import { AgentIdBook } from "./ids.ts";
import { startProxy } from "../../egress/process.ts";
import { ProcessPool } from "../../process/pool.ts";
import { userConfinement } from "./side.ts";

let dir = "";
let launcher: Server;
/** A request to the launcher that it has not answered yet. */
interface Copying {
  readonly to: string;
  readonly connection: Socket;
}
let onCopy: (copying: Copying) => void;
let copied: Promise<Copying>;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "tac8-user-side-"));
  ({ promise: copied, resolve: onCopy } = Promise.withResolvers<Copying>());
  launcher = createServer((connection) => {
    connection.on("error", () => undefined);
    createInterface(connection).on("line", (line) => {
      const request = JSON.parse(line) as LauncherRequest;
      if (request.op === "copy") return onCopy({ to: request.to, connection });
      if (request.op === "make") mkdirSync(request.path);
      const isDone = request.op === "hold" || request.op === "make";
      connection.write(`${JSON.stringify(isDone ? { done: true } : { failed: "not here" })}\n`);
    });
  });
  launcher.listen(join(dir, "socket"));
  await once(launcher, "listening");
});
afterEach(() => {
  launcher.close();
  rmSync(dir, { recursive: true, force: true });
});

function open(root: string) {
  const text = `[github]\nrepo_owner = "octo"\nrepo_name = "widgets"\n`;
  const { config } = resolveConfig({
    text,
    path: join(dir, "config.toml"),
    folder: { realPath: dir, oldNames: [] },
    env: { TAC8_HOME: dir, GITHUB_TOKEN: "x", PATH: process.env["PATH"], HOME: dir },
    readSecretFile: () => "",
  });
  if (config === null) throw new Error("no configuration");
  return userConfinement(
    { roots: [root], objects: join(dir, "mirror", "objects"), read: [], env: {}, lock: null as never, name: "slot-0" },
    {
      config,
      log: createLogger({ name: "test", secrets: [], destination: { write: () => undefined } }),
      proxies: new ProcessPool({ start: () => startProxy({}), maxIdle: 1 }),
      socket: join(dir, "socket"),
      ids: new AgentIdBook(join(dir, "ids"), { first: 1_000_000_000, last: 1_000_000_009 }),
      closeDataFolder: () => undefined,
    },
  );
}

test("if the work ends while a folder is handed over to the issue's user, the folder is unchanged and the handover stops", async () => {
  const root = join(dir, "trees", "gh-1");
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "half.txt"), "half\n");
  const { ino } = statSync(root);
  const side = open(root);
  expect(side.needsHandOver?.()).toBe(true);
  const helper = side.startHelper({});
  helper.exited.catch(() => undefined);
  const { to, connection } = await copied;
  expect(existsSync(to)).toBe(true);
  const ended = once(connection, "close");
  await side.close();
  await ended;
  await expect(helper.exited).rejects.toThrow("the launcher closed the connection");
  expect(statSync(root).ino).toBe(ino);
  expect(readdirSync(dirname(root)).toSorted()).toEqual(["gh-1", "gh-1.adopting"]);
});
