import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

/** A server and a program that a thief of tokens would plant. */
export interface Catcher {
  readonly url: string;
  /** Records its arguments, its environment and its input, and then fails. */
  readonly program: string;
  /** Return everything that the server and the program have received. */
  caught(): string;
  close(): Promise<void>;
}

export async function openCatcher(dir: string): Promise<Catcher> {
  const file = join(dir, "caught.txt");
  const program = join(dir, "catch.sh");
  await writeFile(file, "");
  await writeFile(program, `#!/bin/sh\n{ echo "$0 $*"; env; timeout 1 cat; } >> '${file}' 2>/dev/null\nexit 1\n`);
  await chmod(program, 0o755);
  let requests = "";
  const server = createServer((request, answer) => {
    requests += `${request.method ?? ""} ${request.url ?? ""} ${JSON.stringify(request.headers)}\n`;
    answer.writeHead(404).end();
  });
  server.on("connect", (request, socket) => {
    requests += `CONNECT ${request.url ?? ""} ${JSON.stringify(request.headers)}\n`;
    socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the catcher listens nowhere");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    program,
    caught: () => requests + readFileSync(file, "utf8"),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
