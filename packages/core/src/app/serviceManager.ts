import { writeSync } from "node:fs";

/** Variable with the file descriptor of a datagram socket to systemd, which `deploy/systemd/start` opens. */
const DESCRIPTOR = "TAC8_NOTIFY_FD";
/** Variable with the time, in microseconds, after which systemd kills a process that sent no notification. */
const WATCHDOG = "WATCHDOG_USEC";
/** Longest interval between two notifications. It applies if there is no watchdog, or one with a long timeout. */
const MAX_ALIVE_MS = 10_000;
/**
 * Status of a service while it starts, and when it has started. `deploy/install.sh`, also that of another version, looks for `GitHub`
 * in the first, so that an upgrade during an outage of GitHub is not rolled back, and compares the second.
 */
export const STATUS = { starting: "starting: waiting for GitHub if it is unreachable", working: "working" } as const;
/** systemd truncates a longer status. */
const MAX_STATUS = 200;

/** Notifications of this process to systemd: sd_notify(3). Without systemd, they do nothing. No method throws or waits. */
export interface ServiceManager {
  /** The configuration is valid, and the process is working, or waiting for something that may become available. */
  ready(): void;
  /** Set the status line of `systemctl status`. */
  status(text: string): void;
  /** The event loop is running. The caller calls it every `aliveMs`. */
  alive(): void;
  readonly aliveMs: number;
  /** The process is shutting down, which takes at most this long. */
  stopping(ms: number): void;
}

/** Open the connection to systemd. It removes systemd's variables from the environment, so that no child inherits them. */
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
      // systemd is busy or restarting. The next message repeats this one, and the watchdog tolerates a missed notification.
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
