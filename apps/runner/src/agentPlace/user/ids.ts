import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { AgentIds } from "@tac8/core/isolation/launcher/protocol";
import { lock } from "@tac8/core/process/flock";

/** After this time a reserved id is free again if its folders do not exist. */
const UNUSED_MS = 3_600_000;
/** Time limit for the lock of the book, which other runners hold for some milliseconds. */
const LOCK_MS = 60_000;

/**
 * Ids of agents. Each issue has its own user id, and each repository its own group id, while it has a folder: the owner of the folder is
 * the id. Before the folder exists, the file `<folder>/<id>` reserves the id. It has the paths, one per line, so that the runners on a
 * data folder, also in other containers, do not use the same id. They change these files under a lock, so that no runner frees an id
 * that another one has just found reserved.
 */
export class AgentIdBook {
  readonly #folder: string;
  readonly #ids: AgentIds;

  /** @param folder created if it is missing, and accessible only to its owner */
  constructor(folder: string, ids: AgentIds) {
    this.#folder = folder;
    // The last id is reserved for checks.
    this.#ids = { first: ids.first, last: ids.last - 1 };
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  has(id: number): boolean {
    return id >= this.#ids.first && id <= this.#ids.last;
  }

  /** Return the path of the lock that is held while processes of a user id may be alive. */
  lockFile(id: number): string {
    return join(this.#folder, `${id}.lock`);
  }

  /**
   * Return the user id or group id (`which`) of these paths.
   * @throws Error if all ids are in use; LockTimeout if another runner has the book for a minute; the signal's reason
   */
  async idOf(paths: readonly string[], which: "uid" | "gid", signal?: AbortSignal): Promise<number> {
    const owner = paths
      .map((path) => lstatSync(path, { throwIfNoEntry: false })?.[which])
      .find((id) => id !== undefined && this.has(id));
    if (owner !== undefined) {
      await this.#noteOwned(owner, paths, signal);
      return owner;
    }
    return this.#locked(signal, () => {
      const id = this.#reserved(paths) ?? this.#reserve(paths) ?? this.#free(paths);
      this.#note(id, paths);
      return id;
    });
  }

  async #noteOwned(id: number, paths: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    if (paths.every((path) => this.#pathsOf(id).includes(path))) return;
    try {
      await this.#locked(signal, () => this.#note(id, paths));
    } catch {
      // The disk may be full, and this issue may be the one that frees space. The next call tries again.
    }
  }

  async #locked<T>(signal: AbortSignal | undefined, act: () => T): Promise<T> {
    const path = join(this.#folder, "lock");
    const held = await lock(path, { timeoutMs: LOCK_MS, ...(signal === undefined ? {} : { signal }) });
    try {
      return act();
    } finally {
      held.release();
    }
  }

  #reserved(paths: readonly string[]): number | null {
    return this.#all().find((id) => this.#pathsOf(id).some((path) => paths.includes(path))) ?? null;
  }

  #reserve(paths: readonly string[]): number | null {
    const taken = new Set(this.#all());
    for (let id = this.#ids.first; id <= this.#ids.last; id += 1) {
      if (taken.has(id)) continue;
      try {
        writeFileSync(join(this.#folder, String(id)), `${paths.join("\n")}\n`, { flag: "wx", mode: 0o600 });
        return id;
      } catch (error) {
        // A runner of an older version takes no lock.
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
    return null;
  }

  /** Add these paths to the reservation of an id, so that any of them keeps the id reserved. */
  #note(id: number, paths: readonly string[]): void {
    const file = join(this.#folder, String(id));
    const missing = paths.filter((path) => !this.#pathsOf(id).includes(path));
    // A full disk may have cut off the previous line.
    writeFileSync(file, missing.map((path) => `\n${path}\n`).join(""), { flag: "a", mode: 0o600 });
    const now = new Date();
    utimesSync(file, now, now);
  }

  /** Free the ids without remaining folders, then reserve an id for these paths. */
  #free(paths: readonly string[]): number {
    for (const id of this.#all()) {
      const file = join(this.#folder, String(id));
      const written = lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
      if (Date.now() - written < UNUSED_MS || this.#pathsOf(id).some(isLeft)) continue;
      rmSync(file, { force: true });
    }
    const id = this.#reserve(paths);
    if (id === null) {
      const { first, last } = this.#ids;
      throw new Error(`all user ids for agents (${first} to ${last}) are in use: give the launcher more (--ids)`);
    }
    return id;
  }

  #all(): number[] {
    const names = readdirSync(this.#folder).filter((name) => /^\d+$/.test(name));
    return names.map(Number).filter((id) => this.has(id));
  }

  #pathsOf(id: number): string[] {
    try {
      const text = readFileSync(join(this.#folder, String(id)), "utf8");
      return text.split("\n").filter((path) => path !== "");
    } catch {
      return []; // It is not reserved.
    }
  }
}

/** Return whether a path exists, or a folder that was quarantined beside it. */
function isLeft(path: string): boolean {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return true;
  try {
    return readdirSync(dirname(path)).some((name) => name.startsWith(`${basename(path)}.`));
  } catch {
    return false;
  }
}
