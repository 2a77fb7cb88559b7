import { once } from "node:events";
import { createServer, request as ask } from "node:http";
import { pipeline } from "node:stream/promises";
import { startsPoll } from "./requests.ts";

export interface Requests {
  readonly reads: number;
  readonly writes: number;
  readonly git: number;
  /** Requests for the first page of the labelled issues. */
  readonly polls: number;
}

/** A second address of a GitHub, which counts the requests that it passes on. Each app gets one of its own. */
export interface Front extends AsyncDisposable {
  readonly url: string;
  readonly counts: Requests;
}

export async function openFront(githubUrl: string): Promise<Front> {
  const counts = { reads: 0, writes: 0, git: 0, polls: 0 };
  const server = createServer((incoming, response) => {
    const { method = "GET", url = "/", headers } = incoming;
    const { pathname: path, search: query } = new URL(url, githubUrl);
    if (/\/(info\/refs|git-upload-pack|git-receive-pack)$/.test(path)) counts.git += 1;
    else if (method === "GET" || path === "/graphql") counts.reads += 1;
    else counts.writes += 1;
    if (startsPoll({ method, path, query })) counts.polls += 1;
    // The Host stays the front's own, so that links in answers lead back to it.
    const outgoing = ask(new URL(url, githubUrl), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, response).catch(() => response.destroy());
    });
    outgoing.on("error", () => response.destroy());
    pipeline(incoming, outgoing).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the front listens nowhere");
  return {
    url: `http://127.0.0.1:${address.port}`,
    counts,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
