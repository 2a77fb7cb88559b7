import { LAUNCHER_VARIABLE } from "@tac8/core/isolation/launcher/protocol";
import type { LauncherOptions } from "./server.ts";

export interface LauncherCommand extends LauncherOptions {
  /** Program to start as the user. Null: another process, such as systemd, starts a program of that user. */
  readonly program: readonly string[] | null;
  /** Shell script that ends when a new start makes sense, for a program that needs a user; null: end with it. */
  readonly wait: string | null;
}

/** The number of ids limits how many issues can have a workspace at once. */
const IDS = { first: 20_000, last: 20_999 };
const SOCKET = "/run/tac8/launcher/socket";
/** Lower ids are for the accounts of the system and of users. */
const MIN_ID = 10_000;
const MAX_ID = 2 ** 31 - 1;

/**
 * Parse `--user NAME [--ids FIRST-LAST] [--wait SCRIPT] [-- PROGRAM ARG…]`. Pure.
 * @param given `passwd`: text of `/etc/passwd` @throws Error with one line about the mistake
 */
export function parseOptions(
  args: readonly string[],
  { env, passwd }: { readonly env: Readonly<Record<string, string | undefined>>; readonly passwd: string },
): LauncherCommand {
  const end = args.indexOf("--");
  const program = end < 0 ? null : args.slice(end + 1);
  if (program?.length === 0) throw new Error("expected a program to start after --");
  const options = end < 0 ? args : args.slice(0, end);
  const given = new Map<string, string>();
  for (let at = 0; at < options.length; at += 2) {
    const [name = "", value] = options.slice(at, at + 2);
    if (!["--user", "--ids", "--wait"].includes(name) || value === undefined)
      throw new Error(`expected --user NAME, --ids FIRST-LAST or --wait SCRIPT, not ${name}`);
    given.set(name, value);
  }
  const name = given.get("--user") ?? "";
  const entry = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .find(([user, , uid]) => user === name || uid === name);
  const [uid, gid] = [Number(entry?.[2]), Number(entry?.[3])];
  if (entry === undefined || !(uid > 0) || !(gid > 0)) {
    throw new Error(`--user ${name || "is missing"}: expected a user of /etc/passwd who is not root`);
  }
  const ids = idsIn(given.get("--ids"));
  if (uid >= ids.first && uid <= ids.last) throw new Error(`--ids: ${uid} is the id of ${name}`);
  const wait = given.get("--wait") ?? null;
  return { user: { uid, gid }, ids, socket: env[LAUNCHER_VARIABLE] || SOCKET, program, wait };
}

function idsIn(text: string | undefined): LauncherOptions["ids"] {
  if (text === undefined) return IDS;
  const [, first, last] = /^(\d{1,10})-(\d{1,10})$/.exec(text) ?? [];
  const ids = { first: Number(first ?? 0), last: Number(last ?? 0) };
  if (ids.first < MIN_ID || ids.last > MAX_ID || ids.last - ids.first < 9) {
    throw new Error(`--ids ${text}: expected at least ten ids from ${MIN_ID}, such as ${IDS.first}-${IDS.last}`);
  }
  return ids;
}
