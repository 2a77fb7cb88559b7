import { lstatSync, readFileSync, readlinkSync, readdirSync, realpathSync, statSync } from "node:fs";
import type { Machine } from "./view.ts";

/** Folders with the home folders of system accounts. */
const NO_HOMES = /^\/(?:usr|var|nonexistent|s?bin|lib\w*|dev|run|proc|sys|etc|boot|tmp|nix|gnu)(?:\/|$)/;

/** The files of this machine, as this process sees them. */
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
  namesIn: (folder) => orNull(() => readdirSync(folder)) ?? [],
  homes() {
    const users = orNull(() => readFileSync("/etc/passwd", "utf8")) ?? "";
    const children = orNull(() => readdirSync("/home")) ?? [];
    return [...new Set([...homesIn(users), "/root", ...children.map((name) => `/home/${name}`)])];
  },
};

/** Return the home folders in the text of `/etc/passwd`, without those of system accounts. Pure. */
export function homesIn(passwd: string): string[] {
  return passwd.split("\n").flatMap((line) => {
    const home = line.split(":")[5] ?? "";
    return home.startsWith("/") && home !== "/" && !NO_HOMES.test(home) ? [home] : [];
  });
}

/** Return the names of the entries of `/proc`, without processes. */
export function procEntries(): ReadonlySet<string> {
  return new Set(readdirSync("/proc").filter((name) => !/^\d+$/.test(name)));
}

function orNull<T>(read: () => T | null): T | null {
  try {
    return read();
  } catch {
    return null; // Missing or not readable.
  }
}
