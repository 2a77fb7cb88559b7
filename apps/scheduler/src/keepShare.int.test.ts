import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { socketUrl, withPasswordFile } from "@tac8/core/config/redisUrl";
import type { Config } from "@tac8/core/config/resolve";
import { createLogger } from "@tac8/core/log/logger";
import { applyShare, isSharedAt } from "@tac8/core/share/apply";
import { shareFiles, type Share } from "@tac8/core/share/files";
import { makeCertificate } from "@tac8/sandbox/certificates";
import { freePort, startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { createShareKeeper } from "./keepShare.ts";

let home: string;
let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "tac8-keep-share-"));
  server = await startRedisServer({ dir: home, socket: join(home, "s") });
  redis = new Redis(join(home, "s"));
  const { folder, password } = shareFiles(home);
  await mkdir(folder);
  makeCertificate(folder, ["127.0.0.1"]);
  await writeFile(password, "secret\n");
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(home, { recursive: true });
});

const answersAt = (place: Pick<Share, "address" | "port">) => isSharedAt(place, home);

test("opens an address that the machine did not have when Redis started, but no address of another Redis", async () => {
  const files = shareFiles(home);
  const share = { address: "127.0.0.1", port: await freePort(), machines: [] };
  await writeFile(files.state, JSON.stringify(share));
  const log = createLogger({ name: "test", level: "silent", secrets: [] });
  const keeper = (redisUrl: string) =>
    createShareKeeper({ config: { dataFolder: home, joined: false, redisUrl } as Config, redis, log });
  const url = socketUrl(join(home, "s"));
  await keeper(url)();
  expect(await redis.acl("LIST")).toEqual([expect.stringContaining("user default on nopass")]);
  const keep = keeper(withPasswordFile(url, files.password));
  expect(await answersAt(share)).toBe(false);
  await keep();
  expect(await answersAt(share)).toBe(true);
  expect(await redis.call("CONFIG", "GET", "bind")).toEqual(["bind", "-127.0.0.1"]);
  const stranger = new Redis(join(home, "s"));
  stranger.on("error", () => undefined);
  await expect(stranger.ping()).rejects.toThrow(/NOAUTH/);
  stranger.disconnect();
  await keep();
  expect(await answersAt(share)).toBe(true);
});

test("a port that another program uses is reported, and opened when it is free", async () => {
  const files = shareFiles(home);
  const share = { address: "127.0.0.1", port: await freePort(), machines: [] };
  await redis.call("CONFIG", "SET", "tls-port", "0");
  await writeFile(files.state, JSON.stringify(share));
  // It also answers, as an HTTP server would.
  const other = createServer((socket) =>
    socket
      .on("error", () => undefined)
      .resume()
      .end("HTTP/1.1 400 Bad Request\r\n\r\n"),
  );
  await once(other.listen(share.port, share.address), "listening");
  const reports: (string | null)[] = [];
  const redisUrl = withPasswordFile(socketUrl(join(home, "s")), files.password);
  const log = createLogger({ name: "test", level: "silent", secrets: [] });
  const config = { dataFolder: home, joined: false, redisUrl } as Config;
  const keep = createShareKeeper({ config, redis, log, report: (problem) => reports.push(problem) });
  await keep();
  await keep();
  expect(reports).toEqual(Array.from({ length: 2 }, () => expect.stringContaining(`127.0.0.1:${share.port}`)));
  await new Promise((resolve) => other.close(resolve));
  await keep();
  await keep();
  expect(reports.slice(2)).toEqual([null, null]);
  expect(await answersAt(share)).toBe(true);
});

test("a machine that is removed while the rules are applied stays out, and so do all machines if all are removed", async () => {
  const { state } = shareFiles(home);
  const machines = ["pi-2", "pi-3"].map((name) => ({ name, hash: "ab".repeat(32), since: 1 }));
  const place = { address: "127.0.0.1", port: await freePort() };
  const users = async () => (await redis.acl("LIST")).map((line) => line.split(" ")[1]);
  const meanwhile = (work: () => Promise<unknown>) => ({
    call: async (...args: [string, ...string[]]) => {
      if (args[0] === "CONFIG") await work();
      return redis.call(...args);
    },
  });
  await writeFile(state, JSON.stringify({ ...place, machines }));
  const one = meanwhile(() => writeFile(state, JSON.stringify({ ...place, machines: machines.slice(1) })));
  await applyShare(one as unknown as Redis, home);
  expect(await users()).toEqual(["default", "pi-3"]);
  await applyShare(meanwhile(() => rm(state, { force: true })) as unknown as Redis, home);
  expect(await redis.acl("LIST")).toEqual([expect.stringContaining("user default on nopass")]);
  expect(await answersAt(place)).toBe(false);
});
