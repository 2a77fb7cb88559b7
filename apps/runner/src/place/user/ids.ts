import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { AgentIds } from "@tac8/core/isolation/launcher/protocol";
import { lock } from "@tac8/core/process/flock";

/** After so long a reserved id whose folders are not there, or are gone, is free again. */
const UNUSED_MS = 3_600_000;
/** Another runner has the book for some milliseconds. */
const LOCK_MS = 60_000;

/**
 * The ids that agents get. An issue has a user id of its own, and a repository a group id, for as long as it has a folder: who
 * owns a folder is read from the folder. An id is reserved before that by a file `<folder>/<id>` with the paths, one a line, so that
 * the runners of a data folder, also those of other containers, do not take the same one. They change these files under a lock: one
 * that frees an id must not do so while another finds it reserved.
 */
export class AgentIdBook {
  readonly #folder: string;
  readonly #ids: AgentIds;

  /** @param folder made if it is missing, for its owner alone */
  constructor(folder: string, ids: AgentIds) {
    this.#folder = folder;
    // The last one is for trying things out.
    this.#ids = { first: ids.first, last: ids.last - 1 };
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  has(id: number): boolean {
    return id >= this.#ids.first && id <= this.#ids.last;
  }

  /** Path of the lock that says that processes of a user id may be alive. */
  lockFile(id: number): string {
    return join(this.#folder, `${id}.lock`);
  }

  /**
   * Return the id of these paths, whose owner or group `which` it is.
   * @throws Error all ids are in use; LockTimeout when another runner has the book for a minute; the signal's reason
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
      // The disk may be full, and this the issue that makes room. The next one who asks tries again.
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

  /** It is in use from now on, for these paths too: one that is left must keep it when the others are gone. */
  #note(id: number, paths: readonly string[]): void {
    const file = join(this.#folder, String(id));
    const missing = paths.filter((path) => !this.#pathsOf(id).includes(path));
    // The line before may have been cut off by a full disk.
    writeFileSync(file, missing.map((path) => `\n${path}\n`).join(""), { flag: "a", mode: 0o600 });
    const now = new Date();
    utimesSync(file, now, now);
  }

  /** Free what nothing is left of, and reserve again. */
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

/** Whether a path is there, or something that was quarantined to a name beside it. */
function isLeft(path: string): boolean {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return true;
  try {
    return readdirSync(dirname(path)).some((name) => name.startsWith(`${basename(path)}.`));
  } catch {
    return false;
  }
}
