import { messageOf } from "@tac8/core/domain/messageOf";
import type { Config } from "@tac8/core/config/resolve";
import { storedSecret } from "@tac8/core/config/environment";
import { MODEL_SECRETS } from "@tac8/core/config/variables";
import type { Redis } from "ioredis";
import { closeSync, constants, createWriteStream, fstatSync, openSync, readSync } from "node:fs";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import manifest from "../../../../package.json" with { type: "json" };
import { Problem } from "../problems/problem.ts";
import { syncFolder } from "../moveData/mark.ts";
import { exportRedis, type RedisExport } from "./exportRedis.ts";
import { findFiles, type BackupFile } from "./findFiles.ts";
import { CONFIG, FORMAT, MANIFEST, RECORDS, type Manifest } from "./format.ts";
import { writeTar, type TarFile } from "./tar.ts";

export interface BackupRequest {
  readonly redis: Redis;
  readonly config: Config;
  /** The configuration file; null: there is none. */
  readonly configPath: string | null;
  /** Absolute path of the archive. The file appears when it is complete. */
  readonly path: string;
  /** `.claude/projects` of the home folder that agents may share; null: there is none. */
  readonly sharedProjects: string | null;
  readonly now: () => number;
}

export interface BackupMade {
  readonly manifest: Manifest;
  readonly files: number;
  /** Size of the archive. */
  readonly bytes: number;
  readonly pausedMs: number;
  readonly leftOut: readonly string[];
}

/** Maximum time for which writers of Redis wait. It is below a quarter of a job's lock, so that no runner loses its lock. */
const MAX_PAUSE_MS = 20_000;
const CHUNK = 64 * 1024;

/** Write a backup. @throws Problem if no consistent copy of Redis can be read, or the archive cannot be written */
export async function createBackup(request: BackupRequest): Promise<BackupMade> {
  const { redis, config, path, now } = request;
  const [spool, half] = [`${path}.redis.part`, `${path}.part`];
  try {
    const at = new Date(now()).toISOString();
    const pauseMs = Math.min(MAX_PAUSE_MS, (config.coordinator.lock_seconds * 1000) / 4);
    const exported = await spooled(spool, (file) => exportRedis(redis, { file, pauseMs, now }));
    const { files, leftOut } = findFiles(exported.issues, {
      dataFolder: config.dataFolder,
      sharedProjects: request.sharedProjects,
    });
    const described = describe(request, { exported, at });
    const body = Readable.from(writeTar(entries(request, { described, spool, files }), Math.floor(now() / 1000)));
    await rm(half, { force: true });
    await pipeline(body, createGzip(), createWriteStream(half, { flags: "wx", mode: 0o600, flush: true }));
    await rename(half, path);
    syncFolder(dirname(path));
    return { manifest: described, files: files.length, bytes: sizeOf(path), pausedMs: exported.pausedMs, leftOut };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(`cannot write the backup ${path}: ${messageOf(error)}`, { cause: error });
  } finally {
    await rm(spool, { force: true });
    await rm(half, { force: true });
  }
}

async function spooled<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  await rm(path, { force: true });
  const file = await open(path, "wx", 0o600).catch((error: unknown) => {
    throw whyNotOpened(error, dirname(path));
  });
  try {
    return await write(file);
  } finally {
    await file.close();
  }
}

function whyNotOpened(error: unknown, folder: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return new Problem(`cannot write the backup: the folder ${folder} does not exist`);
  if (code !== "EACCES" && code !== "EROFS") return error;
  return new Problem(
    `cannot write the backup: tac8's user cannot write to the folder ${folder}. Choose another folder`,
  );
}

function describe({ config }: BackupRequest, given: { exported: RedisExport; at: string }): Manifest {
  const { exported, at } = given;
  return {
    format: FORMAT,
    tac8: manifest.version,
    at,
    host: hostname(),
    home: config.dataFolder,
    redisVersion: exported.redisVersion,
    keys: exported.keys,
    issues: exported.issues.length,
    secrets: secretNames(config),
  };
}

/** Return the names of the secrets that this installation has. A backup never contains their values. */
function secretNames({ dataFolder, secrets, agent, agentEnv }: Config): string[] {
  const { github, notify, boardPassword, boardPasswordSource } = secrets;
  // If the board created the password, it creates a new one.
  const isMade = boardPasswordSource === storedSecret(dataFolder, "TAC8_BOARD_PASSWORD");
  const ofGitHub = { token: "GITHUB_TOKEN", app: "GITHUB_APP_PRIVATE_KEY" } as const;
  const known = [
    github === null ? null : ofGitHub[github.kind],
    ...MODEL_SECRETS.filter((name) => agentEnv[name]),
    ...Object.keys(agent.secrets),
    boardPassword === null || isMade ? null : "TAC8_BOARD_PASSWORD",
    notify.slackUrl === null ? null : "TAC8_SLACK_URL",
    notify.ntfyUrl === null ? null : "TAC8_NTFY_URL",
    notify.webhookUrl === null ? null : "TAC8_WEBHOOK_URL",
  ];
  return known.filter((name) => name !== null);
}

async function* entries(
  { configPath }: BackupRequest,
  given: { readonly described: Manifest; readonly spool: string; readonly files: readonly BackupFile[] },
): AsyncGenerator<TarFile> {
  const text = Buffer.from(`${JSON.stringify(given.described, null, 2)}\n`);
  yield { path: MANIFEST, size: text.length, body: Readable.from([text]) };
  yield* fileEntry({ path: RECORDS, source: given.spool });
  if (configPath !== null) yield* fileEntry({ path: CONFIG, source: configPath });
  for (const file of given.files) yield* fileEntry(file);
}

/** Return an entry with the current content of a file, or none if the file was removed meanwhile. */
function* fileEntry({ path, source }: BackupFile): Generator<TarFile> {
  // An agent may have replaced the file by a link or a pipe. Only the operator can write the configuration and the copy of Redis.
  const isOurs = path === CONFIG || path === RECORDS;
  let fd: number;
  try {
    fd = openSync(source, constants.O_RDONLY | constants.O_NONBLOCK | (isOurs ? 0 : constants.O_NOFOLLOW));
  } catch (error) {
    if (isOurs) throw error;
    return;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return;
    const size = path.endsWith(".jsonl") ? wholeLines(fd, stat.size) : stat.size;
    yield { path, size, body: Readable.from(chunksOf(fd, size)) };
  } finally {
    closeSync(fd);
  }
}

/** Return the size without an incomplete last line, because sessions are written line by line. */
function wholeLines(fd: number, size: number): number {
  const chunk = Buffer.alloc(Math.min(size, 1024 * 1024));
  readSync(fd, chunk, 0, chunk.length, size - chunk.length);
  const end = chunk.lastIndexOf("\n");
  return end === -1 ? size : size - chunk.length + end + 1;
}

function* chunksOf(fd: number, size: number): Generator<Buffer> {
  for (let at = 0; at < size;) {
    const chunk = Buffer.alloc(Math.min(CHUNK, size - at));
    const read = readSync(fd, chunk, 0, chunk.length, at);
    if (read === 0) return; // The file was truncated meanwhile, which `writeTar` detects.
    at += read;
    yield chunk.subarray(0, read);
  }
}

function sizeOf(path: string): number {
  const fd = openSync(path, "r");
  try {
    return fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}
