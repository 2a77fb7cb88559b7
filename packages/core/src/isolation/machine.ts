import { lstatSync, readlinkSync, readdirSync, realpathSync, statSync } from "node:fs";
import type { Machine } from "./view.ts";

/** This machine's files, as this process sees them. */
export const thisMachine: Machine = {
  kindOf(path) {
    return orNull(() => {
      const found = statSync(path);
      if (found.isDirectory()) return "folder";
      return found.isFile() ? "file" : null;
    });
  },
  linkOf: (path) => orNull(() => (lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null)),
  realPathOf: (path) => orNull(() => realpathSync(path)),
};

/** Names of the entries of `/proc`, without processes. */
export function procEntries(): ReadonlySet<string> {
  return new Set(readdirSync("/proc").filter((name) => !/^\d+$/.test(name)));
}

function orNull<T>(read: () => T | null): T | null {
  try {
    return read();
  } catch {
    return null; // Nothing there, or not ours to read.
  }
}
