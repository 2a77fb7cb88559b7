import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

export interface RedisServer {
  /** `redis://127.0.0.1:<port>`. */
  readonly url: string;
  readonly pid: number;
  /** Resolves when the process is gone, however it went. */
  readonly exited: Promise<void>;
  /** SIGTERM lets Redis write what it holds; SIGKILL is for tests of a crash. Resolves when the process is gone. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface RedisServerOptions {
  /** Folder of the append-only file; must exist. */
  readonly dir: string;
  /** Default: any free port. A test that restarts Redis passes the old one. */
  readonly port?: number;
  readonly program?: string;
}

const READY = "Ready to accept connections";
const TRIES = 5;

/**
 * Starts `redis-server` on loopback with an append-only file and `noeviction`, and waits until it accepts connections.
 * @throws Error with the server's last lines when it does not start (no program, port taken, folder not writable).
 */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options, options.port ?? (await freePort()));
    } catch (error) {
      // Somebody else may take the free port between the look and the bind.
      const again = options.port === undefined && attempt < TRIES && String(error).includes("in use");
      if (!again) throw error;
    }
  }
}

async function startOnce({ dir, program = "redis-server" }: RedisServerOptions, port: number): Promise<RedisServer> {
  const settings = { bind: "127.0.0.1", port, dir, appendonly: "yes", "maxmemory-policy": "noeviction", save: "" };
  const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]);
  // Its own process group: Ctrl-C in a terminal must not end Redis before those who still write to it.
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], detached: true });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const said: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`cannot start ${program}: ${error.message}`, { cause: error })));
    child.once("exit", () => reject(new Error(`${program} did not start: ${said.slice(-3).join(" · ")}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      said.push(line);
      if (said.length > 20) said.shift();
      if (line.includes(READY)) resolve();
    });
  });
  await ready;
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    exited,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      await exited;
    },
  };
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
