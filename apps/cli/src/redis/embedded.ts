import { messageOf } from "@tac8/core/domain/messageOf";
import { isSameProcess, startTimeOf } from "@tac8/core/process/procfs";
import { valueWithin } from "@tac8/core/app/within";
import { redisAddress, socketOf } from "@tac8/core/config/redisUrl";
import { isPortInUse, writeShareConf } from "@tac8/core/share/apply";
import { readShare } from "@tac8/core/share/files";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { MayPass } from "../problems/problem.ts";
import { keepAlive, type LifeEnd } from "../supervise/keepAlive.ts";
import { readRecord, redisFolder, removeRecord, writeRecord } from "./record.ts";
import { makeSocketPlace } from "./socketPlace.ts";

export interface EmbeddedRedis {
  readonly url: string;
  /** Stop Redis. @returns false if it did not stop within 15 s and was killed */
  stop(): Promise<boolean>;
}

const STOP_MS = 15_000;
/** Interval of checks that the socket exists. */
const WATCH_MS = 2000;

/**
 * Start a Redis in `<dataFolder>/redis`, and keep it running. It listens on a Unix socket that only this user can open, and on no TCP
 * port. The caller has the lock of the data folder. A Redis that a killed `up` has left is stopped first, and its socket is
 * replaced, so that clients that are still running find the new one.
 * @param given.warn called with one line about each unexpected end, and about a shared port that another program uses
 * @throws Problem if Redis does not start
 */
export async function startEmbeddedRedis(given: {
  readonly dataFolder: string;
  readonly warn: (line: string) => void;
}): Promise<EmbeddedRedis> {
  const { dataFolder, warn } = given;
  await stopLeftover(dataFolder);
  let server = await launch(dataFolder, warn);
  const where = redisAddress(server.url);
  const ending = new AbortController();

  let first: RedisServer | null = server;
  const liveOnce = async (): Promise<LifeEnd> => {
    try {
      if (first === null) {
        server = await launch(dataFolder, warn);
        if (ending.signal.aborted) await stopServer(server);
        else warn(`Redis at ${where} is running again`);
      }
      first = null;
      const isMissing = await socketMissing(server);
      if (isMissing && !ending.signal.aborted) await stopServer(server);
      return {
        text: isMissing
          ? `the socket ${where} of Redis was removed, so Redis was stopped`
          : `Redis at ${where} stopped`,
        refusal: null,
      };
    } catch (error) {
      return { text: "", refusal: messageOf(error) };
    }
  };
  const onWait = (why: string, seconds: number) => warn(`${why}; restarting it in ${seconds} s`);
  const kept = keepAlive({ live: liveOnce, signal: ending.signal, onWait });
  return {
    url: server.url,
    async stop() {
      ending.abort();
      const clean = await stopServer(server);
      await kept;
      removeRecord(dataFolder);
      return clean;
    },
  };
}

/** Wait until the socket of Redis is removed (true) or Redis ends (false). A Redis without its socket is unreachable. */
async function socketMissing(server: RedisServer): Promise<boolean> {
  const path = socketOf(server.url)?.path;
  const isThere = () => path === undefined || existsSync(path);
  const ended = new AbortController();
  const watch = async (): Promise<boolean> => {
    while (isThere()) {
      if (!(await sleep(WATCH_MS, true, { signal: ended.signal }).catch(() => false))) return false;
    }
    return true;
  };
  try {
    return await Promise.race([server.exited.then(() => false), watch()]);
  } finally {
    ended.abort();
  }
}

/** End a Redis that a killed `up` has left in this data folder. */
export async function stopLeftover(dataFolder: string): Promise<void> {
  const record = readRecord(dataFolder);
  if (record === null || !isSameProcess(record)) return;
  process.kill(record.pid, "SIGTERM");
  const end = performance.now() + STOP_MS;
  while (isSameProcess(record)) {
    if (performance.now() > end) process.kill(record.pid, "SIGKILL");
    await sleep(50);
  }
}

async function launch(dataFolder: string, warn: (line: string) => void): Promise<RedisServer> {
  const dir = redisFolder(dataFolder);
  const socket = makeSocketPlace(dataFolder);
  let server: RedisServer;
  try {
    const conf = await writeShareConf(dataFolder);
    const shared = conf === null ? {} : { include: conf, ...(await withoutTakenPort(dataFolder, warn)) };
    server = await startRedisServer({ dir, socket, settings: shared });
  } catch (error) {
    throw new MayPass(
      `Redis did not start in ${dir}: ${messageOf(error)}; fix the cause, or set REDIS_URL to another Redis`,
      {
        cause: error,
      },
    );
  }
  const startTime = startTimeOf(server.pid);
  const since = startTimeOf(process.pid);
  const keeper = since === null ? null : { pid: process.pid, startTime: since };
  if (startTime !== null) writeRecord(dataFolder, { pid: server.pid, startTime, socket, keeper });
  return server;
}

/** Return settings that override those of the file, because Redis does not start with a port that another program uses. */
async function withoutTakenPort(dataFolder: string, warn: (line: string) => void): Promise<Record<string, string>> {
  const share = readShare(dataFolder);
  if (share === null || !(await isPortInUse(share))) return {};
  const where = `${share.address}:${share.port}`;
  warn(
    `Redis starts without ${where}, which another program uses: the scheduler opens it when it is free; see tac8 doctor`,
  );
  return { "tls-port": "0" };
}

async function stopServer(server: RedisServer): Promise<boolean> {
  const clean = await valueWithin(
    server.stop().then(() => true),
    STOP_MS,
    () => false,
  );
  if (!clean) await server.stop("SIGKILL");
  return clean;
}
