import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Redis } from "ioredis";

export interface TestRedis {
  /** Path of its socket: a real server of its own that needs no port. */
  readonly socket: string;
  /** A client that is connected; closed with the server. */
  readonly redis: Redis;
  connect(): Redis;
  close(): Promise<void>;
}

const READY = "eady to accept connections";

export async function startTestRedis(): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), "tac8-redis-"));
  const socket = join(dir, "s");
  const args = ["--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "", "--appendonly", "no"];
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.includes(READY)) resolve();
    });
  });
  const clients: Redis[] = [];
  const connect = () => {
    const redis = new Redis(socket, { maxRetriesPerRequest: null });
    redis.on("error", () => undefined);
    clients.push(redis);
    return redis;
  };
  const redis = connect();
  await redis.ping();
  return {
    socket,
    redis,
    connect,
    async close() {
      for (const client of clients) client.disconnect();
      child.kill();
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
