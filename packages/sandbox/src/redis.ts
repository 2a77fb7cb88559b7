import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import type { Certificate } from "./certificates.ts";

export interface RedisServer {
  /** `redis://127.0.0.1:<port>`, `rediss://…`, or `unix://<path>`. */
  readonly url: string;
  readonly pid: number;
  /** Resolves when the process ended, however it went. */
  readonly exited: Promise<void>;
  /** SIGTERM lets Redis write what it holds; SIGKILL is for tests of a crash. Resolves when the process ended. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface RedisServerOptions {
  /** Folder of the append-only file; must exist. */
  readonly dir: string;
  /** Default: any free port. A test that restarts Redis passes the old one. */
  readonly port?: number;
  /** Path of a Unix socket instead, which only this user can open, and which replaces a file of that name. No port is opened. */
  readonly socket?: string;
  readonly program?: string;
  /** Speaks TLS with this certificate, and nothing else; its URL is `rediss://`. */
  readonly tls?: Certificate;
  /** Address that it listens on. Default: 127.0.0.1. */
  readonly host?: string;
  /** Further lines of redis.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A Redis Sentinel instead, with this configuration file, in which it also keeps what it finds out. The port is the file's. */
  readonly sentinel?: { readonly file: string; readonly port: number };
  /** Further variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a program needs of the environment. Secrets are not among it. */
const NAMES = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH"];
/** As some versions say it of a port, others of a socket, and a Sentinel of itself. */
const READY = /ready to accept connections|sentinel id is/i;
const TRIES = 5;

/**
 * Starts `redis-server` on loopback or on a Unix socket, with an append-only file and `noeviction`, and waits until it accepts
 * connections.
 * @throws Error with the server's last lines when it does not start (no program, port taken, folder not writable).
 */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const { socket, sentinel } = options;
  if (sentinel !== undefined) return startOnce(options, { place: {}, url: `redis://127.0.0.1:${sentinel.port}` });
  if (socket !== undefined) {
    const place = { port: "0", unixsocket: socket, unixsocketperm: "600" };
    return startOnce(options, { place, url: pathToFileURL(socket).href.replace(/^file:/, "unix:") });
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const port = options.port ?? (await freePort());
      return await startOnce(options, placeOf(options, port));
    } catch (error) {
      // Another process may take the free port between the check and the bind.
      const again = options.port === undefined && attempt < TRIES && String(error).includes("in use");
      if (!again) throw error;
    }
  }
}

function placeOf({ tls, host = "127.0.0.1" }: RedisServerOptions, port: number) {
  if (tls === undefined) return { place: { bind: host, port: String(port) }, url: `redis://${host}:${port}` };
  const place = {
    bind: host,
    port: "0",
    "tls-port": String(port),
    "tls-cert-file": tls.cert,
    "tls-key-file": tls.key,
    "tls-ca-cert-file": tls.ca,
    "tls-auth-clients": "no",
  };
  return { place, url: `rediss://${host}:${port}` };
}

async function startOnce(
  { dir, program = "redis-server", settings: more = {}, sentinel, env = {} }: RedisServerOptions,
  { place, url }: { readonly place: Readonly<Record<string, string>>; readonly url: string },
): Promise<RedisServer> {
  const settings: Record<string, string> = {
    ...place,
    dir,
    appendonly: "yes",
    "maxmemory-policy": "noeviction",
    save: "",
    ...more,
  };
  const plain = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
  const args = sentinel === undefined ? plain : [sentinel.file, "--sentinel"];
  // Its own process group: Ctrl-C in a terminal must not end Redis before those who still write to it.
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
    env: { ...few(process.env), ...env },
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const output: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`cannot start ${program}: ${error.message}`, { cause: error })));
    child.once("exit", () => reject(new Error(`${program} did not start: ${output.slice(-3).join(" · ")}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      output.push(line);
      if (output.length > 20) output.shift();
      if (READY.test(line)) resolve();
    });
  });
  await ready;
  return {
    url,
    pid: child.pid ?? 0,
    exited,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      await exited;
    },
  };
}

function few(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(NAMES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
