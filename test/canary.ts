import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import type { Redis } from "ioredis";
import { pids } from "./processes.ts";

const run = promisify(execFile);

/** Places that a search reads; a part that is not given is skipped. */
export interface Places {
  readonly dir: string;
  readonly redis: Redis;
  /** Texts by name: logs, answers, comments. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Return the forms of a secret: plain, URL-encoded, and in base64 of any alignment, such as that of `x-access-token:<secret>`. */
export function formsOf(secret: string): string[] {
  const base64 = ["", "x", "xx"].map((before) => {
    const text = Buffer.from(before + secret).toString("base64");
    // At both ends, the secret shares a base64 character with the text beside it.
    return text.slice(before === "" ? 0 : before.length + 1, text.replace(/=+$/, "").length - 1);
  });
  return [...new Set([secret, encodeURIComponent(secret), ...base64])];
}

function holds(text: string, secret: string): boolean {
  return formsOf(secret).some((form) => text.includes(form));
}

/** Return the places that contain the secret: files, git objects, Redis keys and texts, one name each. */
export async function findSecret({ dir, redis, texts }: Places, secret: string): Promise<string[]> {
  const found = Object.entries(texts)
    .filter(([, text]) => holds(text, secret))
    .map(([name]) => `text ${name}`);
  for await (const path of filesIn(dir)) {
    if (holds(await readFile(path, "latin1").catch(missing), secret)) found.push(`file ${relative(dir, path)}`);
    // Objects are compressed, so git prints their contents.
    const repository = path.endsWith("/HEAD") ? path.slice(0, -"/HEAD".length) : "";
    if (repository === "" || !existsSync(join(repository, "objects"))) continue;
    const git = ["-C", repository, "cat-file", "--batch-all-objects", "--batch", "--unordered"];
    const read = run("git", git, { encoding: "latin1", maxBuffer: 2 ** 28 });
    const { stdout } = await read.catch((error: unknown) => {
      if (existsSync(path)) throw error;
      return { stdout: "" }; // A run has removed its throwaway repository meanwhile, as `missing` for files.
    });
    if (holds(stdout, secret)) found.push(`objects ${relative(dir, repository)}`);
  }
  for (const key of await redis.keys("*")) {
    if (holds(JSON.stringify([key, await valueOf(redis, key)]), secret)) found.push(`redis ${key}`);
  }
  return found;
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case "string":
      return redis.get(key);
    case "hash":
      return redis.hgetall(key);
    case "list":
      return redis.lrange(key, 0, -1);
    case "set":
      return redis.smembers(key);
    case "zset":
      return redis.zrange(key, 0, "-1");
    case "stream":
      return redis.xrange(key, "-", "+");
    case "none":
      return null; // The key has expired meanwhile.
    default:
      throw new Error(`the search cannot read ${key}, which is a ${type}`);
  }
}

async function* filesIn(dir: string): AsyncGenerator<string> {
  for (const entry of await readdir(dir, { withFileTypes: true }).catch(() => [])) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}

const missing = (): string => "";

/** Return where these processes show the secret now: `<name> environ`, `<name> cmdline`. */
export function findInProcess(among: readonly number[], secret: string): string[] {
  return among.flatMap((pid) =>
    ["environ", "cmdline"].flatMap((file) =>
      holds(read(`/proc/${pid}/${file}`), secret) ? [`${read(`/proc/${pid}/comm`).trim()} ${file}`] : [],
    ),
  );
}

/** Observations of processes while they ran. */
export interface Watch {
  /** Pids of the processes with a run's marker that were checked: agents, and git. */
  readonly agents: ReadonlySet<number>;
  /** Places of the secret: `environ` (of processes with a run's marker) or `cmdline` (of any process), with the name of the process. */
  readonly found: ReadonlySet<string>;
  stop(): void;
}

const EVERY_MS = 15;

/**
 * Watch for the secret in all processes that start from now on and have a run's marker, which include the runner's own git:
 * none of them may ever have it. Older processes belong to no test, and reading them would cost more than all others.
 */
export function watchProcesses(secret: string): Watch {
  const agents = new Set<number>();
  const found = new Set<string>();
  const before = new Set(pids());
  const forms = formsOf(secret);
  const isIn = (text: string) => forms.some((form) => text.includes(form));
  /** Command line of each process at the last check: a process that runs another program has another environment. */
  const seen = new Map<number, string>();
  const check = () => {
    for (const pid of pids()) {
      if (before.has(pid)) continue;
      const cmdline = read(`/proc/${pid}/cmdline`);
      if (cmdline === "" || seen.get(pid) === cmdline) continue;
      const environ = read(`/proc/${pid}/environ`);
      // The process may run another program by now: its environment is then the new one, or not readable yet.
      if (environ !== "" && read(`/proc/${pid}/cmdline`) === cmdline) seen.set(pid, cmdline);
      if (isIn(cmdline)) found.add(`cmdline ${cmdline.split("\0", 1)[0] ?? ""}`);
      if (!`\0${environ}`.includes("\0TAC8_RUN=")) continue;
      agents.add(pid);
      if (isIn(environ)) found.add(`environ ${cmdline.split("\0", 1)[0] ?? ""}`);
    }
  };
  const timer = setInterval(check, EVERY_MS);
  return { agents, found, stop: () => clearInterval(timer) };
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // The process has exited, or belongs to another user.
  }
}
