import { writeSync } from "node:fs";

/** Variable with the descriptor of a connected datagram socket to systemd, which `deploy/systemd/start` opens. */
const DESCRIPTOR = "TAC8_NOTIFY_FD";
/** Variable with the time, in microseconds, after which systemd kills a process that it has not heard from. */
const WATCHDOG = "WATCHDOG_USEC";
/** No more often than this, without a watchdog and with a slow one. */
const MAX_ALIVE_MS = 10_000;
/**
 * Status of a service while it starts, and when it has started. `deploy/install.sh`, also that of another version, looks for `GitHub`
 * in the first, so that an upgrade during an outage of GitHub is not rolled back, and compares the second.
 */
export const STATUS = { starting: "starting: waiting for GitHub if it is unreachable", working: "working" } as const;
/** systemd cuts a longer status off. */
const MAX_STATUS = 200;

/** What systemd is told of this process: sd_notify(3). Without systemd nobody is. No method throws or waits. */
export interface ServiceManager {
  /** The configuration is right, and the process works, or waits for something that may come. */
  ready(): void;
  /** One line of `systemctl status`. */
  status(text: string): void;
  /** The event loop turns. To be called every `aliveMs`. */
  alive(): void;
  readonly aliveMs: number;
  /** It ends, and takes this long at most. */
  stopping(ms: number): void;
}

/** Takes systemd's variables out of the environment: no child is to find them. */
export function openServiceManager(environ: NodeJS.ProcessEnv): ServiceManager {
  const text = environ[DESCRIPTOR] ?? "";
  const watchdogMs = Number(environ[WATCHDOG]) / 1000;
  delete environ[DESCRIPTOR];
  delete environ[WATCHDOG];
  delete environ["WATCHDOG_PID"];
  const fd = /^\d{1,4}$/.test(text) ? Number(text) : null;
  const send = (...lines: readonly string[]): void => {
    if (fd === null) return;
    try {
      writeSync(fd, lines.join("\n"));
    } catch {
      // It is busy, or restarts itself: the next message says the same. A missed watchdog is one of several.
    }
  };
  return {
    ready: () => send("READY=1"),
    status: (line) => send(`STATUS=${line.replaceAll(/\s+/g, " ").slice(0, MAX_STATUS)}`),
    alive: () => send("WATCHDOG=1"),
    aliveMs: watchdogMs > 0 ? Math.min(MAX_ALIVE_MS, watchdogMs / 4) : MAX_ALIVE_MS,
    stopping: (ms) => send("STOPPING=1", `EXTEND_TIMEOUT_USEC=${Math.round(ms * 1000)}`),
  };
}
