import { lstatSync, readFileSync, readlinkSync, readdirSync, realpathSync, statSync } from "node:fs";
import type { Machine } from "./view.ts";

/** Folders with the home folders of system accounts. */
const NO_HOMES = /^\/(?:usr|var|nonexistent|s?bin|lib\w*|dev|run|proc|sys|etc|boot|tmp|nix|gnu)(?:\/|$)/;

/** The files of this machine, as this process sees them. */
export const thisMachine: Machine = {
  kindOf(path) {
    return orNull(() => {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isDirectory() === true) return "folder";
      return found?.isFile() === true ? "file" : null;
    });
  },
  linkOf(path) {
    return orNull(() => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      return found?.isSymbolicLink() === true ? readlinkSync(path) : null;
    });
  },
  realPathOf: (path) => orNull(() => realpathSync.native(path)),
  namesIn: (folder) => orNull(() => readdirSync(folder)) ?? [],
  homes() {
    const users = orNull(() => readFileSync("/etc/passwd", "utf8")) ?? "";
    const children = orNull(() => readdirSync("/home")) ?? [];
    return [...new Set([...homesIn(users), "/root", ...children.map((name) => `/home/${name}`)])];
  },
};

/**
 * Return the machine's files as they are now: each question is asked once. For one view of the machine, which asks many questions
 * again. Not for longer, because a link that changes must not lead a later sandbox to something that it may not show.
 */
export function readOnce(machine: Machine): Machine {
  const once = <T>(ask: (path: string) => T): ((path: string) => T) => {
    const known = new Map<string, { readonly answer: T }>();
    return (path) => {
      const before = known.get(path);
      if (before !== undefined) return before.answer;
      const answer = ask(path);
      known.set(path, { answer });
      return answer;
    };
  };
  let homes: readonly string[] | null = null;
  return {
    kindOf: once((path) => machine.kindOf(path)),
    linkOf: once((path) => machine.linkOf(path)),
    realPathOf: once((path) => machine.realPathOf(path)),
    namesIn: once((path) => machine.namesIn(path)),
    homes: () => (homes ??= machine.homes()),
  };
}

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
