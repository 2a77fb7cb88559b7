import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startRedisServer } from "@tac8/sandbox/redis";
import { socketUrl, withPasswordFile } from "../config/redisUrl.ts";
import { createLogger } from "../log/logger.ts";
import { connectRedis } from "./redis.ts";

test("a password from a file that Redis refuses is in no log line", async () => {
  const dir = await mkdtemp(join(tmpdir(), "tac8-password-"));
  const socket = join(dir, "s");
  const server = await startRedisServer({ dir, socket, settings: { requirepass: "another" } });
  await writeFile(join(dir, "password"), "of-the-default-user\n");
  const lines: string[] = [];
  const log = createLogger({ name: "test", destination: { write: (line) => void lines.push(line) }, secrets: [] });
  const redis = connectRedis(withPasswordFile(socketUrl(socket), join(dir, "password")), {
    name: "test",
    failFast: true,
    onError: (err) => log.warn({ err }, "redis"),
  });
  await expect(redis.ping()).rejects.toThrow(/WRONGPASS|NOAUTH/);
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true });
  expect(lines.join("")).toContain("WRONGPASS");
  expect(lines.join("")).not.toContain("of-the-default-user");
});
