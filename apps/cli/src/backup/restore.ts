import { messageOf } from "@tac8/core/domain/messageOf";
import { RESTORING_FOLDER } from "@tac8/core/config/dataFolder";
import { addFormerPaths } from "@tac8/core/config/formerPaths";
import { presentRunners } from "@tac8/core/status/snapshot";
import { dataFolderIdOf, idOf, readRunners } from "@tac8/core/state/presence";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { existsSync } from "node:fs";
import { copyFile, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { Problem } from "../problems/problem.ts";
import { holdSlots, idsIn, usersOf } from "../moveData/inUse.ts";
import { syncFolder } from "../moveData/mark.ts";
import { repairPaths } from "../moveData/repair.ts";
import { withRedis } from "../redis/connect.ts";
import { startEmbeddedRedis, stopLeftover } from "../redis/embedded.ts";
import { holdDataFolder } from "../up/lock.ts";
import { extractBackup } from "./extract.ts";
import { CONFIG, DATA, RECORDS, SHARED, type Manifest } from "./format.ts";
import { countKeys, importRedis } from "./importRedis.ts";

export interface RestoreRequest {
  /** The archive. */
  readonly path: string;
  /** The data folder, absolute. */
  readonly dataFolder: string;
  /** Path of the configuration, absolute. An existing file is never changed. */
  readonly configPath: string;
  /** A Redis of the operator's; null: `tac8 up` starts its own in the data folder. */
  readonly redisUrl: string | null;
  /** `.claude/projects` of the home folder that agents may share; null: there is none. */
  readonly sharedProjects: string | null;
  /** Whether existing data may be replaced. Replaced files are kept in another folder; replaced keys of Redis are lost. */
  readonly force: boolean;
  readonly now: number;
}

export interface Restored {
  readonly manifest: Manifest;
  /**
   * The result for the configuration. `kept`: another configuration exists and was kept, or its folder is not writable; the
   * backup's configuration is in `configCopy`.
   */
  readonly config: "none" | "written" | "same" | "kept";
  readonly configCopy: string;
  /** Folder with the files that were replaced; null: there were none. */
  readonly previous: string | null;
}

/** Entries that a backup restores in a data folder, in this order. Redis is last: without it, tac8 finds no earlier state. */
const ENTRIES = ["issues", "homes", "workspaces", "id", "redis"];
/** Entries that tac8 creates again from GitHub. The existing ones do not match the restored state. */
const OTHERS = ["repos", "runs"];

/**
 * Restore an installation from a backup. The whole archive is read and checked before anything is changed. While the data folder
 * has the folder `restoring`, tac8 does not start on it. After an interruption, a second call starts again and finishes.
 * @throws Problem if a process uses the installation, or if it is not empty and `force` is not set
 */
export async function restoreBackup(request: RestoreRequest): Promise<Restored> {
  const { dataFolder, redisUrl, now } = request;
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const lock = await holdDataFolder(dataFolder);
  let releaseSlots = (): void => undefined;
  try {
    releaseSlots = await holdSlots(dataFolder);
    await stopLeftover(dataFolder); // The Redis of a killed `up`: a running `up` would have the lock.
    const users =
      redisUrl === null
        ? []
        : [...(await usersOf([dataFolder], { redisUrl, now })), ...(await runnersOf(redisUrl, { dataFolder, now }))];
    if (users.length > 0) throw new Problem(users.map((line) => `${dataFolder} is in use: ${line}`));
    return await restore(request);
  } finally {
    releaseSlots();
    lock.release();
  }
}

/**
 * Return the runners of other data folders, on this machine or another. They would continue with the state that they read before the
 * restore. Machines may have the same host name, so the name is used only for runners that do not report their data folder.
 */
function runnersOf(
  redisUrl: string,
  { dataFolder, now }: Pick<RestoreRequest, "dataFolder" | "now">,
): Promise<string[]> {
  return withRedis(
    redisUrl,
    async (redis) => {
      const own = idsIn([dataFolder]);
      const others = presentRunners(await readRunners(redis), now).filter((runner) =>
        runner.wantedHost === undefined ? runner.host !== hostname() : !own.includes(dataFolderIdOf(idOf(runner))),
      );
      return others.map(({ name, host }) => `runner ${name} on ${host} is running: stop it`);
    },
    "start it",
  );
}

async function restore(request: RestoreRequest): Promise<Restored> {
  const { path, dataFolder, redisUrl, force, now } = request;
  const folder = join(dataFolder, RESTORING_FOLDER);
  const isInterrupted = existsSync(join(folder, "complete"));
  const replace = force || isInterrupted;
  if (!replace) await refuseIfUsed(request);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  try {
    const manifest = await extractBackup(path, folder);
    const data = join(folder, DATA);
    await mkdir(data, { recursive: true, mode: 0o700 });
    if (redisUrl === null) await importIntoOwn(folder, { now });
    const previous = await keepPrevious(request, replace);
    // From here on, files may have been replaced, so after an interruption the next call continues without --force.
    await (await open(join(folder, "complete"), "w", 0o600)).close();
    syncFolder(folder);
    for (const name of ENTRIES) await moveIn(join(data, name), join(dataFolder, name));
    await bringShared(join(folder, SHARED), request.sharedProjects);
    if (manifest.home !== dataFolder) {
      repairPaths({ from: [manifest.home], to: dataFolder });
      addFormerPaths(dataFolder, [manifest.home]);
    }
    const configCopy = join(dataFolder, "config.toml.from-backup");
    const config = await bringConfig(join(folder, CONFIG), { to: request.configPath, copy: configCopy });
    if (redisUrl !== null) await importInto(redisUrl, { records: join(folder, RECORDS), replace, now });
    syncFolder(dataFolder);
    await rm(folder, { recursive: true, force: true });
    return { manifest, config, configCopy, previous };
  } catch (error) {
    if (!existsSync(join(folder, "complete"))) await rm(folder, { recursive: true, force: true });
    if (error instanceof Problem) throw error;
    throw new Problem(`cannot restore the backup: ${messageOf(error)}`, { cause: error });
  }
}

const REPLACE = "tac8 restore --force replaces it and keeps its files beside it";

async function refuseIfUsed({ dataFolder, redisUrl }: RestoreRequest): Promise<void> {
  const used = [...ENTRIES, ...OTHERS].filter((name) => existsSync(join(dataFolder, name)));
  if (used.length > 0) throw new Problem(`${dataFolder} already has data (${used.join(", ")}): ${REPLACE}`);
  if (redisUrl === null) return;
  const keys = await withRedis(redisUrl, (redis) => countKeys(redis), "start it");
  if (keys > 0) throw new Problem(`Redis already contains keys of tac8: ${REPLACE}, but does not keep those keys`);
}

/** Import the keys into a temporary Redis. It writes them to an append-only file, in a folder that then becomes the one of tac8's Redis. */
async function importIntoOwn(folder: string, { now }: { readonly now: number }): Promise<void> {
  const data = join(folder, DATA);
  await rm(join(data, "redis"), { recursive: true, force: true });
  const server = await startEmbeddedRedis({ dataFolder: data, warn: () => undefined });
  let isWritten = false;
  try {
    await importInto(server.url, { records: join(folder, RECORDS), replace: false, now });
  } finally {
    isWritten = await server.stop();
  }
  if (!isWritten) throw new Error("its Redis did not stop in time");
  await rm(join(data, "redis", "redis.sock"), { force: true });
}

async function importInto(
  url: string,
  given: { readonly records: string; readonly replace: boolean; readonly now: number },
): Promise<void> {
  const file = await open(given.records, "r");
  try {
    await withRedis(url, (redis) => importRedis(redis, { ...given, file }), "start it");
  } finally {
    await file.close();
  }
}

/** Move the existing files to a new folder. @returns its path; null: there were no files */
async function keepPrevious({ dataFolder, now }: RestoreRequest, replace: boolean): Promise<string | null> {
  if (!replace) return null;
  const there = [...ENTRIES, ...OTHERS].filter((name) => existsSync(join(dataFolder, name)));
  if (there.length === 0) return null;
  const previous = join(dataFolder, `before-restore-${new Date(now).toISOString().replace(/[:.]/g, "-")}`);
  await mkdir(previous, { mode: 0o700 });
  for (const name of there) await rename(join(dataFolder, name), join(previous, name));
  return previous;
}

async function moveIn(from: string, to: string): Promise<void> {
  if (existsSync(from)) await rename(from, to);
}

/** Copy the sessions of agents to the shared home folder. Existing files, such as the user's own sessions, are not replaced. */
async function bringShared(from: string, to: string | null): Promise<void> {
  if (to === null || !existsSync(from)) return;
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, source.slice(from.length));
    if (existsSync(target)) continue;
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await copyFile(source, `${target}.part`);
    await rename(`${target}.part`, target);
  }
}

async function bringConfig(
  from: string,
  { to, copy }: { readonly to: string; readonly copy: string },
): Promise<Restored["config"]> {
  if (!existsSync(from)) return "none";
  const text = await readFile(from, "utf8");
  const there = existsSync(to) ? await readFile(to, "utf8") : null;
  if (there === text) return "same";
  if (there === null) {
    try {
      await mkdir(dirname(to), { recursive: true });
      await writeWholeFile(to, text);
      return "written";
    } catch {
      // The folder belongs to the system or is mounted read-only, so the operator copies the file.
    }
  }
  await writeWholeFile(copy, text);
  return "kept";
}
