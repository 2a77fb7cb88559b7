import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";

/** A server between git and the local GitHub, in which a test can act just before a request continues. */
export interface Gate {
  readonly url: string;
  /** `path?query` of every request. */
  readonly seen: readonly string[];
  /** Called before each request is passed on. */
  before: (path: string) => Promise<void>;
  close(): Promise<void>;
}

export async function openGate(target: string): Promise<Gate> {
  const seen: string[] = [];
  const server = createServer((incoming, answer) => {
    const path = incoming.url ?? "/";
    seen.push(path);
    const pass = async () => {
      await gate.before(path);
      const { method, headers } = incoming;
      const onward = request(new URL(path, target), { method: method ?? "GET", headers });
      incoming.pipe(onward);
      const [given] = (await once(onward, "response")) as [IncomingMessage];
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    };
    pass().catch(() => answer.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the gate listens nowhere");
  const gate: Gate = {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    before: async () => {},
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    },
  };
  return gate;
}
