import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { AgentIds } from "@tac8/core/isolation/launcher/protocol";

/** After so long a reserved id whose folders are not there, or are gone, is free again. */
const UNUSED_MS = 3_600_000;

/**
 * The ids that agents get. An issue has a user id of its own, and a repository a group id, for as long as it has a folder: who
 * owns a folder is read from the folder. An id is reserved before that by a file `<folder>/<id>` with the paths, one a line, so that
 * the runners of a data folder, also those of other containers, do not take the same one.
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
   * Return the id of these paths, whose owner or group `which` it is. @throws Error all ids are in use
   */
  idOf(paths: readonly string[], which: "uid" | "gid"): number {
    const owner = paths
      .map((path) => lstatSync(path, { throwIfNoEntry: false })?.[which])
      .find((id) => id !== undefined && this.has(id));
    return owner ?? this.#reserved(paths) ?? this.#reserve(paths) ?? this.#free(paths);
  }

  #reserved(paths: readonly string[]): number | null {
    return this.#all().find((id) => pathsIn(this.#read(id)).some((path) => paths.includes(path))) ?? null;
  }

  #reserve(paths: readonly string[]): number | null {
    const taken = new Set(this.#all());
    for (let id = this.#ids.first; id <= this.#ids.last; id += 1) {
      if (taken.has(id)) continue;
      try {
        writeFileSync(join(this.#folder, String(id)), `${paths.join("\n")}\n`, { flag: "wx", mode: 0o600 });
        return id;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
    return null;
  }

  /** Free what nothing is left of, and reserve again. */
  #free(paths: readonly string[]): number {
    for (const id of this.#all()) {
      const file = join(this.#folder, String(id));
      const written = lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
      if (Date.now() - written < UNUSED_MS || pathsIn(this.#read(id)).some(isLeft)) continue;
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

  #read(id: number): string {
    try {
      return readFileSync(join(this.#folder, String(id)), "utf8");
    } catch {
      return ""; // Freed meanwhile.
    }
  }
}

function pathsIn(text: string): string[] {
  return text.split("\n").filter((path) => path !== "");
}

/** Whether a path is there, or something that was put aside to a name beside it. */
function isLeft(path: string): boolean {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return true;
  try {
    return readdirSync(dirname(path)).some((name) => name.startsWith(`${basename(path)}.`));
  } catch {
    return false;
  }
}
