import { once } from "node:events";
import { createServer, request as ask } from "node:http";
import { pipeline } from "node:stream/promises";
import { isPollRequest, isFirstPage } from "./requests.ts";

export interface Requests {
  readonly reads: number;
  readonly writes: number;
  /** Requests of git, without those that git before 2.46 sends without the token and that get status 401. */
  readonly git: number;
  /** Requests for the first page of the labelled issues. */
  readonly polls: number;
  /** Requests to the API that count against GitHub's rate limit: all except those with status 304. */
  readonly counted: number;
  /** Number of these that polls send too. */
  readonly countedOfPolls: number;
}

/** Proxy of the local GitHub that counts the requests. Each app gets its own proxy. */
export interface CountingProxy extends AsyncDisposable {
  readonly url: string;
  readonly counts: Requests;
}

export async function openCountingProxy(githubUrl: string): Promise<CountingProxy> {
  const counts = { reads: 0, writes: 0, git: 0, polls: 0, counted: 0, countedOfPolls: 0 };
  const server = createServer((incoming, response) => {
    const { method = "GET", url = "/", headers } = incoming;
    const { pathname: path, search: query } = new URL(url, githubUrl);
    const isGit = /\/(info\/refs|git-upload-pack|git-receive-pack)$/.test(path);
    const isRead = method === "GET" || path === "/graphql";
    if (!isGit) counts[isRead ? "reads" : "writes"] += 1;
    if (isFirstPage({ method, path, query })) counts.polls += 1;
    // Keep the Host header of the proxy, so that links in answers lead to the proxy.
    const outgoing = ask(new URL(url, githubUrl), { method, headers }, (answer) => {
      if (isGit && answer.statusCode !== 401) counts.git += 1;
      const isCounted = !isGit && answer.statusCode !== 304;
      if (isCounted) counts.counted += 1;
      if (isCounted && isPollRequest({ method, path })) counts.countedOfPolls += 1;
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
