import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Return why no server can listen on an address (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `ENOTFOUND` …); null: one can. */
export function portProblem(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** Like `portProblem`, but wait some time for another program to release the port. */
export async function portProblemAfter(
  waitMs: number,
  address: { host: string; port: number },
): Promise<string | null> {
  const end = performance.now() + waitMs;
  for (;;) {
    const problem = await portProblem(address.host, address.port);
    if (problem !== "EADDRINUSE" || performance.now() >= end) return problem;
    await sleep(200);
  }
}

/** Return the line about a problem with the board's address. */
export function describePort(problem: string, { host, port }: { host: string; port: number }): string {
  const advice = "set another port with board.port in the configuration or with TAC8_BOARD_PORT";
  switch (problem) {
    case "EADDRINUSE":
      return `the board's port ${port} on ${host} is in use by another program: stop that program, or ${advice}`;
    case "EACCES":
      return `the board is not permitted to listen on port ${port}, which needs more privileges: ${advice}`;
    default:
      return `the board cannot listen on ${host}:${port} (${problem}): check board.host in the configuration`;
  }
}
