import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, Problem } from "../context.ts";
import { keepAlive, type LifeEnd } from "../up/keepAlive.ts";
import { portProblem } from "../up/port.ts";
import { redisAddress } from "./connect.ts";
import {
  isAlive,
  readRecord,
  redisFolder,
  removeRecord,
  startTimeOf,
  writeRecord,
  type RedisRecord,
} from "./record.ts";

export interface EmbeddedRedis {
  readonly url: string;
  /** True when it ended by itself within 15 s, else it was killed. */
  stop(): Promise<boolean>;
}

const STOP_MS = 15_000;
const HOST = "127.0.0.1";

/**
 * Starts a Redis in `<home>/redis` and keeps it running, on one port for as long as we live. The caller has the home's
 * lock; a Redis that a killed `up` left there is ended first, and its port taken over, so that whoever still talks to it
 * finds the new one.
 * @param given.warn told in one line of each unexpected end
 * @throws Problem when it does not start
 */
export async function startEmbeddedRedis(given: {
  readonly home: string;
  readonly warn: (line: string) => void;
}): Promise<EmbeddedRedis> {
  const { home, warn } = given;
  const dir = redisFolder(home);
  mkdirSync(dir, { recursive: true });
  const before = await stopLeftover(home);
  const reuse = before !== null && (await portProblem(HOST, before.port)) === null;
  let server = await launch(home, reuse ? before.port : undefined);
  const port = Number(new URL(server.url).port);
  const where = redisAddress(server.url);
  const ending = new AbortController();

  let first: RedisServer | null = server;
  const liveOnce = async (): Promise<LifeEnd> => {
    try {
      if (first === null) {
        server = await launch(home, port);
        if (ending.signal.aborted) await stopServer(server);
        else warn(`Redis at ${where} runs again`);
      }
      first = null;
      await server.exited;
      return { text: `Redis at ${where} ended`, refusal: null };
    } catch (error) {
      return { text: "", refusal: messageOf(error) };
    }
  };
  const onWait = (why: string, seconds: number) => warn(`${why}; it starts again in ${seconds} s`);
  const kept = keepAlive({ live: liveOnce, signal: ending.signal, onWait });
  return {
    url: server.url,
    async stop() {
      ending.abort();
      const clean = await stopServer(server);
      await kept;
      removeRecord(home);
      return clean;
    },
  };
}

/** Ends a Redis that a killed `up` left in this home. @returns its record, null where none was there */
export async function stopLeftover(home: string): Promise<RedisRecord | null> {
  const record = readRecord(home);
  if (record === null || !isAlive(record)) return record;
  process.kill(record.pid, "SIGTERM");
  const end = performance.now() + STOP_MS;
  while (isAlive(record)) {
    if (performance.now() > end) process.kill(record.pid, "SIGKILL");
    await sleep(50);
  }
  return record;
}

async function launch(home: string, port: number | undefined): Promise<RedisServer> {
  const dir = redisFolder(home);
  let server: RedisServer;
  try {
    server = await startRedisServer(port === undefined ? { dir } : { dir, port });
  } catch (error) {
    throw new Problem(`Redis did not start in ${dir}: ${messageOf(error)}; fix that, or set REDIS_URL to another`, {
      cause: error,
    });
  }
  const startTime = startTimeOf(server.pid);
  const used = Number(new URL(server.url).port);
  const since = startTimeOf(process.pid);
  const keeper = since === null ? null : { pid: process.pid, startTime: since };
  if (startTime !== null) writeRecord(home, { pid: server.pid, startTime, port: used, keeper });
  return server;
}

async function stopServer(server: RedisServer): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(STOP_MS, true, { signal: timer.signal }).catch(() => false);
  const clean = await Promise.race([server.stop().then(() => true), late.then(() => false)]);
  timer.abort();
  if (!clean) await server.stop("SIGKILL");
  return clean;
}
