// The forwarder: the first program in a sandbox. It listens on loopback, passes each connection to the Unix socket of
// the runner's proxy, and starts the agent's program. It imports almost nothing, because each agent has one.
import { spawn, type ChildProcess } from "node:child_process";
import { connect, createServer, Socket } from "node:net";
import { constants } from "node:os";
import { parseOptions, type ForwarderOptions } from "./options.ts";

const MAX_CONNECTIONS = 200;
const MAX_WORD = 1000;
/** Exit code, as in shells. */
const CANNOT_START = 127;
const WRONG_USAGE = 2;

// An agent that runs `pkill node` means its own processes.
process.title = "tac8 forwarder";

let program: ChildProcess | null = null;
/** Whether `term` arrived before the program was started. */
let termed = false;

// The runner handles Ctrl-C and a closed terminal: it decides what happens to its agents.
process.on("SIGINT", () => undefined);
process.on("SIGHUP", () => undefined);
process.on("SIGTERM", terminate);
// An error of a connection must not end the agent's program.
process.on("uncaughtException", (error) => complain(String(error)));

try {
  main(parseOptions(process.argv.slice(2)));
} catch (error) {
  complain(error instanceof Error ? error.message : String(error));
  process.exit(WRONG_USAGE);
}

function main(options: ForwarderOptions): void {
  if (options.wordsFd !== null) readWords(options.wordsFd);
  if (options.socket === null) start(options);
  else listen(options.socket, options);
}

function listen(path: string, options: ForwarderOptions): void {
  // allowHalfOpen: a client that has closed its sending side may still be answered.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const proxy = connect({ path, allowHalfOpen: true });
    const close = (): void => {
      client.destroy();
      proxy.destroy();
    };
    client.on("error", close).on("close", close).pipe(proxy);
    proxy.on("error", close).on("close", close).pipe(client);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.once("error", (error) => {
    complain(`cannot listen on 127.0.0.1:${options.port}: ${error.message}`);
    process.exit(CANNOT_START);
  });
  server.listen({ port: options.port, host: "127.0.0.1" }, () => start(options));
}

function start({ program: [name = "", ...args] }: ForwarderOptions): void {
  // Own process group, because `kill 0` in an agent's script must not end the forwarder. Node passes no other
  // descriptors on.
  program = spawn(name, args, { stdio: [0, 1, 2], detached: true });
  program.once("error", (error) => {
    if (program?.pid !== undefined) return;
    complain(`cannot start ${name}: ${error.message}`);
    process.exit(CANNOT_START);
  });
  program.once("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 0);
    // The process that waits for the forwarder must see the same end. The forwarder's own handlers would keep it alive.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(128 + constants.signals[signal]), 1000);
  });
  if (termed) terminate();
}

function terminate(): void {
  termed = true;
  program?.kill("SIGTERM");
}

/** Read words. The end of the pipe does nothing, because the death of its other side ends the sandbox. */
function readWords(fd: number): void {
  const words = new Socket({ fd, readable: true, writable: false });
  let received = "";
  words.setEncoding("latin1");
  words.on("error", () => undefined);
  words.on("data", (text: string) => {
    received = (received + text).slice(-MAX_WORD);
    const lines = received.split("\n");
    received = lines.pop() ?? "";
    if (lines.includes("term")) terminate();
  });
  words.unref();
}

function complain(line: string): void {
  process.stderr.write(`tac8 forwarder: ${line}\n`);
}
